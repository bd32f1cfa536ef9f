"""A comparison rule (比对规则) as declared: what is asked, of whom, when, what speaks for the person, who is told.

Rules: frozen and complete, so that a rule travels in the log as it stands and means the same on every replay;
every attribute named here crosses from its department. Must not know: how a rule is evaluated, grants' terms.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

Decision = Literal["confirmed", "dismissed"]
RuleKind = Literal["conflict", "missing", "mismatch", "duplicate", "threshold"]
RuleStatus = Literal["draft", "trial", "active", "suspended"]
Unit = Literal["days", "working_days"]
Edge = Literal["start", "end"]
Form = Literal["month", "code", "band"]
Allen = Literal[
    "before",
    "meets",
    "overlaps",
    "starts",
    "during",
    "finishes",
    "equals",
    "finished_by",
    "contains",
    "started_by",
    "overlapped_by",
    "met_by",
    "after",
]
"""Allen (1983): how the evidence's period lies to the anchor's ("during": the evidence within the anchor)."""


@dataclass(frozen=True, slots=True)
class Text:
    """The same words in Chinese and English."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Condition:
    """A fact counts only if its `attribute` has one of `values`; one without the attribute does not count."""

    attribute: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Window:
    """Evidence must begin within `size` days of the anchor's `edge`, on the given side, both ends included."""

    size: int
    unit: Unit
    edge: Edge
    side: Literal["after", "before", "either"]


@dataclass(frozen=True, slots=True)
class Temporal:
    """When evidence counts: one of `relations`, at least `days` in common, and within the window, if any.

    An unknown period stands in no relation; a running one ends after every day that is written.
    """

    relations: frozenset[Allen]
    days: int = 1
    window: Window | None = None


SHARED_DAY: frozenset[Allen] = frozenset(
    {
        "overlaps",
        "starts",
        "during",
        "finishes",
        "equals",
        "finished_by",
        "contains",
        "started_by",
        "overlapped_by",
    }
)
"""Allen's relations of two periods that have a day in common."""

PREDICATES: Mapping[str, frozenset[Allen]] = {
    "overlaps": SHARED_DAY,
    "contains": frozenset({"contains", "started_by", "finished_by", "equals"}),
    "equals": frozenset({"equals"}),
    "precedes": frozenset({"before", "meets"}),
    "succeeds": frozenset({"after", "met_by"}),
    "any": frozenset(SHARED_DAY | {"before", "meets", "after", "met_by"}),
}
"""SQL:2011's period predicates, read "the evidence ... the anchor"; `any` asks only that both are known."""


@dataclass(frozen=True, slots=True)
class Compare:
    """An attribute of the anchor held against one of the evidence; a value that is missing never counts.

    `agree`: values of the evidence that mean the same as a value of the anchor; a value not listed agrees
    with itself. `hit`: whether the evidence counts when they differ or when they are the same.
    """

    anchor: str
    evidence: str
    hit: Literal["different", "same"]
    agree: Mapping[str, frozenset[str]] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Exculpation:
    """Evidence whose `attribute` has one of `values` does not count against the person (排除情形)."""

    code: str
    attribute: str
    values: frozenset[str]
    text: Text


@dataclass(frozen=True, slots=True)
class EvidenceSource:
    """Where a rule looks for evidence, what speaks for the person, and the one attribute it discloses.

    `form`: whether that is a code or a band; `amount`: the banded attribute that a threshold adds up.
    """

    resource: str
    subject_field: str
    exculpations: tuple[Exculpation, ...]
    discloses: str | None
    text: Text
    temporal: Temporal = Temporal(SHARED_DAY)
    where: tuple[Condition, ...] = ()
    compare: Compare | None = None
    amount: str | None = None
    form: Form = "code"


@dataclass(frozen=True, slots=True)
class ExculpatingSource:
    """A fact elsewhere that speaks for the person whatever the evidence: an exemption, an approved absence."""

    code: str
    resource: str
    subject_field: str
    temporal: Temporal
    where: tuple[Condition, ...]
    text: Text


@dataclass(frozen=True, slots=True)
class Deadline:
    """A counterpart is missed when the business date is past `size` days (working days) after an edge."""

    size: int
    unit: Unit
    edge: Edge


@dataclass(frozen=True, slots=True)
class Threshold:
    """A count of evidence facts, or the sum of their amounts, that reaches a line.

    Amounts cross as bands, so a sum is of lower edges: what is certainly reached. The line is a number, or
    the upper edge of the anchor's own band `anchor`, plus `line`.
    """

    measure: Literal["count", "sum"]
    line: int
    anchor: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `reasons`: code to decision and words; `disclosure`: receiving department to forms.

    `require`: how many of the evidence sources must have something to say (missing: must be there).
    `allowed`: how many records at once are no duplicate.
    """

    id: str
    version: int
    kind: RuleKind
    department: str
    title: Text
    purpose: Text
    legal_basis: str
    grants: tuple[str, ...]
    anchor: str
    anchor_subject: str
    evidence: tuple[EvidenceSource, ...]
    severity: Literal["low", "medium", "high"]
    volume_cap: int
    status: RuleStatus
    expires: date | None
    reasons: Mapping[str, tuple[Decision, Text]] = field(hash=False)
    disclosure: Mapping[str, frozenset[Form]] = field(hash=False)
    anchor_where: tuple[Condition, ...] = ()
    require: int = 1
    exculpations: tuple[ExculpatingSource, ...] = ()
    deadline: Deadline | None = None
    threshold: Threshold | None = None
    allowed: int = 1
    precision_floor: float | None = None

    @property
    def resources(self) -> tuple[str, ...]:
        """Anchor first, then each resource that is looked at once."""
        looked_at = (*(e.resource for e in self.evidence), *(e.resource for e in self.exculpations))
        return tuple(dict.fromkeys((self.anchor, *looked_at)))

    def drifted_from(self, other: "Rule") -> bool:
        """Whether this is the version of another declaration with other words."""
        return self.version == other.version and replace(self, status=other.status) != other

    @property
    def waits(self) -> bool:
        """Whether its outcomes may change by themselves, with a day or with the delivery of a resource."""
        return self.deadline is not None or bool(self.exculpations)

    @property
    def counts_working_days(self) -> bool:
        """Whether the working calendar matters to it."""
        temporal = [*(e.temporal for e in self.evidence), *(e.temporal for e in self.exculpations)]
        units = [t.window.unit for t in temporal if t.window] + [self.deadline.unit if self.deadline else ""]
        return "working_days" in units
