"""What a front node remembers of a resource: what it last published, and what waits to be sent.

One SQLite file per resource. What was published and the batches that say so are written in one transaction,
so a crash can neither forget a change nor number a batch twice; unsent batches go out on the next run under
the numbers they have. What is new is written one behind the other (`recent`) and now and then sorted into
`published`: handles come in no order, and putting each in its place at once would write a page a record.
Holds handles, digests and tokens; no raw value.
"""

import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import NamedTuple

import msgspec

from streams.publisher.seen import Seen
from topics.errors import StateError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS published (
    handle TEXT PRIMARY KEY, digest BLOB NOT NULL, subjects BLOB NOT NULL, met INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS recent (
    id INTEGER PRIMARY KEY, handle TEXT NOT NULL, digest BLOB NOT NULL, subjects BLOB NOT NULL, met INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT, bucket INTEGER NOT NULL, name TEXT NOT NULL, message BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""
_VERSIONS_PER_EPOCH = 1 << 31

RECENT = 300_000
"""Records written one behind the other before they are sorted in; their places are kept in memory (70 MB)."""

_SORT_IN = """
INSERT OR REPLACE INTO published SELECT handle, digest, subjects, met FROM recent ORDER BY handle, id;
DELETE FROM recent;
"""

_AMONG_RECENT = """
SELECT handle, digest, subjects, met FROM recent WHERE id IN (SELECT value FROM json_each(?))
"""
_AMONG_PUBLISHED = """
SELECT handle, digest, subjects, met FROM published WHERE handle IN (SELECT value FROM json_each(?))
"""

_FORGET = ("DELETE FROM published", "DELETE FROM recent", "DELETE FROM outbox", "DELETE FROM counters")

_CACHE_KB = 65_536

Subjects = tuple[tuple[str, bytes], ...]

_pack = msgspec.msgpack.encode
_unpack = msgspec.msgpack.Decoder(Subjects).decode


class Published(NamedTuple):
    """What was last published under a handle; `met`: the number of the last full run that met it."""

    digest: bytes
    subjects: Subjects
    met: int


class Waiting(NamedTuple):
    """A batch in the outbox."""

    id: int
    bucket: int
    name: str
    message: bytes


def _open(path: Path) -> sqlite3.Connection:
    """Open for one run alone: two runs at once would number batches twice. Raises StateError."""
    database = sqlite3.connect(path, timeout=1, isolation_level=None)
    try:
        database.execute("PRAGMA locking_mode=EXCLUSIVE")
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        database.execute(f"PRAGMA cache_size=-{_CACHE_KB}")
        database.executescript(_SCHEMA)
        database.executescript("BEGIN IMMEDIATE; COMMIT")
    except sqlite3.DatabaseError as error:
        database.close()
        remedy = (
            "wait for the other publish of this resource; if there is none, restore the file from a backup"
        )
        raise StateError(f"memory cannot be used ({error})", where=str(path), remedy=remedy) from None
    return database


class FrontMemory:
    """The memory of one resource. Changes wait for `commit`."""

    def __init__(self, path: Path, *, now: int | None = None) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._db = _open(path)
        self._counters: dict[str, int] = dict(self._db.execute("SELECT name, value FROM counters"))
        # A memory that was lost begins a new epoch, later than any before it.
        self.epoch = self._counters.setdefault("epoch", int(time.time()) if now is None else now)
        self._recent: dict[str, int] = {}
        self._sort_in()
        empty = self._db.execute("SELECT 1 FROM published LIMIT 1").fetchone() is None
        self._seen = Seen() if empty else None
        """What was published, as long as all of it was published by this process."""

    def renew(self) -> None:
        """Begin a new epoch and forget what was published: everything will be sent again."""
        self._counters = {"epoch": max(int(time.time()), self.epoch + 1)}
        self.epoch = self._counters["epoch"]
        with self.commit():
            for statement in _FORGET:
                self._db.execute(statement)
        self._recent.clear()
        self._seen = Seen()

    def version(self) -> int:
        """The next version: grows with every change, over epochs too."""
        self._counters["version"] = self._counters.get("version", 0) + 1
        return self.epoch * _VERSIONS_PER_EPOCH + self._counters["version"]

    def number(self, bucket: int) -> int:
        """The next batch number of a bucket, from 1."""
        name = f"bucket-{bucket}"
        self._counters[name] = self._counters.get(name, 0) + 1
        return self._counters[name]

    @property
    def run(self) -> int:
        """The number of the current full run."""
        return self._counters.get("run", 0)

    def begin(self) -> None:
        """Begin a full run: nothing has been met yet."""
        self._counters["run"] = self.run + 1

    def find(self, handles: Sequence[str]) -> dict[str, Published]:
        """What was published under each handle."""
        wanted = handles if self._seen is None else self._seen.perhaps(handles)
        rowids = [self._recent[handle] for handle in wanted if handle in self._recent]
        older = sorted(handle for handle in wanted if handle not in self._recent)
        return dict(self._select(_AMONG_RECENT, rowids)) | dict(self._select(_AMONG_PUBLISHED, older))

    def _select(self, query: str, values: Sequence[str | int]) -> Iterator[tuple[str, Published]]:
        rows = self._db.execute(query, (msgspec.json.encode(values).decode(),)) if values else ()
        for handle, digest, subjects, met in rows:
            yield handle, Published(digest, _unpack(subjects), met)

    def unmet(self) -> list[tuple[str, Published]]:
        """What was published and has not been met in this run."""
        self._sort_in()
        query = "SELECT handle, digest, subjects, met FROM published WHERE met <> ? ORDER BY handle"
        rows = self._db.execute(query, (self.run,))
        return [(h, Published(digest, _unpack(s), met)) for h, digest, s, met in rows]

    def count(self) -> int:
        """Records published."""
        self._sort_in()
        return int(self._db.execute("SELECT count(*) FROM published").fetchone()[0])

    def _sort_in(self) -> None:
        """Bring what is recent to its place, in a transaction of its own if none is open."""
        if self._db.execute("SELECT 1 FROM recent LIMIT 1").fetchone() is None:
            return
        script = [statement for statement in _SORT_IN.split(";") if statement.strip()]
        for statement in script if self._db.in_transaction else ("BEGIN IMMEDIATE", *script, "COMMIT"):
            self._db.execute(statement)
        self._recent.clear()

    @contextmanager
    def commit(self) -> Iterator["FrontMemory"]:
        """One transaction around what was published and the batches that say so."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self
            self._db.executemany("INSERT OR REPLACE INTO counters VALUES (?, ?)", self._counters.items())
        except BaseException:
            self._db.execute("ROLLBACK")
            self._recent = dict(self._db.execute("SELECT handle, id FROM recent"))
            raise
        self._db.execute("COMMIT")

    def note(self, met: Iterable[str]) -> None:
        """Note handles as met in this run. Inside `commit`."""
        run = self.run
        self._db.executemany(
            "UPDATE published SET met = ? WHERE handle = ?", ((run, handle) for handle in met)
        )

    def publish(self, published: Mapping[str, Published | None]) -> None:
        """Note what is published from now on; None: nothing any more. Inside `commit`."""
        kept = [(h, p.digest, _pack(p.subjects), p.met) for h, p in published.items() if p is not None]
        gone = [(h,) for h, p in published.items() if p is None]
        if gone or len(self._recent) > RECENT:
            self._sort_in()
        self._db.executemany("DELETE FROM published WHERE handle = ?", gone)
        last = self._db.execute("SELECT coalesce(max(id), 0) FROM recent").fetchone()[0]
        self._db.executemany("INSERT INTO recent (handle, digest, subjects, met) VALUES (?, ?, ?, ?)", kept)
        self._recent.update(zip((row[0] for row in kept), count(last + 1), strict=False))
        if self._seen is not None:
            self._seen.note(row[0] for row in kept)

    def queue(self, batches: Iterable[tuple[int, str, bytes]]) -> None:
        """Put encoded batches in the outbox. Inside `commit`."""
        self._db.executemany("INSERT INTO outbox (bucket, name, message) VALUES (?, ?, ?)", batches)

    def waiting(self) -> list[Waiting]:
        """The outbox, in order."""
        return [Waiting(*row) for row in self._db.execute("SELECT * FROM outbox ORDER BY id")]

    def sent(self, last: int) -> None:
        """Forget batches up to id `last`: the log has them."""
        self._db.execute("DELETE FROM outbox WHERE id <= ?", (last,))

    def close(self) -> None:
        """Close the file."""
        self._db.close()
