"""What must hold of one rule: it reads what exists, may be read, and says what speaks for the person.

Rules: withheld resources of others are never read; conditional ones only under a grant to the owner.
Must not know: how a rule is evaluated.
"""

from datetime import date

from topics.catalog.files import Document
from topics.catalog.model import Subject
from topics.catalog.places import Names, Report
from topics.catalog.shapes import EvidenceShape, FieldShape, GrantShape, ResourceShape, RuleShape
from topics.catalog.source import Loc

Grants = dict[str, GrantShape] | None


def check_rule(document: Document[RuleShape], names: Names, grants: Grants, today: date | None) -> Report:
    """Every finding in one rule."""
    report, rule = Report(document.source), document.shape
    _check_identity(report, rule, names, today)
    _check_grants(report, rule, grants)
    subject = _check_anchor(report, rule, names)
    for i, evidence in enumerate(rule.evidence):
        _check_evidence(report, i, evidence, subject, names)
        _check_sharing(report, i, rule, names, grants)
    _check_repeats(report, rule)
    return report


def _check_identity(report: Report, rule: RuleShape, names: Names, today: date | None) -> None:
    if report.source.path.stem != rule.id:
        what = f"the file is named {report.source.path.name!r} but holds {rule.id!r}"
        report.add(("id",), what, f"rename the file to {rule.id}.yml")
    if rule.kind != "conflict":
        what = f"rules of kind {rule.kind!r} are not evaluated yet"
        report.add(("kind",), what, "write conflict, or keep the rule out of the catalog")
    names.department(report, ("department",), rule.department)
    if today and rule.status == "active" and rule.expires and rule.expires < today:
        report.add(("expires",), f"the rule expired on {rule.expires}", "review it, or set status: suspended")


def _check_grants(report: Report, rule: RuleShape, grants: Grants) -> None:
    report.twice("grant", ((("grants", i), name) for i, name in enumerate(rule.grants)))
    if grants is None:
        return
    for i, name in enumerate(rule.grants):
        if name not in grants:
            report.unknown(("grants", i), "grant", name, grants)
        elif grants[name].department != rule.department:
            what = f"grant {name!r} is to {grants[name].department}, not to {rule.department}"
            report.add(("grants", i), what, f"name a grant to {rule.department}")


def _check_anchor(report: Report, rule: RuleShape, names: Names) -> Subject | None:
    """What the anchor is about, if it can be known."""
    resource = names.resource(report, ("anchor",), rule.anchor)
    if resource is None:
        return None
    owner = resource.custom_properties.department
    if owner != rule.department:
        what = f"anchor {rule.anchor} belongs to {owner}, but alerts go to {rule.department}"
        report.add(("anchor",), what, f"anchor the rule in a resource of {rule.department}")
    return _check_subject(report, ("anchor_subject",), resource, rule.anchor_subject)


def _check_subject(report: Report, loc: Loc, resource: ResourceShape, name: str) -> Subject | None:
    subjects = {f.name: f.custom_properties.subject for f in _fields(resource) if f.custom_properties.subject}
    if name not in subjects:
        report.unknown(loc, f"subject field of {resource.id}", name, subjects)
    return subjects.get(name)


def _check_evidence(
    report: Report, i: int, evidence: EvidenceShape, subject: Subject | None, names: Names
) -> None:
    at: Loc = ("evidence", i)
    resource = names.resource(report, (*at, "resource"), evidence.resource)
    if resource is None:
        return
    found = _check_subject(report, (*at, "subject_field"), resource, evidence.subject_field)
    if found and subject and found != subject:
        what = f"{evidence.subject_field!r} is a {found}, but the anchor is about a {subject}"
        report.add((*at, "subject_field"), what, f"name a {subject} of {resource.id}")
    if evidence.discloses:
        _codes(report, (*at, "discloses"), resource, evidence.discloses)
    for n, exculpation in enumerate(evidence.exculpations):
        here: Loc = (*at, "exculpations", n)
        codes = _codes(report, (*here, "attribute"), resource, exculpation.attribute)
        for v, value in enumerate(exculpation.values):
            if codes and value not in codes:
                report.unknown((*here, "values", v), f"code of {exculpation.attribute}", value, codes)


def _codes(report: Report, loc: Loc, resource: ResourceShape, attribute: str) -> list[str]:
    """Code list of a coded fact; anything else does not leave its department and is reported."""
    coded = {
        f.name: f.custom_properties.codes for f in _fields(resource) if f.custom_properties.fact == "code"
    }
    if attribute not in coded:
        report.unknown(loc, f"coded fact of {resource.id}", attribute, coded)
    return coded.get(attribute, [])


def _check_sharing(report: Report, i: int, rule: RuleShape, names: Names, grants: Grants) -> None:
    resource = names.resources.get(rule.evidence[i].resource)
    if resource is None or resource.custom_properties.department == rule.department:
        return
    at: Loc = ("evidence", i, "resource")
    sharing = resource.custom_properties.sharing_type
    if sharing == "withheld":
        report.add(at, f"{resource.id} is withheld (不予共享)", "remove it from the rule")
    elif sharing == "conditional" and grants is not None and not _covered(resource.id, rule, grants):
        what = f"no grant to {rule.department} covers {resource.id}, which is conditional (有条件共享)"
        report.add(at, what, "add a grant to grants.yml and name it under grants")


def _covered(resource: str, rule: RuleShape, grants: dict[str, GrantShape]) -> bool:
    named = (grants[name] for name in rule.grants if name in grants)
    return any(g.resource == resource and g.department == rule.department for g in named)


def _check_repeats(report: Report, rule: RuleShape) -> None:
    sources = [(e.resource, e.subject_field) for e in rule.evidence]
    report.twice("evidence", ((("evidence", i), " by ".join(pair)) for i, pair in enumerate(sources)))
    for i, pair in enumerate(sources):
        if pair[0] == rule.anchor:
            what = f"{rule.anchor} is the anchor and cannot be its own evidence"
            report.add(("evidence", i, "resource"), what, "name another resource")
    for i, evidence in enumerate(rule.evidence):
        codes = ((("evidence", i, "exculpations", n), e.code) for n, e in enumerate(evidence.exculpations))
        report.twice("exculpation", codes)
    for decision in ("confirmed", "dismissed"):
        if all(reason.decision != decision for reason in rule.reasons.values()):
            report.add(("reasons",), f"no reason for {decision}", f"add a reason with decision: {decision}")


def _fields(resource: ResourceShape) -> list[FieldShape]:
    return resource.tables[0].properties
