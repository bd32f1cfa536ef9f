"""The files of a catalog folder, each read and brought into shape, with what did not fit.

    city.yml    grants.yml    resources/<department>.<name>.yml    rules/<id>.yml

Rules: a stray file is a finding, since a file that is silently not read is a rule silently not applied.
Must not know: cross references between files (topics.catalog.checks).
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel

from topics.catalog.faults import shape
from topics.catalog.shapes import CityShape, GrantsShape, ResourceShape, RuleShape
from topics.catalog.source import Source, finding, read_source
from topics.errors import CatalogError

S = TypeVar("S", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Document(Generic[S]):
    """One file that fits its shape."""

    source: Source
    shape: S


@dataclass(slots=True)
class Documents:
    """What a folder holds. `broken` names files that did not fit: references to them are no second fault."""

    folder: Path
    city: Document[CityShape] | None = None
    grants: Document[GrantsShape] | None = None
    resources: list[Document[ResourceShape]] = field(default_factory=list)
    rules: list[Document[RuleShape]] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    findings: list[CatalogError] = field(default_factory=list)


def read_folder(folder: Path) -> Documents:
    """Every file of `folder`. Never raises for what it holds."""
    found = Documents(folder)
    if not folder.is_dir():
        found.findings.append(finding(folder, 1, "no such folder", "name a folder that holds a city.yml"))
        return found
    found.city = _read(found, folder / "city.yml", CityShape)
    if (folder / "grants.yml").exists():
        found.grants = _read(found, folder / "grants.yml", GrantsShape)
    found.resources = _read_all(found, "resources", ResourceShape)
    found.rules = _read_all(found, "rules", RuleShape)
    found.findings += _strays(folder)
    return found


def _read(found: Documents, path: Path, model: type[S]) -> Document[S] | None:
    source = read_source(path)
    found.findings += source.findings
    fitted, faults = shape(model, source) if source.data is not None else (None, [])
    found.findings += faults
    if fitted is None:
        found.broken.add(path.stem)
        return None
    return Document(source, fitted)


def _read_all(found: Documents, kind: str, model: type[S]) -> list[Document[S]]:
    paths = sorted((found.folder / kind).glob("*.yml"))
    read = (_read(found, path, model) for path in paths)
    return [document for document in read if document is not None]


def _strays(folder: Path) -> list[CatalogError]:
    expected = {folder / "city.yml", folder / "grants.yml"}
    expected |= {*(folder / "resources").glob("*.yml"), *(folder / "rules").glob("*.yml")}
    present = {path for path in folder.rglob("*.y*ml") if path.is_file()}
    return [
        finding(path, 1, "this file is not read", "move it to resources/ or rules/, with the ending .yml")
        for path in sorted(present - expected)
    ]
