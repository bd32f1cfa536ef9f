"""What each kind of rule calls for, and what it has no use for: a key that does nothing misleads its reader.

Rules: conflict, mismatch, duplicate, missing, threshold each name what they need; a condition that can never
hold is a finding. Must not know: sharing, grants, how a rule is evaluated.
"""

from collections.abc import Callable

from topics.catalog.places import Names, Report
from topics.catalog.rule import PREDICATES, SHARED_DAY
from topics.catalog.shapes import DeadlineShape, RuleShape, TemporalShape, WindowShape
from topics.catalog.source import Loc

_ONLY = {"deadline": "missing", "threshold": "threshold", "allowed": "duplicate"}


def check_kind(report: Report, rule: RuleShape, names: Names) -> None:
    """Every finding that follows from the rule's kind."""
    for key, kind in _ONLY.items():
        if getattr(rule, key) is not None and rule.kind != kind:
            what = f"{key!r} means nothing to a rule of kind {rule.kind}"
            report.add((key,), what, f"remove {key}, or write kind: {kind}")
    _check_require(report, rule)
    _check_own_records(report, rule)
    check_temporal(report, ("temporal",), rule.temporal)
    check = _KINDS.get(rule.kind)
    if check:
        check(report, rule)
    _check_amounts(report, rule, names)


def _check_require(report: Report, rule: RuleShape) -> None:
    least = rule.require.at_least
    if least is not None and least > len(rule.evidence):
        what = f"at least {least} sources are required, but only {len(rule.evidence)} are named"
        report.add(("require", "at_least"), what, f"write at most {len(rule.evidence)}")
    if rule.kind in ("duplicate", "threshold") and "require" in rule.model_fields_set:
        key = "allowed" if rule.kind == "duplicate" else "threshold"
        report.add(("require",), f"a {rule.kind} rule counts records, not sources", f"remove it; see {key}")


def _check_own_records(report: Report, rule: RuleShape) -> None:
    """Only a rule that asks how many there are may look at the anchor's own resource."""
    for i, evidence in enumerate(rule.evidence):
        own = (evidence.resource, evidence.subject_field) == (rule.anchor, rule.anchor_subject)
        if own and rule.kind not in ("duplicate", "threshold"):
            what = f"{rule.anchor} is the anchor and cannot be its own evidence"
            report.add(("evidence", i, "resource"), what, "name another resource, or write kind: duplicate")


def check_temporal(report: Report, at: Loc, temporal: TemporalShape | None) -> None:
    """A temporal condition that says one thing, and can hold."""
    if temporal is None:
        return
    if temporal.allen and temporal.relation:
        report.add((*at, "allen"), "both relation and allen", "keep one of the two")
    if not temporal.allen and not temporal.relation and not temporal.within:
        report.add(at, "the temporal condition is empty", "write overlaps, or name a relation")
    relations = frozenset(temporal.allen) or PREDICATES[temporal.relation or "any"]
    if temporal.at_least_days > 1 and not relations <= SHARED_DAY:
        what = "at_least_days counts days in common, but the relation can hold without any"
        report.add((*at, "at_least_days"), what, "write relation: overlaps, or remove at_least_days")
    if temporal.within:
        _check_span(report, (*at, "within"), temporal.within)


def _check_span(report: Report, at: Loc, span: WindowShape | DeadlineShape) -> None:
    if span.days is not None and span.working_days is not None:
        report.add(at, "both days and working_days", "keep one of the two")
    elif span.days is None and span.working_days is None:
        report.add(at, "it does not say how long", "add days: 30, or working_days: 30")


def _missing(report: Report, rule: RuleShape) -> None:
    if rule.deadline is None:
        what = "a missing rule without a deadline"
        report.add(("kind",), what, "add deadline: {days: 30}, or working_days")
    else:
        _check_span(report, ("deadline",), rule.deadline)
    for i, evidence in enumerate(rule.evidence):
        if evidence.exculpations:
            what = "what is missing has no attribute that could speak for the person"
            report.add(("evidence", i, "exculpations"), what, "declare it under the rule's own exculpations")
        if evidence.discloses:
            report.add(("evidence", i, "discloses"), "what is missing discloses nothing", "remove discloses")


def _mismatch(report: Report, rule: RuleShape) -> None:
    for i, evidence in enumerate(rule.evidence):
        if evidence.compare is None:
            what = "a mismatch rule must say which attributes should agree"
            report.add(("evidence", i), what, "add compare: {anchor: ..., evidence: ...}")
        elif evidence.compare.hit == "same":
            report.add(
                ("evidence", i, "compare", "hit"),
                "a mismatch is a difference",
                "remove hit, or write conflict",
            )


def _threshold(report: Report, rule: RuleShape) -> None:
    line = rule.threshold
    if line is None:
        report.add(
            ("kind",), "a threshold rule without a threshold", "add threshold: {measure: count, at_least: 2}"
        )
    elif line.at_least is not None and line.exceeds is not None:
        report.add(("threshold",), "the threshold has two lines", "keep one of at_least and exceeds")
    elif line.at_least is None and line.exceeds is None:
        report.add(
            ("threshold",),
            "the threshold has no line",
            "add at_least: 2000, or exceeds: a band of the anchor",
        )
    elif line.margin and line.exceeds is None:
        report.add(("threshold", "margin"), "margin goes with exceeds", "remove margin")


def _check_amounts(report: Report, rule: RuleShape, names: Names) -> None:
    summed = rule.threshold is not None and rule.threshold.measure == "sum"
    for i, evidence in enumerate(rule.evidence):
        at: Loc = ("evidence", i, "amount")
        if summed and evidence.amount is None:
            bands = _bands(evidence.resource, names)
            remedy = (
                f"add amount: {' or '.join(bands)}" if bands else f"{evidence.resource} has no banded fact"
            )
            report.add(("evidence", i), "nothing to add up", remedy)
        if evidence.amount and not summed:
            report.add(at, "amount goes with threshold: {measure: sum}", "remove amount")
        elif evidence.amount:
            _banded(report, at, evidence.resource, evidence.amount, names)
    if rule.threshold is not None and rule.threshold.exceeds:
        _banded(report, ("threshold", "exceeds"), rule.anchor, rule.threshold.exceeds, names)


def _banded(report: Report, at: Loc, resource_id: str, attribute: str, names: Names) -> None:
    if resource_id in names.resources and attribute not in _bands(resource_id, names):
        report.unknown(at, f"banded fact of {resource_id}", attribute, _bands(resource_id, names))


def _bands(resource_id: str, names: Names) -> list[str]:
    resource = names.resources.get(resource_id)
    fields = resource.tables[0].properties if resource else []
    return [f.name for f in fields if f.custom_properties.fact == "band"]


_KINDS: dict[str, Callable[[Report, RuleShape], None]] = {
    "missing": _missing,
    "mismatch": _mismatch,
    "threshold": _threshold,
}
