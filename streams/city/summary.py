"""What a generated city contains, counted: printed after generating, and compared by tests.

Must not know: how the counts came about.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CitySummary:
    """Counts; mappings are by resource, `labels` by truth label.

    `rows` and `corrections` are lines without the header, duplicates and bad rows included;
    `bad_rows` are lines (base and corrections) that must be refused; `duplicates` are repeated lines.
    `withdrawn_by_corrections` are claims that overlap in the base files and are clear at the end.
    """

    scenario: str
    scale: float
    seed: int
    rows: Mapping[str, int]
    corrections: Mapping[str, int]
    bad_rows: Mapping[str, int]
    duplicates: Mapping[str, int]
    checks: int
    overlaps: int
    labels: Mapping[str, int]
    withdrawn_by_corrections: int
