"""Keys of a front node: the linkage key (shared by all front nodes) and the department's own.

A key is hex text in a file (NAME.key, mode 0600) or in an environment variable; the hub has neither.
Rule: a key is never printed, logged or put in an error.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from matchers.token import DEPARTMENT_KEY_BYTES, LINKAGE_KEY_BYTES
from topics.errors import KeyMissing

KEYS = "CROSSCHECK_KEYS"
KEY_VERSION = 1
LINKAGE = f"linkage-{KEY_VERSION}"


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Finds keys in the environment, then in `folder`; makes missing ones only where `generate` is set."""

    folder: Path
    generate: bool
    environment: Mapping[str, str] = field(repr=False)

    @classmethod
    def at(cls, data: Path, *, generate: bool) -> "KeyRing":
        """Keys in CROSSCHECK_KEYS, else in the data folder."""
        folder = os.environ.get(KEYS)
        return cls(Path(folder) if folder else data / "keys", generate, os.environ)

    def linkage(self) -> bytes:
        """The key that makes tokens. Raises KeyMissing."""
        return self._key(LINKAGE, "CROSSCHECK_LINKAGE_KEY", LINKAGE_KEY_BYTES)

    def department(self, department: str) -> bytes:
        """The key that seals a department's handles. Raises KeyMissing."""
        return self._key(department, f"CROSSCHECK_KEY_{department.upper()}", DEPARTMENT_KEY_BYTES)

    def holds(self, department: str) -> bool:
        """Whether the department's key is at hand."""
        return f"CROSSCHECK_KEY_{department.upper()}" in self.environment or self._path(department).exists()

    def made(self, departments: list[str]) -> list[str]:
        """Make the keys that are missing; their names."""
        return [name for name in (LINKAGE, *departments) if self._make(name)]

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.key"

    def _key(self, name: str, variable: str, size: int) -> bytes:
        text = self.environment.get(variable)
        place = variable if text else str(self._path(name))
        if text is None and self._path(name).exists():
            text = _read(self._path(name))
        if text is None and self.generate:
            self._make(name)
            text = _read(self._path(name))
        if text is None:
            raise KeyMissing(
                f"no key {name!r}",
                where=place,
                remedy=f"set {variable}, or put the key file there; `crosscheck keys` makes new ones",
            )
        return _parse(text, size, place)

    def _make(self, name: str) -> bool:
        """Write a new key, readable by its owner alone and whole from the first moment; False if there was one."""
        size = LINKAGE_KEY_BYTES if name == LINKAGE else DEPARTMENT_KEY_BYTES
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self._path(name).exists():
            return False
        aside = self.folder / f".{name}.{secrets.token_hex(4)}"
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(size) + "\n")
        try:
            self._path(name).hardlink_to(aside)
        except FileExistsError:
            return False
        finally:
            aside.unlink()
        return True


def _read(path: Path) -> str:
    """Text of a key file; a file of another kind reads as no key."""
    return path.read_bytes().decode("ascii", "replace")


def _parse(text: str, size: int, place: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != size:
        raise KeyMissing("not a key", where=place, remedy=f"a key is {size * 2} hexadecimal digits")
    return key
