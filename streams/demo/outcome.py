"""The figures a demonstration ends with, and how they compare with the truth."""

import csv
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from streams.publisher.publish import Summary
from streams.readers.decide import Precision, precision
from topics.alerts import Alert, Disposition, Result

CLEAR = "clear"
EXPLAINED_LABELS = frozenset({"back_payment", "inactive_enterprise"})
REASONS: Mapping[str, tuple[str, str]] = {
    "employed": ("confirmed", "employed"),
    "identity_misuse": ("dismissed", "identity_misuse"),
}
"""What an officer who looked would find, by label of truth.csv: decision and reason."""


def read_truth(path: Path) -> dict[str, str]:
    """claim_no -> label."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row["claim_no"]: row["label"] for row in csv.DictReader(file)}


@dataclass(frozen=True, slots=True)
class LabelCount:
    """One label of truth.csv: claims that have it, and how many ended open, explained or without an alert."""

    label: str
    claims: int
    open: int
    explained: int
    none: int


@dataclass(frozen=True, slots=True)
class Truth:
    """The comparison, claim by claim."""

    overlaps: int
    found: int
    missed: int
    invented: int
    wrong_state: int
    labels: tuple[LabelCount, ...]

    @property
    def exact(self) -> bool:
        """Every overlap found, none invented, each in the right state."""
        return not (self.missed or self.invented or self.wrong_state)


def compare(labels: Mapping[str, str], states: Mapping[str, str]) -> Truth:
    """`states`: claim_no -> state of its current alert, withdrawn ones left out."""
    expected = {
        claim: "explained" if label in EXPLAINED_LABELS else "open"
        for claim, label in labels.items()
        if label != CLEAR
    }
    both = expected.keys() & states.keys()
    return Truth(
        overlaps=len(expected),
        found=len(both),
        missed=len(expected.keys() - states.keys()),
        invented=len(states.keys() - expected.keys()),
        wrong_state=sum(expected[claim] != states[claim] for claim in both),
        labels=_count(labels, states),
    )


def _count(labels: Mapping[str, str], states: Mapping[str, str]) -> tuple[LabelCount, ...]:
    ends: dict[str, Counter[str]] = {}
    for claim, label in labels.items():
        ends.setdefault(label, Counter())[states.get(claim, "none")] += 1
    return tuple(
        LabelCount(label, n.total(), n["open"], n["explained"], n["none"])
        for label, n in sorted(ends.items(), key=lambda item: -item[1].total())
    )


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the base files took, from the first row read to the last receipt."""

    rows: int
    seconds: float

    @property
    def rows_per_second(self) -> int:
        """Rows read from files, end to end."""
        return round(self.rows / self.seconds) if self.seconds else 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything the final screen says."""

    scenario: str
    scale: float
    truth: Truth
    verdicts: Counter[str]
    alerts: Counter[str]
    precision: Precision
    published: tuple[Summary, ...]
    pace: Pace
    snapshot: Path
    data: Path
    example: str
    """The beginning of an open alert's id."""

    @property
    def checks(self) -> int:
        """Claims that were checked and still stand."""
        return self.verdicts.total() - self.verdicts["withdrawn"]

    @property
    def reconciled(self) -> bool:
        """Every run of every resource."""
        return all(s.reconciliation is not None and s.reconciliation.reconciled for s in self.published)

    @property
    def good(self) -> bool:
        """What the exit code says."""
        return self.truth.exact and self.reconciled

    def as_json(self) -> dict[str, Any]:
        """One object."""
        p = self.precision
        return {
            "scenario": self.scenario,
            "scale": self.scale,
            "synthetic": True,
            "checks": self.checks,
            "overlaps": self.alerts["open"] + self.alerts["explained"],
            "explained": self.alerts["explained"],
            "open": self.alerts["open"],
            "withdrawn": self.alerts["withdrawn"],
            "confirmed": p.confirmed,
            "dismissed": p.dismissed,
            "precision": p.share,
            "precision_interval": [p.low, p.high],
            **{
                name: value
                for name, value in asdict(self.truth).items()
                if name not in ("overlaps", "labels")
            },
            "truth": [asdict(label) for label in self.truth.labels],
            "rows": self.pace.rows,
            "seconds": round(self.pace.seconds, 2),
            "rows_per_s": self.pace.rows_per_second,
            "reconciled": self.reconciled,
            "snapshot": str(self.snapshot),
            "data": str(self.data),
        }


def outcome(
    *,
    scenario: str,
    scale: float,
    truth: Truth,
    results: Iterable[Result],
    alerts: Iterable[Alert],
    decisions: Iterable[Disposition],
    published: tuple[Summary, ...],
    pace: Pace,
    snapshot: Path,
    data: Path,
) -> Outcome:
    """Count what the readers see."""
    found = list(alerts)
    return Outcome(
        scenario,
        scale,
        truth,
        Counter(result.verdict for result in results),
        Counter(alert.state for alert in found),
        precision(d.decision for d in decisions),
        published,
        pace,
        snapshot,
        data,
        next((alert.alert_id[:12] for alert in found if alert.state == "open"), "ALERT"),
    )
