"""The files of a catalog folder, each read and brought into shape, with what did not fit.

    city.yml    grants.yml    resources/<department>.<name>.yml    rules/<id>.yml

A city may include rule packs: folders with grants.yml, resources/ and rules/ of their own.
Rules: every file of these names is read. Must not know: cross references between files (topics.catalog.checks),
which of the others should have been read (topics.catalog.strays).
"""

from dataclasses import dataclass, field
from os.path import lexists, normpath
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel

from topics.catalog.faults import shape
from topics.catalog.shapes import CityShape, GrantsShape, ResourceShape, RuleShape
from topics.catalog.source import Source, finding, read_source
from topics.catalog.strays import listed, strays, without_rules
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
    grants: list[Document[GrantsShape]] = field(default_factory=list)
    resources: list[Document[ResourceShape]] = field(default_factory=list)
    rules: list[Document[RuleShape]] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    read: set[Path] = field(default_factory=set)
    folders: list[Path] = field(default_factory=list)
    findings: list[CatalogError] = field(default_factory=list)


def read_folder(folder: Path) -> Documents:
    """Every file of `folder`. Never raises for what it holds."""
    found = Documents(folder)
    if not folder.is_dir():
        found.findings.append(finding(folder, 1, "no such folder", "name a folder that holds a city.yml"))
        return found
    city = found.city = _read(found, folder / "city.yml", CityShape)
    _read_pack(found, folder)
    if city is not None:
        for i, name in enumerate(city.shape.includes):
            _include(found, city, i, name)
        if len(found.folders) == 1 + len(city.shape.includes):  # else a pack is what is missing
            found.findings += without_rules(folder, found.folders)
    found.findings += strays(found.folders, found.read)
    return found


def _include(found: Documents, city: Document[CityShape], i: int, name: str) -> None:
    pack = Path(normpath(found.folder / name))
    if not pack.is_dir():
        what, remedy = f"no folder {name!r} beside this file", "name the folder of a rule pack"
    elif any(pack.samefile(folder) for folder in found.folders):
        what, remedy = f"the folder {name!r} is read already", "remove it from includes"
    elif not any(lexists(pack / part) for part in ("grants.yml", "resources", "rules")):
        what, remedy = f"nothing of a rule pack is in {name!r}", "name the folder that holds its rules/"
    else:
        _read_pack(found, pack)
        return
    found.findings.append(city.source.finding(("includes", i), what, remedy))


def _read_pack(found: Documents, folder: Path) -> None:
    found.folders.append(folder)
    if lexists(folder / "grants.yml"):
        grants = _read(found, folder / "grants.yml", GrantsShape)
        found.grants += [grants] if grants else []
    found.resources += _read_all(found, folder / "resources", ResourceShape)
    found.rules += _read_all(found, folder / "rules", RuleShape)


def read_rule_file(found: Documents, path: Path) -> Document[RuleShape] | None:
    """One more rule, from anywhere; None where it does not fit, which is then among the findings."""
    return _read(found, path, RuleShape)


def _read(found: Documents, path: Path, model: type[S]) -> Document[S] | None:
    found.read.add(path)
    source = read_source(path)
    found.findings += source.findings
    readable = source.data is not None and not source.findings  # else what it says is a guess
    fitted, faults = shape(model, source) if readable else (None, [])
    found.findings += faults
    if fitted is None:
        found.broken.add(path.stem)
        return None
    return Document(source, fitted)


def _read_all(found: Documents, folder: Path, model: type[S]) -> list[Document[S]]:
    paths, fault = listed(folder)
    found.findings += [fault] if fault else []
    read = (_read(found, path, model) for path in paths if path.suffix == ".yml")
    return [document for document in read if document is not None]
