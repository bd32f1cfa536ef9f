"""How the alerts of each rule compare with its truth, check by check.

Rules: precision and recall are of the part that can be decided from the files; what is true and cannot be seen
is counted apart; a check that nobody made counts as wrong. Must not know: how alerts came about.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from topics.alerts import Alert, Disposition, Result
from topics.catalog import Rule

CLEAR = "clear"


class TrueCheck(NamedTuple):
    """One line of truth/<rule>.csv, without its key."""

    label: str
    decidable: bool
    decision: str
    reason: str


Truth = Mapping[str, TrueCheck]


def read_truth(folder: Path, rule: str) -> dict[str, TrueCheck]:
    """Record key to what is true."""
    with (folder / "truth" / f"{rule}.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["key"]: TrueCheck(row["label"], row["decidable"] == "yes", row["decision"], row["reason"])
            for row in csv.DictReader(file)
        }


@dataclass(frozen=True, slots=True)
class Seen:
    """What a rule's owner was told, with its own record keys."""

    alerts: tuple[tuple[str, Alert], ...]
    results: tuple[tuple[str, Result], ...]


@dataclass(frozen=True, slots=True)
class RuleScore:
    """One rule, compared. `undecidable`: true and not to be seen; `unchecked`: checks made by one side only."""

    rule: Rule
    checks: int
    open: int
    explained: int
    withdrawn: int
    hits: int
    right: int
    missed: int
    invented: int
    wrong_state: int
    undecidable: int
    unchecked: int
    confirmed: int
    dismissed: int

    @property
    def precision(self) -> float:
        """Of what can be decided: alerts that are right."""
        found = self.right + self.wrong_state + self.invented
        return self.right / found if found else 1.0

    @property
    def recall(self) -> float:
        """Of what can be decided: hits that were found, in the right state."""
        return self.right / self.hits if self.hits else 1.0

    @property
    def exact(self) -> bool:
        """Every check made, every hit found, none invented, each in the right state."""
        return not (self.missed or self.invented or self.wrong_state or self.unchecked)

    def as_json(self) -> dict[str, Any]:
        """One object."""
        counts = {name: getattr(self, name) for name in self.__slots__ if name != "rule"}
        shares = {"precision": self.precision, "recall": self.recall}
        return (
            {"rule": self.rule.id, "kind": self.rule.kind, "department": self.rule.department}
            | counts
            | shares
        )


def score(rule: Rule, truth: Truth, seen: Seen, decided: Iterable[Disposition] = ()) -> RuleScore:
    """Compare one rule."""
    states = Counter(alert.state for _, alert in seen.alerts)
    standing = {key: alert.state for key, alert in seen.alerts if alert.state != "withdrawn"}
    checked = {key for key, result in seen.results if result.verdict != "withdrawn"}
    known = {key: true for key, true in truth.items() if true.decidable}
    expected = {key: true.label for key, true in known.items() if true.label != CLEAR}
    found = {key: state for key, state in standing.items() if key in known or key not in truth}
    right = sum(expected[key] == state for key, state in found.items() if key in expected)
    decisions = Counter(decision.decision for decision in decided)
    return RuleScore(
        rule=rule,
        checks=len(checked),
        open=states["open"],
        explained=states["explained"],
        withdrawn=states["withdrawn"],
        hits=len(expected),
        right=right,
        missed=len(expected.keys() - found.keys()),
        invented=len(found.keys() - expected.keys()),
        wrong_state=len(expected.keys() & found.keys()) - right,
        undecidable=len(truth) - len(known),
        unchecked=len(checked ^ truth.keys()),
        confirmed=decisions["confirmed"],
        dismissed=decisions["dismissed"],
    )
