"""What must hold of one rule: it reads what exists, may be read, and says what speaks for the person.

Rules: withheld resources of others are never read; conditional ones only under a grant to the owner, and told
of only to who may read them too. Must not know: how a rule is evaluated; what its kind calls for (kind_checks).
"""

from collections.abc import Iterator
from datetime import date

from topics.catalog.files import Document
from topics.catalog.kind_checks import check_kind, check_temporal
from topics.catalog.model import FactKind, Subject, band_names
from topics.catalog.places import Names, Report
from topics.catalog.shapes import (
    EvidenceShape,
    ExculpatingShape,
    FieldShape,
    GrantShape,
    ResourceShape,
    RuleShape,
    Where,
)
from topics.catalog.source import Loc

Grants = dict[str, GrantShape] | None
LookedAt = EvidenceShape | ExculpatingShape


def check_rule(document: Document[RuleShape], names: Names, grants: Grants, today: date | None) -> Report:
    """Every finding in one rule."""
    report, rule = Report(document.source), document.shape
    _check_identity(report, rule, today)
    if names.department(report, ("department",), rule.department):  # else what it may use cannot be known
        _check_leave(report, rule, names, grants)
    subject = _check_anchor(report, rule, names)
    for at, looked_at in _looked_at(rule):
        _check_source(report, at, looked_at, subject, names)
    for i, evidence in enumerate(rule.evidence):
        _check_attributes(report, ("evidence", i), evidence, rule, names)
    _check_repeats(report, rule)
    check_kind(report, rule, names)
    return report


def _check_leave(report: Report, rule: RuleShape, names: Names, grants: Grants) -> None:
    """What the owner may use, and whom it may tell."""
    _check_grants(report, rule, grants)
    _check_owner(report, rule, names)
    for at, looked_at in _looked_at(rule):
        _check_sharing(report, at, looked_at.resource, rule, names, grants)
    _check_disclosure(report, rule, names, grants)


def _looked_at(rule: RuleShape) -> Iterator[tuple[Loc, LookedAt]]:
    for i, evidence in enumerate(rule.evidence):
        yield ("evidence", i), evidence
    for i, exculpation in enumerate(rule.exculpations):
        yield ("exculpations", i), exculpation


def _check_identity(report: Report, rule: RuleShape, today: date | None) -> None:
    if report.source.path.stem != rule.id:
        what = f"the file is named {report.source.path.name!r} but holds {rule.id!r}"
        report.add(("id",), what, f"rename the file to {rule.id}.yml")
    if today and rule.status != "suspended" and rule.expires and rule.expires < today:
        remedy = "renew it with a new version and a later day, set status: suspended, or remove the file"
        report.add(("expires",), f"the rule expired on {rule.expires}", remedy)


def _check_grants(report: Report, rule: RuleShape, grants: Grants) -> None:
    report.twice("grant", ((("grants", i), name) for i, name in enumerate(rule.grants)))
    if grants is None:
        return
    told = {rule.department, *rule.disclosure}
    for i, name in enumerate(rule.grants):
        if name not in grants:
            report.unknown(("grants", i), "grant", name, grants)
        elif grants[name].department not in told:
            what = f"grant {name!r} is to {grants[name].department}, not to {rule.department}"
            report.add(("grants", i), what, f"name a grant to {rule.department}")


def _check_owner(report: Report, rule: RuleShape, names: Names) -> None:
    resource = names.resources.get(rule.anchor)
    owner = resource.custom_properties.department if resource else rule.department
    if owner != rule.department:
        what = f"anchor {rule.anchor} belongs to {owner}, but alerts go to {rule.department}"
        report.add(("anchor",), what, f"anchor the rule in a resource of {rule.department}")


def _check_anchor(report: Report, rule: RuleShape, names: Names) -> Subject | None:
    """What the anchor is about, if it can be known."""
    resource = names.resource(report, ("anchor",), rule.anchor)
    if resource is None:
        return None
    _check_where(report, ("anchor_where",), resource, rule.anchor_where)
    return _check_subject(report, ("anchor_subject",), resource, rule.anchor_subject)


def _check_subject(report: Report, loc: Loc, resource: ResourceShape, name: str) -> Subject | None:
    subjects = {f.name: f.custom_properties.subject for f in _fields(resource) if f.custom_properties.subject}
    if name not in subjects:
        report.unknown(loc, f"subject field of {resource.id}", name, subjects)
    return subjects.get(name)


def _check_source(
    report: Report, at: Loc, looked_at: LookedAt, subject: Subject | None, names: Names
) -> None:
    resource = names.resource(report, (*at, "resource"), looked_at.resource)
    check_temporal(report, (*at, "temporal"), looked_at.temporal)
    if resource is None:
        return
    found = _check_subject(report, (*at, "subject_field"), resource, looked_at.subject_field)
    if found and subject and found != subject:
        what = f"{looked_at.subject_field!r} is about {_a(found)}, the anchor about {_a(subject)}"
        fitting = [f.name for f in _fields(resource) if f.custom_properties.subject == subject]
        remedy = f"write {' or '.join(fitting)}" if fitting else f"{resource.id} has no {subject}: remove it"
        report.add((*at, "subject_field"), what, remedy)
    _check_where(report, (*at, "where"), resource, looked_at.where)


def _a(subject: Subject) -> str:
    return f"an {subject}" if subject == "enterprise" else f"a {subject}"


def _check_where(report: Report, at: Loc, resource: ResourceShape, where: Where) -> None:
    for attribute, values in where.items():
        known = _valued(report, (*at, attribute), resource, attribute)
        if not values:
            report.add(
                (*at, attribute), f"{attribute!r} may have no value at all", "list the values that count"
            )
        for v, value in enumerate(values):
            if known and value not in known:
                report.unknown((*at, attribute, v), f"code of {attribute}", value, known)


def _check_attributes(
    report: Report, at: Loc, evidence: EvidenceShape, rule: RuleShape, names: Names
) -> None:
    resource, anchor = names.resources.get(evidence.resource), names.resources.get(rule.anchor)
    if resource is None:
        return
    if evidence.discloses:
        _valued(report, (*at, "discloses"), resource, evidence.discloses)
    for n, exculpation in enumerate(evidence.exculpations):
        where = {exculpation.attribute: exculpation.values}
        known = _valued(report, (*at, "exculpations", n, "attribute"), resource, exculpation.attribute)
        for v, value in enumerate(where[exculpation.attribute]):
            if known and value not in known:
                noun = f"code of {exculpation.attribute}"
                report.unknown((*at, "exculpations", n, "values", v), noun, value, known)
    if evidence.compare:
        _comparable(report, (*at, "compare", "evidence"), resource, evidence.compare.evidence)
        if anchor is not None:
            _comparable(report, (*at, "compare", "anchor"), anchor, evidence.compare.anchor)
            _check_agreement(report, (*at, "compare", "agree"), evidence, anchor, resource)


def _check_agreement(
    report: Report, at: Loc, evidence: EvidenceShape, anchor: ResourceShape, resource: ResourceShape
) -> None:
    assert evidence.compare is not None
    ours, theirs = _values(anchor, evidence.compare.anchor), _values(resource, evidence.compare.evidence)
    for value, same in evidence.compare.agree.items():
        if ours and value not in ours:
            report.unknown((*at, value), f"code of {evidence.compare.anchor}", value, ours)
        for i, other in enumerate(same):
            if theirs and other not in theirs:
                report.unknown((*at, value, i), f"code of {evidence.compare.evidence}", other, theirs)


def _valued(report: Report, loc: Loc, resource: ResourceShape, attribute: str) -> list[str]:
    """Values of a coded or banded fact; anything else does not leave its department and is reported."""
    _known(report, loc, resource, attribute, "coded", ("code", "band"))
    return _values(resource, attribute)


def _comparable(report: Report, loc: Loc, resource: ResourceShape, attribute: str) -> None:
    _known(report, loc, resource, attribute, "comparable", ("code", "band", "match"))


def _known(
    report: Report, loc: Loc, resource: ResourceShape, attribute: str, noun: str, kinds: tuple[FactKind, ...]
) -> None:
    facts = sorted(f.name for f in _fields(resource) if f.custom_properties.fact in kinds)
    private = {f.name for f in _fields(resource) if f.custom_properties.role == "private"}
    if attribute in private:
        what = f"{attribute!r} of {resource.id} is private: it never leaves its department"
        report.add(loc, what, f"name a {noun} fact: {', '.join(facts) or 'there is none'}")
    elif attribute not in facts:
        report.unknown(loc, f"{noun} fact of {resource.id}", attribute, facts)


def _values(resource: ResourceShape, attribute: str) -> list[str]:
    """Every value an attribute may have; none for one that crosses as a digest."""
    found = next((f.custom_properties for f in _fields(resource) if f.name == attribute), None)
    return [*found.codes, *band_names(found.bands)] if found else []


def _check_sharing(
    report: Report, at: Loc, resource_id: str, rule: RuleShape, names: Names, grants: Grants
) -> None:
    resource = names.resources.get(resource_id)
    if resource is None or resource.custom_properties.department == rule.department:
        return
    sharing = resource.custom_properties.sharing_type
    if sharing == "withheld":
        report.add((*at, "resource"), f"{resource.id} is withheld (不予共享)", "remove it from the rule")
    elif not _may_know(rule.department, resource, rule, grants) and grants is not None:
        if any(g.resource == resource.id for g in (grants[name] for name in rule.grants if name in grants)):
            return  # the grant that is named for it is the fault
        what = f"no grant to {rule.department} covers {resource.id}, which is conditional (有条件共享)"
        fitting = [
            name for name, g in grants.items() if (g.department, g.resource) == (rule.department, resource.id)
        ]
        remedy = (
            f"name {fitting[0]} under grants"
            if fitting
            else "add a grant to grants.yml and name it under grants"
        )
        report.add((*at, "resource"), what, remedy)


def _may_know(department: str, resource: ResourceShape, rule: RuleShape, grants: Grants) -> bool:
    """Whether a department may be told of a comparison with a resource."""
    custom = resource.custom_properties
    if custom.department == department or custom.sharing_type == "unconditional" or grants is None:
        return True
    named = (grants[name] for name in rule.grants if name in grants)
    return any(g.resource == resource.id and g.department == department for g in named)


def _check_disclosure(report: Report, rule: RuleShape, names: Names, grants: Grants) -> None:
    for department, forms in rule.disclosure.items():
        at: Loc = ("disclosure", department)
        names.department(report, at, department)
        report.twice("form", (((*at, i), form) for i, form in enumerate(forms)))
        if not forms:
            what = f"{department} is told nothing"
            report.add(at, what, "write [boolean] for the bare fact of a discrepancy, or remove it")
        if department != rule.department:
            _check_told(report, at, department, rule, names, grants)


def _check_told(
    report: Report, at: Loc, department: str, rule: RuleShape, names: Names, grants: Grants
) -> None:
    for resource_id in dict.fromkeys(looked_at.resource for _, looked_at in _looked_at(rule)):
        resource = names.resources.get(resource_id)
        if resource is not None and not _may_know(department, resource, rule, grants):
            what = f"{department} would be told of {resource_id}, and no grant to it covers that"
            report.add(
                at, what, f"add a grant to {department} and name it under grants, or remove {department}"
            )


def _check_repeats(report: Report, rule: RuleShape) -> None:
    sources = [(e.resource, e.subject_field) for e in rule.evidence]
    report.twice("evidence", ((("evidence", i), " by ".join(pair)) for i, pair in enumerate(sources)))
    for i, evidence in enumerate(rule.evidence):
        codes = ((("evidence", i, "exculpations", n), e.code) for n, e in enumerate(evidence.exculpations))
        report.twice("exculpation", codes)
    report.twice("exculpation", ((("exculpations", i), e.code) for i, e in enumerate(rule.exculpations)))
    for decision in ("confirmed", "dismissed"):
        if all(reason.decision != decision for reason in rule.reasons.values()):
            report.add(("reasons",), f"no reason for {decision}", f"add a reason with decision: {decision}")


def _fields(resource: ResourceShape) -> list[FieldShape]:
    return resource.tables[0].properties
