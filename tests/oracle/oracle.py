"""The oracle: runs checks.sql over a folder of raw files and hands back what every claim should come to.

Rules: only DuckDB and the standard library; never one of our own modules.
Must not know: how the files came about, or what Crosscheck answers.
"""

from pathlib import Path
from typing import Any

import duckdb

State = str
Record = tuple[str, str]
Verdicts = dict[str, tuple[State, frozenset[Record]]]

_SQL = [Path(__file__).with_name(name) for name in ("identifiers.sql", "checks.sql")]
_NO_EVIDENCE: frozenset[Record] = frozenset()


def final_checks(folder: Path, *, corrections: bool) -> Verdicts:
    """By claim_no: clear, open or explained, and the (resource, record key) pairs that overlap it."""
    rows = _ask(folder, corrections, "SELECT claim_no, state, evidence FROM verdicts")
    return {claim_no: (state, _records(evidence)) for claim_no, state, evidence in rows}


def refused_lines(folder: Path, *, corrections: bool = True) -> dict[str, int]:
    """By resource: lines with an identifier that cannot be right."""
    return dict(_ask(folder, corrections, "FROM refusals"))


def _records(evidence: list[dict[str, str]] | None) -> frozenset[Record]:
    if not evidence:
        return _NO_EVIDENCE
    return frozenset((record["resource"], record["key"]) for record in evidence)


def _ask(folder: Path, corrections: bool, question: str) -> list[Any]:
    with duckdb.connect() as db:
        db.execute("SET VARIABLE folder = $1", [str(folder)])
        db.execute("SET VARIABLE with_corrections = $1", [corrections])
        for script in _SQL:
            db.execute(script.read_text(encoding="utf-8"))
        return db.execute(question).fetchall()
