"""A state folder looked at from outside, also while a worker uses it: nothing is written, nothing is locked.

Rules: what cannot be read is said (StateDamaged), never skipped. Must not know: what a rule makes of a subject.
"""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from rocksdict import AccessType

from stores.state import HALFWAY, LOG, META, POSITION, all_keys, open_folder
from stores.subjects import unpack
from topics.batch import TOKEN_BYTES
from topics.errors import NotFound, StateDamaged
from topics.facts import Subject

CHUNK = 1_000


class StoredState:
    """What a folder holds as of its last checkpoint. Use as a context manager."""

    def __init__(self, folder: Path) -> None:
        if not (folder / "CURRENT").exists():
            raise NotFound("no state here", where=str(folder), remedy="has a worker run with this --data?")
        self.folder = folder
        self._db = open_folder(folder, AccessType.read_only())
        try:
            log_id, position, meta, halfway = self._db.get([LOG, POSITION, META, HALFWAY])
        except Exception as error:
            self._db.close()
            raise self._damaged(error) from None
        self.log_id = (log_id or b"").decode()
        self.position = int(position or 0)
        self.meta: bytes | None = meta
        self.halfway = halfway is not None
        """A long step was broken off: its first part is stored, its position is not passed."""

    def __enter__(self) -> "StoredState":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(Exception):
            self._db.close()

    def _damaged(self, error: Exception) -> StateDamaged:
        remedy = "`crosscheck state rebuild`, or let a worker recover it"
        return StateDamaged(
            f"state cannot be read ({str(error)[:80]})", where=str(self.folder), remedy=remedy
        )

    def tokens(self) -> Iterator[bytes]:
        """Every stored subject's token, in order. Raises StateDamaged."""
        try:
            yield from (key for key in all_keys(self._db) if len(key) == TOKEN_BYTES)
        except Exception as error:
            raise self._damaged(error) from None

    def subjects(self) -> Iterator[tuple[bytes, Subject]]:
        """Every stored subject, decoded. Raises StateDamaged."""
        chunk: list[bytes] = []
        for token in self.tokens():
            chunk.append(token)
            if len(chunk) == CHUNK:
                yield from self._decoded(chunk)
                chunk = []
        yield from self._decoded(chunk)

    def _decoded(self, tokens: list[bytes]) -> Iterator[tuple[bytes, Subject]]:
        try:
            pairs = [(token, unpack(data)) for token, data in zip(tokens, self._db.get(tokens), strict=True)]
        except Exception as error:
            raise self._damaged(error) from None
        yield from pairs

    def get(self, token: bytes) -> Subject | None:
        """One subject."""
        data = self._db.get(token)
        return None if data is None else unpack(data)


def size_on_disk(folder: Path) -> int:
    """Bytes of a folder's files; those that vanish meanwhile count nothing."""
    total = 0
    for file in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            total += file.stat().st_size
    return total


def held(folder: Path) -> bool:
    """Whether another process has a state folder open.

    Takes the lock for an instant (a worker that starts just then tries again). Never to be asked by the process
    that holds it: closing the file gives a process's own lock up. Where there are no such locks, nobody can say.
    """
    lock = folder / "LOCK"
    if sys.platform == "win32" or not lock.exists():
        return False
    import fcntl

    with lock.open("rb+") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False
