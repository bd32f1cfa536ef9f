"""Load a catalog folder: shapes in, model out, or every finding.

Rules: no clock (`today` is an argument), nothing partial: a catalog with one finding does not load.
Must not know: what the findings are (shapes, faults, checks), how a rule is built (load_rule).
"""

from datetime import date
from pathlib import Path

from topics.catalog.checks import check_documents
from topics.catalog.files import Documents, read_folder, read_rule_file
from topics.catalog.load_rule import rule_of, text_of
from topics.catalog.model import Catalog, Department, Field, Grant, Resource, Role
from topics.catalog.rule import Rule, Text
from topics.catalog.shapes import CityShape, FieldShape, GrantShape, ResourceShape, field_type
from topics.errors import CatalogError, CatalogInvalid, NotFound

_SHIPPED = Path(__file__).parent
EXAMPLE = _SHIPPED / "example"
"""The Hangzhou example, shipped inside the wheel: four resources, one rule."""

CITY = _SHIPPED / "city"
"""The town with all twelve rule packs; it includes EXAMPLE."""


SHIPPED = {"example": EXAMPLE, "city": CITY}
"""Catalogs that come with Crosscheck, by the name that stands for their folder."""


def load_catalog(folder: Path | None = None, *, today: date | None = None) -> Catalog:
    """The catalog in `folder` (None: the Hangzhou example). Raises CatalogInvalid with all findings."""
    documents, findings = _read(folder or EXAMPLE, today)
    return _load(documents, findings)


def load_with_rule(folder: Path | None, path: Path) -> tuple[Catalog, Rule]:
    """The catalog with one more rule file, that takes the place of a rule with its id; and that rule.

    Raises CatalogInvalid with the findings of catalog and file, NotFound if there is no such file.
    """
    if not path.is_file():
        raise NotFound(f"no file {path}", remedy="name the YAML file of a rule")
    documents = read_folder(folder or EXAMPLE)
    place = path.resolve()
    if place in {read.resolve() for read in documents.read}:  # the catalog's own: a fault in it is found once
        added = next((d for d in documents.rules if d.source.path.resolve() == place), None)
    else:
        added = read_rule_file(documents, path)
        others = [d for d in documents.rules if added is None or d.shape.id != added.shape.id]
        documents.rules = [*others, added] if added else others
    catalog = _load(documents, _findings(documents, None))
    if added is None:
        raise NotFound(f"{path} is no rule", remedy="name a file under rules/")
    return catalog, catalog.rules[added.shape.id]


def check_catalog(folder: Path, *, today: date | None = None) -> list[CatalogError]:
    """Every finding in `folder`, by file and line; empty where it is good.

    With `today`, grants and rules that have run out are findings too, but for rules that are suspended.
    """
    return _read(folder, today)[1]


def _read(folder: Path, today: date | None) -> tuple[Documents, list[CatalogError]]:
    documents = read_folder(folder)
    return documents, _findings(documents, today)


def _findings(documents: Documents, today: date | None) -> list[CatalogError]:
    return sorted(documents.findings + check_documents(documents, today), key=_place)


def _place(found: CatalogError) -> tuple[str, int, str]:
    path, _, line = found.where.rpartition(":")
    return path, int(line), found.what


def _load(documents: Documents, findings: list[CatalogError]) -> Catalog:
    if findings or documents.city is None:
        raise CatalogInvalid(findings)
    return _catalog(documents.city.shape, documents)


def _catalog(city: CityShape, documents: Documents) -> Catalog:
    resources = {document.shape.id: _resource(document.shape) for document in documents.resources}
    rules = (rule_of(document.shape, resources) for document in documents.rules)
    grants = [_grant(g) for file in documents.grants for g in file.shape.grants]
    return Catalog(
        name=city.name,
        title=text_of(city.title),
        partitions=city.partitions,
        departments={d.id: Department(d.id, text_of(d.title)) for d in city.departments},
        resources=resources,
        grants={grant.id: grant for grant in grants},
        rules={rule.id: rule for rule in rules},
    )


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
        bands=tuple(custom.bands),
    )


def _roles(found: FieldShape) -> frozenset[Role]:
    role = found.custom_properties.role
    if not found.primary_key:
        return frozenset({role})
    return frozenset({"key"}) if role == "private" else frozenset({"key", role})


def _grant(found: GrantShape) -> Grant:
    return Grant(
        id=found.id,
        department=found.department,
        resource=found.resource,
        purpose=text_of(found.purpose),
        legal_basis=found.legal_basis,
        duty=found.duty,
        mode=found.mode,
        valid_until=found.valid_until,
        agreement=found.agreement,
    )
