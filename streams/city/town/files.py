"""The town's folder: base files, corrections where there are any, and the truth of every rule.

Rules: UTF-8, comma, a header line, "\n" only; corrections of one key stay in the order they were told.
Must not know: how rows came about.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from streams.city.town.columns import header
from streams.city.town.ledger import Line, Op
from streams.city.town.truth import Finding


def write_base(folder: Path, resource: str, rows: Iterable[Line]) -> int:
    """A department's file."""
    return _write(folder / f"{resource}.csv", header(resource), rows)


def write_corrections(folder: Path, resource: str, late: Sequence[tuple[Op, Line]]) -> int:
    """A department's corrections, if it has any."""
    if not late:
        return 0
    ordered = sorted(late, key=lambda told: told[1][0])
    rows = ((op, *line) for op, line in ordered)
    return _write(folder / "corrections" / f"{resource}.csv", ("op", *header(resource)), rows)


def write_truth(folder: Path, rule: str, findings: Mapping[str, Finding]) -> int:
    """What is true of each check of one rule, by record key."""
    columns = ("key", "label", "decidable", "case", "decision", "reason")
    rows = (
        (key, f.label, "yes" if f.decidable else "no", f.case, f.decision, f.reason)
        for key, f in sorted(findings.items())
    )
    return _write(folder / "truth" / f"{rule}.csv", columns, rows)


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """Number of lines without the header."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [",".join(map(_cell, row)) for row in rows]
    path.write_text("\n".join((",".join(columns), *lines)) + "\n", encoding="utf-8", newline="\n")
    return len(lines)


def _cell(value: str) -> str:
    """Only a spoiled value ever holds a comma."""
    return f'"{value}"' if "," in value else value
