"""What a generated town contains, counted: printed after generating, and compared by tests."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from streams.city.town.truth import Finding


@dataclass(frozen=True, slots=True)
class RuleSummary:
    """Checks of one rule by label; `undecidable` ones are open and cannot be seen, `withdrawn` were open early."""

    checks: int
    open: int
    explained: int
    clear: int
    undecidable: int
    near: int
    withdrawn: int


@dataclass(frozen=True, slots=True)
class TownSummary:
    """Counts; mappings are by resource, `rules` by rule. `business_date` is the day up to which deadlines count.

    `rows` and `corrections` are lines without the header; `bad_rows` must be refused, `duplicates` are repeats.
    """

    scenario: str
    scale: float
    seed: int
    business_date: str
    rows: Mapping[str, int]
    corrections: Mapping[str, int]
    bad_rows: Mapping[str, int]
    duplicates: Mapping[str, int]
    rules: Mapping[str, RuleSummary]

    @property
    def checks(self) -> int:
        """Of all rules."""
        return sum(rule.checks for rule in self.rules.values())

    @property
    def hits(self) -> int:
        """Checks that are open or explained, and can be seen to be."""
        return sum(rule.open - rule.undecidable + rule.explained for rule in self.rules.values())


def summarise(findings: Mapping[str, Finding]) -> RuleSummary:
    """Count one rule's truth."""
    labels = Counter(finding.label for finding in findings.values())
    kinds = Counter(finding.case.split("_")[0] for finding in findings.values())
    return RuleSummary(
        checks=len(findings),
        open=labels["open"],
        explained=labels["explained"],
        clear=labels["clear"],
        undecidable=sum(not finding.decidable for finding in findings.values()),
        near=kinds["near"],
        withdrawn=kinds["withdrawn"],
    )
