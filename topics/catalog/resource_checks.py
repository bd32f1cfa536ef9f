"""What must hold inside one resource contract: identity, key, subjects, period, facts, sharing.

Rules: each check is one function over the resource's fields; forbidden inputs (nationality, ethnicity,
district) can never be facts. Must not know: rules or grants.
"""

from collections.abc import Callable, Iterator

from topics.catalog.files import Document
from topics.catalog.model import FactKind, FieldType, IdentifierKind, Subject
from topics.catalog.places import Names, Report
from topics.catalog.shapes import FieldShape, ResourceShape, field_type
from topics.catalog.source import Loc

_FIELDS: Loc = ("schema", 0, "properties")
_FACT_TYPES: dict[FactKind, FieldType] = {
    "month": "month",
    "start": "date",
    "end": "date",
    "event": "date",
    "code": "code",
    "band": "amount",
    "match": "string",
}
_TYPE_HINTS = {
    "month": "logicalType: date with logicalTypeOptions: {format: yyyy-MM}",
    "date": "logicalType: date",
    "code": "logicalType: string and a custom property codes",
    "amount": "logicalType: number and a custom property bands",
    "string": "logicalType: string without codes",
}
_PERIODS: tuple[FactKind, ...] = ("month", "start", "end", "event")
_SUBJECT_KINDS: dict[Subject, IdentifierKind] = {
    "person": "person_id",
    "enterprise": "uscc",
    "property": "property_no",
    "certificate": "certificate_no",
}
_KINDS = ", ".join(_SUBJECT_KINDS.values())
_FORBIDDEN_WORDS = {"nationality", "ethnicity", "ethnic", "race", "district", "nation", "minzu", "hukou"}
_FORBIDDEN_SIGNS = ("民族", "国籍", "种族", "籍贯", "区县", "辖区", "行政区", "户籍地")


def check_resource(document: Document[ResourceShape], names: Names) -> Report:
    """Every finding inside one contract."""
    report, resource = Report(document.source), document.shape
    _check_identity(report, resource, names)
    _check_sharing(report, resource)
    fields = resource.tables[0].properties
    report.twice("field", (((*_FIELDS, i, "name"), field.name) for i, field in enumerate(fields)))
    for check in _CHECKS:
        check(report, fields)
    return report


def _check_identity(report: Report, resource: ResourceShape, names: Names) -> None:
    department = resource.custom_properties.department
    names.department(report, ("customProperties", "department"), department)
    if resource.id != f"{department}.{resource.name}":
        report.add(
            ("id",), f"id {resource.id!r} is not department.name", f"write {department}.{resource.name}"
        )
    if report.source.path.stem != resource.id:
        what = f"the file is named {report.source.path.name!r} but holds {resource.id!r}"
        report.add(("id",), what, f"rename the file to {resource.id}.yml")
    if resource.tables[0].name != resource.name:
        what = f"the table is named {resource.tables[0].name!r}, the resource {resource.name!r}"
        report.add(("schema", 0, "name"), what, f"write {resource.name}")


def _check_sharing(report: Report, resource: ResourceShape) -> None:
    custom = resource.custom_properties
    if custom.sharing_type != "unconditional" and custom.legal_basis is None:
        what = f"{custom.sharing_type} without a legal basis (SC6, SD13)"
        report.add(("customProperties", "sharingType"), what, "add the custom property legalBasis")


def _check_key(report: Report, fields: list[FieldShape]) -> None:
    keys = [i for i, field in enumerate(fields) if field.primary_key]
    if not keys:
        report.add(_FIELDS, "no key field", "mark the record's own number with primaryKey: true")
    for i in keys[1:]:
        report.add((*_FIELDS, i, "primaryKey"), "a second key field", "keep primaryKey: true on one field")
    for i in keys:
        if not fields[i].required:
            report.add(
                _at(i, "required", fields[i]), f"key {fields[i].name!r} is not required", "required: true"
            )


def _check_subjects(report: Report, fields: list[FieldShape]) -> None:
    if not any(field.custom_properties.subject for field in fields):
        what = "no subject: no record of this resource could be about anyone"
        report.add(_FIELDS, what, "add the custom property subject to the identifier that rules compare")


def _check_identifiers(report: Report, fields: list[FieldShape]) -> None:
    for i, field in enumerate(fields):
        custom = field.custom_properties
        if custom.role == "identifier" and custom.identifier_kind is None:
            what = f"identifier {field.name!r} has no kind"
            report.add(_custom(i, "role"), what, f"add the custom property identifierKind: one of {_KINDS}")
        if custom.role != "identifier":
            if custom.fact != "match":  # a matched attribute may be an identifier of somebody else
                _only_with(report, i, field, "identifierKind", custom.identifier_kind, "identifier")
            _only_with(report, i, field, "subject", custom.subject, "identifier")
        _check_subject_kind(report, i, field)


def _check_subject_kind(report: Report, i: int, field: FieldShape) -> None:
    subject, kind = field.custom_properties.subject, field.custom_properties.identifier_kind
    if subject and kind and _SUBJECT_KINDS.get(subject) != kind:
        what = f"{field.name!r} ({kind}) does not identify a {subject}"
        report.add(_custom(i, "subject"), what, f"{subject} goes with {_SUBJECT_KINDS[subject]}")


def _check_facts(report: Report, fields: list[FieldShape]) -> None:
    for i, field in enumerate(fields):
        custom = field.custom_properties
        if custom.role == "fact" and custom.fact is None:
            what = f"fact {field.name!r} does not say what it states"
            wanted = "add the custom property fact: month, start, end, event, code, band or match"
            report.add(_custom(i, "role"), what, wanted)
        if custom.role != "fact":
            _only_with(report, i, field, "fact", custom.fact, "fact")
        if custom.fact:
            _check_fact_type(report, i, field, custom.fact)
            _check_forbidden(report, i, field)


def _check_fact_type(report: Report, i: int, field: FieldShape, fact: FactKind) -> None:
    wanted, found = _FACT_TYPES[fact], field_type(field)
    if found != wanted:
        what = f"{field.name!r} states a {fact} but is of type {found}"
        report.add(_custom(i, "fact"), what, f"give it {_TYPE_HINTS[wanted]}")


def _check_forbidden(report: Report, i: int, field: FieldShape) -> None:
    words = set(field.name.split("_")) | set(field.custom_properties.title_en.lower().split())
    if words & _FORBIDDEN_WORDS or any(sign in field.business_name for sign in _FORBIDDEN_SIGNS):
        what = f"{field.name!r} must not be a fact: nationality, ethnicity and district are no inputs"
        report.add(_custom(i, "fact"), what, "make it private")


def _check_codes(report: Report, fields: list[FieldShape]) -> None:
    for i, field in enumerate(fields):
        codes = field.custom_properties.codes
        report.twice("code", ((_custom(i, "codes", n), code) for n, code in enumerate(codes)))
        if codes and field.logical_type != "string":
            what = f"{field.name!r} has codes but is of type {field.logical_type}"
            report.add((*_FIELDS, i, "logicalType"), what, "write string")


def _check_bands(report: Report, fields: list[FieldShape]) -> None:
    for i, field in enumerate(fields):
        bands, fact = field.custom_properties.bands, field.custom_properties.fact
        if bands and fact != "band":
            report.add(_custom(i, "bands"), f"{field.name!r} has bands but is no band", "write fact: band")
        if fact == "band" and (len(bands) < 2 or bands[0] != 0 or bands != sorted(set(bands))):
            what = f"the bands of {field.name!r} are not growing lower edges from 0"
            at = _custom(i, "bands") if bands else _custom(i, "fact")
            report.add(at, what, "write bands: [0, 500, 1000, ...]")


def _check_period(report: Report, fields: list[FieldShape]) -> None:
    """One period per record: a month, one day, or a first and perhaps a last day."""
    stated = {fact: [i for i, _ in _stating(fields, fact)] for fact in _PERIODS}
    openings = sorted(i for fact in ("month", "start", "event") for i in stated[fact])
    if not openings:
        at = _custom(stated["end"][0], "fact") if stated["end"] else _FIELDS
        what = "no period: a record whose time is unknown can never hit"
        report.add(at, what, "give one field the fact month, event or start")
    for i in openings[1:]:
        report.add(_custom(i, "fact"), "a second period", "state one month, one event, or one start")
    for i in stated["end"][1 if stated["start"] else 0 :] if openings else []:
        report.add(
            _custom(i, "fact"), "an end without a start of its own", "pair it with one start, or remove it"
        )
    for i in openings:
        if not fields[i].required:
            what = f"period field {fields[i].name!r} is not required"
            report.add(
                _at(i, "required", fields[i]), what, "write required: true (an unknown period never hits)"
            )


def _stating(fields: list[FieldShape], fact: FactKind) -> Iterator[tuple[int, FieldShape]]:
    return ((i, field) for i, field in enumerate(fields) if field.custom_properties.fact == fact)


def _only_with(report: Report, i: int, field: FieldShape, key: str, value: object, role: str) -> None:
    if value is not None:
        what = f"{field.name!r} has {key} but its role is {field.custom_properties.role}"
        report.add(_custom(i, key), what, f"write role: {role}, or remove {key}")


def _at(i: int, key: str, field: FieldShape) -> Loc:
    """The key's own line, or the field's first line where the key is not written."""
    return (*_FIELDS, i, key) if key in field.model_fields_set else (*_FIELDS, i)


def _custom(i: int, *keys: str | int) -> Loc:
    return (*_FIELDS, i, "customProperties", *keys)


_CHECKS: tuple[Callable[[Report, list[FieldShape]], None], ...] = (
    _check_key,
    _check_subjects,
    _check_identifiers,
    _check_facts,
    _check_codes,
    _check_bands,
    _check_period,
)
