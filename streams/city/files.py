"""The city's folder: four base files, their corrections, and the truth.

Rules: UTF-8, comma, a header line, "\n" only; corrections of one key stay in the order they were told.
Must not know: how rows came about.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from streams.city.ledger import Op
from streams.city.records import RESOURCES, Row, columns, fields, key
from streams.city.scenarios import Label


def write_base(folder: Path, kind: type[Row], rows: Sequence[Row]) -> int:
    lines = (",".join(fields(row)) for row in rows)
    return _write(folder / f"{RESOURCES[kind]}.csv", columns(kind), lines)


def write_corrections(folder: Path, kind: type[Row], late: Iterable[tuple[Op, Row]]) -> int:
    """A deletion carries the key and nothing else."""
    blanks = "," * (len(columns(kind)) - 1)
    lines = (
        f"upsert,{','.join(fields(row))}" if op == "upsert" else f"delete,{key(row)}{blanks}"
        for op, row in sorted(late, key=lambda told: key(told[1]))
    )
    return _write(folder / "corrections" / f"{RESOURCES[kind]}.csv", ("op", *columns(kind)), lines)


def write_truth(folder: Path, truth: Mapping[str, Label]) -> int:
    lines = (f"{claim_no},{label}" for claim_no, label in sorted(truth.items()))
    return _write(folder / "truth.csv", ("claim_no", "label"), lines)


def _write(path: Path, header: Sequence[str], lines: Iterable[str]) -> int:
    """Number of lines without the header. No value holds a comma or quote, so none is escaped."""
    path.parent.mkdir(parents=True, exist_ok=True)
    body = [",".join(header), *lines]
    path.write_text("\n".join(body) + "\n", encoding="utf-8", newline="\n")
    return len(body) - 1
