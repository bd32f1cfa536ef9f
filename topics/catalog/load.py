"""Load a catalog folder: shapes in, model out, or every finding.

Rules: no clock (`today` is an argument), nothing partial: a catalog with one finding does not load.
Must not know: what the findings are (shapes, faults, checks).
"""

from datetime import date
from pathlib import Path

from topics.catalog.checks import check_documents
from topics.catalog.files import Documents, read_folder
from topics.catalog.model import (
    Catalog,
    Department,
    EvidenceSource,
    Exculpation,
    Field,
    Grant,
    Resource,
    Role,
    Rule,
    Text,
)
from topics.catalog.shapes import (
    CityShape,
    EvidenceShape,
    FieldShape,
    GrantShape,
    ResourceShape,
    RuleShape,
    TextShape,
    field_type,
)
from topics.errors import CatalogError, CatalogInvalid

EXAMPLE = Path(__file__).parent / "example"
"""The example city, shipped inside the wheel."""


def load_catalog(folder: Path | None = None, *, today: date | None = None) -> Catalog:
    """The catalog in `folder` (None: the example city). Raises CatalogInvalid with all findings."""
    documents, findings = _read(folder or EXAMPLE, today)
    if findings or documents.city is None:
        raise CatalogInvalid(findings)
    grants = documents.grants.shape.grants if documents.grants else []
    return _catalog(
        documents.city.shape,
        [_resource(d.shape) for d in documents.resources],
        [_grant(g) for g in grants],
        [_rule(d.shape) for d in documents.rules],
    )


def check_catalog(folder: Path, *, today: date | None = None) -> list[CatalogError]:
    """Every finding in `folder`, by file and line; empty where it is good.

    With `today`, grants and active rules that have run out are findings too.
    """
    return _read(folder, today)[1]


def _read(folder: Path, today: date | None) -> tuple[Documents, list[CatalogError]]:
    documents = read_folder(folder)
    findings = documents.findings + check_documents(documents, today)
    return documents, sorted(findings, key=_place)


def _place(found: CatalogError) -> tuple[str, int, str]:
    path, _, line = found.where.rpartition(":")
    return path, int(line), found.what


def _catalog(city: CityShape, resources: list[Resource], grants: list[Grant], rules: list[Rule]) -> Catalog:
    return Catalog(
        name=city.name,
        title=_text(city.title),
        partitions=city.partitions,
        departments={d.id: Department(d.id, _text(d.title)) for d in city.departments},
        resources={resource.id: resource for resource in resources},
        grants={grant.id: grant for grant in grants},
        rules={rule.id: rule for rule in rules},
    )


def _text(text: TextShape) -> Text:
    return Text(text.zh, text.en)


def _resource(found: ResourceShape) -> Resource:
    custom, table = found.custom_properties, found.tables[0]
    return Resource(
        id=found.id,
        department=custom.department,
        name=found.name,
        title=Text(table.business_name, table.custom_properties.title_en),
        version=found.version,
        status=found.status,
        sharing_type=custom.sharing_type,
        legal_basis=custom.legal_basis or "",
        cadence=custom.cadence,
        fields=tuple(_field(field) for field in table.properties),
    )


def _field(found: FieldShape) -> Field:
    custom = found.custom_properties
    return Field(
        name=found.name,
        type=field_type(found),
        required=found.required,
        roles=_roles(found),
        kind=custom.identifier_kind,
        subject=custom.subject,
        fact=custom.fact,
        codes=tuple(custom.codes),
        title=Text(found.business_name, custom.title_en),
    )


def _roles(found: FieldShape) -> frozenset[Role]:
    role = found.custom_properties.role
    if not found.primary_key:
        return frozenset({role})
    return frozenset({"key"}) if role == "private" else frozenset({"key", role})


def _evidence(found: EvidenceShape) -> EvidenceSource:
    return EvidenceSource(
        resource=found.resource,
        subject_field=found.subject_field,
        exculpations=tuple(
            Exculpation(e.code, e.attribute, frozenset(e.values), _text(e.text)) for e in found.exculpations
        ),
        discloses=found.discloses,
        text=_text(found.text),
    )


def _rule(found: RuleShape) -> Rule:
    return Rule(
        id=found.id,
        version=found.version,
        kind=found.kind,
        department=found.department,
        title=_text(found.title),
        purpose=_text(found.purpose),
        legal_basis=found.legal_basis,
        grants=tuple(found.grants),
        anchor=found.anchor,
        anchor_subject=found.anchor_subject,
        evidence=tuple(_evidence(e) for e in found.evidence),
        temporal=found.temporal,
        severity=found.severity,
        volume_cap=found.volume_cap,
        status=found.status,
        expires=found.expires,
        reasons={code: (r.decision, _text(r.text)) for code, r in found.reasons.items()},
    )


def _grant(found: GrantShape) -> Grant:
    return Grant(
        id=found.id,
        department=found.department,
        resource=found.resource,
        purpose=_text(found.purpose),
        legal_basis=found.legal_basis,
        duty=found.duty,
        mode=found.mode,
        valid_until=found.valid_until,
        agreement=found.agreement,
    )
