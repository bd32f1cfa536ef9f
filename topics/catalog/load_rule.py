"""A rule's shape becomes the rule: short forms are written out, so that nothing after this need know them.

Rule: pure. Must not know: files, other declarations.
"""

from collections.abc import Mapping

from topics.catalog.model import Resource
from topics.catalog.rule import (
    PREDICATES,
    Compare,
    Condition,
    Deadline,
    EvidenceSource,
    ExculpatingSource,
    Exculpation,
    Form,
    Rule,
    Temporal,
    Text,
    Threshold,
    Unit,
    Window,
)
from topics.catalog.shapes import (
    CompareShape,
    DeadlineShape,
    EvidenceShape,
    ExculpatingShape,
    RuleShape,
    TemporalShape,
    TextShape,
    ThresholdShape,
    Where,
    WindowShape,
)

OWNER_SEES: frozenset[Form] = frozenset({"month", "code", "band"})
"""What the owner is told where a rule declares no disclosure."""


def text_of(text: TextShape) -> Text:
    """Words in both languages."""
    return Text(text.zh, text.en)


def rule_of(found: RuleShape, resources: Mapping[str, Resource]) -> Rule:
    """The rule, complete; `resources` by id: every one that it names."""
    return Rule(
        id=found.id,
        version=found.version,
        kind=found.kind,
        department=found.department,
        title=text_of(found.title),
        purpose=text_of(found.purpose),
        legal_basis=found.legal_basis,
        grants=tuple(found.grants),
        anchor=found.anchor,
        anchor_subject=found.anchor_subject,
        evidence=tuple(_evidence(e, found.temporal, resources[e.resource]) for e in found.evidence),
        severity=found.severity,
        volume_cap=found.volume_cap,
        status=found.status,
        expires=found.expires,
        reasons={code: (r.decision, text_of(r.text)) for code, r in found.reasons.items()},
        disclosure=_disclosure(found),
        anchor_where=_where(found.anchor_where),
        require=_require(found),
        exculpations=tuple(map(_exculpating, found.exculpations)),
        deadline=_deadline(found.deadline) if found.deadline else None,
        threshold=_threshold(found.threshold) if found.threshold else None,
        allowed=found.allowed or 1,
        precision_floor=found.precision_floor,
    )


def _evidence(found: EvidenceShape, default: TemporalShape, resource: Resource) -> EvidenceSource:
    banded = found.discloses in {f.name for f in resource.fields if f.fact == "band"}
    return EvidenceSource(
        resource=found.resource,
        subject_field=found.subject_field,
        exculpations=tuple(
            Exculpation(e.code, e.attribute, frozenset(e.values), text_of(e.text)) for e in found.exculpations
        ),
        discloses=found.discloses,
        text=text_of(found.text),
        temporal=_temporal(found.temporal or default),
        where=_where(found.where),
        compare=_compare(found.compare) if found.compare else None,
        amount=found.amount,
        form="band" if banded else "code",
    )


def _exculpating(found: ExculpatingShape) -> ExculpatingSource:
    temporal = _temporal(found.temporal)
    return ExculpatingSource(
        found.code, found.resource, found.subject_field, temporal, _where(found.where), text_of(found.text)
    )


def _where(found: Where) -> tuple[Condition, ...]:
    return tuple(Condition(attribute, frozenset(values)) for attribute, values in found.items())


def _temporal(found: TemporalShape) -> Temporal:
    relations = frozenset(found.allen) or PREDICATES[found.relation or "any"]
    return Temporal(relations, found.at_least_days, _window(found.within) if found.within else None)


def _window(found: WindowShape) -> Window:
    size, unit = _span(found)
    return Window(size, unit, found.of, found.side)


def _span(found: WindowShape | DeadlineShape) -> tuple[int, Unit]:
    if found.days is not None:
        return found.days, "days"
    assert found.working_days is not None  # one of the two is given (rule_checks)
    return found.working_days, "working_days"


def _compare(found: CompareShape) -> Compare:
    agree = {value: frozenset(same) for value, same in found.agree.items()}
    return Compare(found.anchor, found.evidence, found.hit, agree)


def _deadline(found: DeadlineShape) -> Deadline:
    return Deadline(*_span(found), found.of)


def _threshold(found: ThresholdShape) -> Threshold:
    return Threshold(found.measure, found.at_least or found.margin, found.exceeds)


def _require(found: RuleShape) -> int:
    everyone = 1 if found.require.sources == "any" else len(found.evidence)
    return found.require.at_least or everyone


def _disclosure(found: RuleShape) -> dict[str, frozenset[Form]]:
    told: dict[str, frozenset[Form]] = {
        department: frozenset(form for form in forms if form != "boolean")
        for department, forms in found.disclosure.items()
    }
    return {found.department: OWNER_SEES} | told
