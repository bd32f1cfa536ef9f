"""What must hold between the files of a catalog: names that exist, grants that cover, ids that are unique.

Rules: runs on whatever loaded, so that one broken file does not hide the faults of the others; `today`
is given or there is no time. Must not know: how files are read or findings shown.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from topics.catalog.files import Document, Documents
from topics.catalog.places import Names, Report, names_of
from topics.catalog.resource_checks import check_resource
from topics.catalog.rule_checks import check_rule
from topics.catalog.shapes import CityShape, GrantShape, GrantsShape
from topics.catalog.source import Loc
from topics.errors import CatalogError


def check_documents(documents: Documents, today: date | None) -> list[CatalogError]:
    """Every finding that needs more than one key or one file."""
    names = names_of(documents)
    reports: list[Report] = []
    if documents.city:
        reports.append(_check_city(documents.city))
    reports += [_check_grants(document, names, today) for document in documents.grants]
    reports += [check_resource(document, names) for document in documents.resources]
    grants = _grants_known(documents)
    reports += [check_rule(document, names, grants, today) for document in documents.rules]
    reports += _check_repeats(documents)
    return [found for report in reports for found in report.findings]


def _check_repeats(documents: Documents) -> list[Report]:
    """An id that a folder and its packs declare more than once."""
    resources, rules = (
        [(document, ("id",), document.shape.id) for document in found]
        for found in (documents.resources, documents.rules)
    )
    grants = [
        (document, ("grants", i, "id"), grant.id)
        for document in documents.grants
        for i, grant in enumerate(document.shape.grants)
    ]
    return [
        *_twice("resource", resources),
        *_twice("rule", rules),
        *_twice("grant", grants),
    ]


def _twice(noun: str, named: Iterable[tuple[Document[Any], Loc, str]]) -> list[Report]:
    first: dict[str, Document[Any]] = {}
    reports = []
    for document, loc, name in named:
        before = first.setdefault(name, document)
        if before is not document:
            report = Report(document.source)
            report.add(loc, f"{noun} {name!r} is in {before.source.path} too", "remove one of the two")
            reports.append(report)
    return reports


def _check_city(document: Document[CityShape]) -> Report:
    report = Report(document.source)
    report.twice("department", ((("departments", i), d.id) for i, d in enumerate(document.shape.departments)))
    return report


def _grants_known(documents: Documents) -> dict[str, GrantShape] | None:
    """Grants by id; None where grants.yml did not load and nothing can be said."""
    if "grants" in documents.broken:
        return None
    return {grant.id: grant for document in documents.grants for grant in document.shape.grants}


def _check_grants(document: Document[GrantsShape], names: Names, today: date | None) -> Report:
    report = Report(document.source)
    grants = document.shape.grants
    report.twice("grant", ((("grants", i), grant.id) for i, grant in enumerate(grants)))
    for i, grant in enumerate(grants):
        names.department(report, ("grants", i, "department"), grant.department)
        _check_grant(report, i, grant, names)
        if today and grant.valid_until < today:
            what = f"grant {grant.id!r} ran out on {grant.valid_until}"
            report.add(("grants", i, "valid_until"), what, "renew the agreement, or remove the grant")
    return report


def _check_grant(report: Report, i: int, grant: GrantShape, names: Names) -> None:
    resource = names.resource(report, ("grants", i, "resource"), grant.resource)
    if resource is None:
        return
    if resource.custom_properties.sharing_type == "withheld":
        what = f"{grant.resource} is withheld (不予共享) and cannot be granted"
        report.add(("grants", i, "resource"), what, "remove the grant, or change its sharingType")
    if resource.custom_properties.department == grant.department:
        what = f"{grant.department} needs no grant for its own {grant.resource}"
        report.add(("grants", i, "department"), what, "name the department that uses it, or remove it")
