"""Files of a catalog that nobody reads, and folders that are none: each a finding.

Rules: a rule that is silently not read is a rule silently not applied, so in resources/ and rules/ every file is read
or reported, elsewhere whatever looks like YAML; hidden files and a README are nobody's rule. A file is itself under
whatever name: a file system that takes RULES for rules has nothing reported twice.
Must not know: what is in a file.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from topics.catalog.source import finding
from topics.errors import CatalogError

_KEPT = ("resources", "rules")
_BESIDE = ("city.yml", "grants.yml")
_YAML = re.compile(r"\.ya?ml(\.txt)?$", re.IGNORECASE)
_README = re.compile(r"readme(\.\w+)?", re.IGNORECASE)


def listed(folder: Path) -> tuple[list[Path], CatalogError | None]:
    """What is in resources/ or rules/, by name; nothing where there is no such folder."""
    if not os.path.lexists(folder):
        return [], None
    if not folder.is_dir():
        remedy = f"make a folder {folder.name}/ of it, that holds one file for each"
        return [], finding(folder, 1, "this is no folder", remedy)
    try:
        return sorted(path for path in folder.iterdir() if not _hidden(path.name)), None
    except OSError as error:
        return [], finding(folder, 1, f"cannot list the folder ({error.strerror})", "check its permissions")


def without_rules(city: Path, packs: Iterable[Path]) -> list[CatalogError]:
    """A catalog with no rules/ anywhere: the folder is elsewhere, or has another name."""
    if any(os.path.lexists(folder / "rules") for folder in (city, *packs)):
        return []
    what = "no such folder, neither here nor in a pack: no rule would be applied"
    return [finding(city / "rules", 1, what, "make it, or include a rule pack in city.yml")]


def strays(folders: Sequence[Path], read: Iterable[Path]) -> list[CatalogError]:
    """The files in `folders`, a city and its packs, that should have been read and were not."""
    passed = {_itself(path) for path in read}
    passed |= {_itself(folder / "city.yml") for folder in folders}  # a pack may be a city too
    found: list[CatalogError] = []
    for path, remedy in _suspects(folders):
        if _itself(path) not in passed:
            passed.add(_itself(path))
            found.append(finding(path, 1, "this file is not read", remedy))
    return sorted(found, key=lambda stray: stray.where)


def _suspects(folders: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """Files that should have been read, and what to do with one that was not."""
    for kept in (folder / name for folder in folders for name in _KEPT):
        yield from ((p, _remedy_in(kept, p)) for p in _files(kept) if not _README.fullmatch(p.name))
    for folder in folders:
        yield from ((p, _remedy_beside(folder, p)) for p in _files(folder) if _YAML.search(p.name))


def _remedy_in(kept: Path, path: Path) -> str:
    if _YAML.search(path.name):
        name = _YAML.sub(".yml", path.name)
        return f"rename it to {name}" if path.parent == kept else f"move it to {kept.name}/{name}"
    return f"give it the ending .yml, or move it out of {kept.name}/"


def _remedy_beside(folder: Path, path: Path) -> str:
    name = _YAML.sub(".yml", path.name).lower()
    if path.parent == folder and name in _BESIDE:
        return f"rename it to {name}"
    return "move it to resources/ or rules/, with the ending .yml"


def _files(folder: Path) -> Iterator[Path]:
    """Every file under a folder but the hidden ones."""
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not _hidden(name)]
        yield from (Path(place, name) for name in names if not _hidden(name))


def _hidden(name: str) -> bool:
    """Also what editors leave beside the file they have open."""
    return name.startswith((".", "#")) or name.endswith("~")


def _itself(path: Path) -> object:
    """What is the same for every name of a file."""
    try:
        found = path.stat()
    except OSError:
        return path
    return found.st_dev, found.st_ino
