"""README.md's tables from figures.json: medians, ranges, ratios, and per section when and where it was measured."""

import statistics
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.bench.figures import Row, Sections

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- measured -->", "<!-- end -->"

Cell = Callable[[Row, Row | None], str]
"""A cell of a row, given the row that ratios refer to."""


class Section(NamedTuple):
    """`base`: how the name of the row that ratios refer to begins."""

    title: str
    note: str
    base: str
    cells: dict[str, Cell]


def rate(row: Row) -> float:
    """Rows a second at the median."""
    return float(row["rows"] / statistics.median(row["seconds"]))


def _range(row: Row, _: Row | None) -> str:
    low, high = row["rows"] / max(row["seconds"]), row["rows"] / min(row["seconds"])
    return f"{low:,.0f}-{high:,.0f}" if len(row["seconds"]) > 1 else "one run"


def _ratio(row: Row, base: Row | None) -> str:
    return f"{rate(row) / rate(base):.2f}" if base else ""


def _per_million(key: str) -> Cell:
    def cell(row: Row, _: Row | None) -> str:
        return f"{statistics.median(row[key]) / row['rows'] * 1e6:.1f}" if row.get(key) else ""

    return cell


def _number(key: str, form: str = "{:,.0f}") -> Cell:
    return lambda row, _: form.format(row[key]) if row.get(key) is not None else ""


def _text(key: str) -> Cell:
    return lambda row, _: str(row.get(key) or "")


_SPEED: dict[str, Cell] = {"rows/s (median)": lambda row, _: f"{rate(row):,.0f}", "min-max": _range}
_COST: dict[str, Cell] = {
    "CPU s per million rows": _per_million("cpu"),
    "broker's CPU s per million": _per_million("broker_cpu"),
    "peak MB": _number("peak_mb"),
}
_CHECKED: dict[str, Cell] = {"final alerts": _text("checked")}

SECTIONS: dict[str, Section] = {
    "pieces": Section(
        "Pieces in one process, and the demonstration",
        "Synthetic city of the demonstration.",
        "front node",
        {**_SPEED, "ratio to the front node": _ratio, "CPU s per million rows": _per_million("cpu")},
    ),
    "packs": Section(
        "Twelve packs against one rule",
        "The same messages, one rule and all rules in turn. On Kafka: from `worker ready` to the last receipt, broker "
        "on the same cores. The pilot's files are the packs' cheapest case, the town's their dearest (packs.py).",
        "",
        {**_SPEED, **_COST},
    ),
    "rules": Section(
        "Each rule's own files, alone and with all twelve packs active",
        "In process, the town's files that a rule looks at; beside: other rules that look at the same files.",
        "",
        {
            "rows": _number("rows"),
            "rules beside": _number("beside"),
            "rows/s alone": lambda row, _: f"{row['rows'] / statistics.median(row['alone']):,.0f}",
            "rows/s, all active": lambda row, _: f"{rate(row):,.0f}",
            "kept": lambda row, _: (
                f"{statistics.median(row['alone']) / statistics.median(row['seconds']):.2f}"
            ),
        },
    ),
    "backfill": Section(
        "Backfill",
        "`crosscheck backfill` of the city's files beside one worker, embedded log; from the command to its end.",
        "",
        {**_SPEED, "front nodes' CPU s per million rows": _per_million("cpu"), "peak MB": _number("peak_mb")},
    ),
    "kafka": Section(
        "The worker on Apache Kafka",
        "Topics filled beforehand; from `worker ready` to the last receipt; broker on the same cores.",
        "floor",
        {**_SPEED, "ratio to the floor": _ratio, **_COST, **_CHECKED},
    ),
    "peers": Section(
        "Peers: the same join of the same rows on the same broker",
        "One process each; from ready to the last row processed. CPU through the last commit.",
        "ours",
        {**_SPEED, "ratio to ours": _ratio, **_COST, **_CHECKED},
    ),
    "latency": Section(
        "Latency: from sending a change to its outcome in another process",
        "On a worker that holds 1M rows already (0.2M in a quick run). Timed: every result and every alert revision.",
        "",
        {
            "result p50 ms": _number("result_p50", "{:,.1f}"),
            "result p99 ms": _number("result_p99", "{:,.1f}"),
            "alert p50 ms": _number("alert_p50", "{:,.1f}"),
            "alert p99 ms": _number("alert_p99", "{:,.1f}"),
            "results": _number("results"),
            "alerts": _number("alerts"),
            "sent changes/s": _number("sent_rate"),
        },
    ),
    "restart": Section(
        "Restart",
        "From starting the process; caught up: an empty batch that waits in every bucket has its receipt.",
        "",
        {
            "s to ready": _number("ready", "{:.1f}"),
            "s to everything caught up": _number("caught_up", "{:.1f}"),
            "state on disk, MB": _number("disk_mb"),
            "peak MB": _number("peak_mb"),
        },
    ),
    "sustained": Section(
        "Sustained",
        "A backlog worked off for minutes: rates of half-minute windows.",
        "",
        {
            **_SPEED,
            "slowest window": _number("slowest"),
            "MB after a quarter": _number("quarter_mb"),
            "MB at the end": _number("end_mb"),
            **_COST,
        },
    ),
}


def render(sections: Sections) -> str:
    """All sections that have rows."""
    return "\n\n".join(_section(SECTIONS[name], sections[name]) for name in SECTIONS if sections.get(name))


def _section(section: Section, rows: dict[str, Row]) -> str:
    base = next((row for name, row in rows.items() if section.base and name.startswith(section.base)), None)
    head = ["what", *section.cells]
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    lines += [
        f"| {name} | {' | '.join(cell(row, base) for cell in section.cells.values())} |"
        for name, row in rows.items()
    ]
    return f"### {section.title}\n\n{_measured(rows)} {section.note}\n\n" + "\n".join(lines)


def _measured(rows: dict[str, Row]) -> str:
    dates = sorted({row["when"] for row in rows.values()})
    machines = "; ".join(sorted({row["machine"] for row in rows.values()}))
    runs = sorted({len(row["seconds"]) for row in rows.values() if "seconds" in row})
    told = f" {' or '.join(map(str, runs))} run(s) each." if runs else ""
    return f"{' to '.join(dict.fromkeys((dates[0], dates[-1])))}, {machines}.{told}"


def rewrite(sections: Sections, readme: Path = README) -> str:
    """Put the tables between the markers; the tables."""
    head, _, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    tail = rest.partition(END)[2]
    text = render(sections)
    readme.write_text(f"{head}{BEGIN}\n{text}\n{END}{tail}", encoding="utf-8")
    return text
