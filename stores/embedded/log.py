"""Topics of the embedded log: append and read, by topic, partition and offset.

Rules: offsets of a partition have no gaps; a record, once appended, never changes. Calls block (milliseconds):
callers on an event loop use a thread.
"""

import contextlib
import json
import sqlite3
import time
import uuid
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock

from stores.embedded.sqlite import open_database, writing
from topics.errors import BrokerUnavailable
from topics.records import Headers, Record, StoredRecord

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS records (
    id INTEGER PRIMARY KEY,  -- partition << 40 | offset
    timestamp INTEGER NOT NULL, key BLOB, value BLOB NOT NULL, headers BLOB
);
"""
_SHIFT = 40
_MASK = (1 << _SHIFT) - 1


class _Topic:
    """One topic's file: a connection to write and one to read, so that changes by anyone show.

    The one to write is opened by the first append: each has two or three files open, and a city has 175 topics, few of
    which a process writes.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = Lock()
        self.reader = open_database(path, _SCHEMA)
        self.partitions = 0

    @cached_property
    def writer(self) -> sqlite3.Connection:
        """Use within `lock`."""
        return open_database(self.path, _SCHEMA)

    def declared(self) -> int:
        """Number of partitions as the file says; 0 until it is said."""
        row = self.reader.execute("SELECT value FROM meta WHERE name = 'partitions'").fetchone()
        return int(row[0]) if row else 0

    def version(self) -> int:
        """Changes whenever any process has appended."""
        return int(self.reader.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        if "writer" in self.__dict__:
            self.writer.close()
        self.reader.close()


def _end(connection: sqlite3.Connection, partition: int) -> int:
    low, high = partition << _SHIFT, (partition + 1) << _SHIFT
    row = connection.execute("SELECT max(id) FROM records WHERE id >= ? AND id < ?", (low, high)).fetchone()
    return 0 if row[0] is None else (row[0] & _MASK) + 1


def _pack(headers: Headers) -> bytes | None:
    return json.dumps([(name, value.decode()) for name, value in headers]).encode() if headers else None


def _unpack(headers: bytes | None) -> Headers:
    return tuple((name, value.encode()) for name, value in json.loads(headers)) if headers else ()


class EmbeddedLog:
    """The log in a folder. One instance per process; safe for several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._topics: dict[str, _Topic] = {}
        self._lock = Lock()
        self.log_id = self._identity()

    def _identity(self) -> str:
        """Given once, whole or not at all, whichever process comes first."""
        path = self._folder / "log-id"
        self._folder.mkdir(parents=True, exist_ok=True)
        if not path.exists() or not path.stat().st_size:
            aside = self._folder / f"log-id.{uuid.uuid4().hex}"
            aside.write_text(uuid.uuid4().hex)
            if path.exists():
                aside.replace(path)  # left empty by a process that died
            else:
                with contextlib.suppress(FileExistsError):
                    path.hardlink_to(aside)
                aside.unlink()
        return path.read_text()

    def create(self, topic: str, partitions: int) -> None:
        """Declare a topic; declaring it again is no change."""
        entry = self._entry(topic, create=True)
        with entry.lock, writing(entry.reader) as db:  # to declare is no change that anybody waits for
            db.execute("INSERT OR IGNORE INTO meta VALUES ('partitions', ?)", (str(partitions),))
        entry.partitions = 0

    def topics(self) -> list[str]:
        """Names of all topics."""
        return sorted(path.stem for path in self._folder.glob("*.topic"))

    def partitions(self, topic: str) -> int:
        """Number of partitions; 0 for a topic that does not exist."""
        if topic not in self._topics and not self._path(topic).exists():
            return 0
        entry = self._entry(topic)
        if not entry.partitions:  # read again: another process may be just creating it
            with entry.lock:
                entry.partitions = entry.declared()
        return entry.partitions

    def _path(self, topic: str) -> Path:
        return self._folder / f"{topic}.topic"

    def _entry(self, topic: str, *, create: bool = False) -> _Topic:
        with self._lock:
            entry = self._topics.get(topic)
            if entry is None:
                if not create and not self._path(topic).exists():
                    raise BrokerUnavailable(
                        f"no topic {topic}", where=str(self._folder), remedy="start `crosscheck worker` once"
                    )
                entry = self._topics[topic] = _Topic(self._path(topic))
            return entry

    def append(self, topic: str, partition: int, records: Iterable[Record]) -> int:
        """Append records in order, all or none; the offset of the first."""
        entry = self._entry(topic)
        now = int(time.time() * 1000)
        with entry.lock, writing(entry.writer) as db:
            first = _end(db, partition)
            rows = (
                (partition << _SHIFT | offset, now, record.key, record.value, _pack(record.headers))
                for offset, record in enumerate(records, first)
            )
            db.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?)", rows)
        return first

    def end(self, topic: str, partition: int) -> int:
        """The offset that the next record will have."""
        entry = self._entry(topic)
        with entry.lock:
            return _end(entry.reader, partition)

    def version(self, topic: str) -> int:
        """A number that changes whenever something was appended to the topic."""
        entry = self._entry(topic)
        with entry.lock:
            return entry.version()

    def read(self, topic: str, partition: int, offset: int, limit: int) -> Sequence[StoredRecord]:
        """Up to `limit` records from `offset` on."""
        entry = self._entry(topic)
        low, high = partition << _SHIFT | offset, (partition + 1) << _SHIFT
        query = (
            "SELECT id, timestamp, key, value, headers FROM records"
            " WHERE id >= ? AND id < ? ORDER BY id LIMIT ?"
        )
        with entry.lock:
            rows = entry.reader.execute(query, (low, high, limit)).fetchall()
        return [
            StoredRecord(topic, partition, id_ & _MASK, timestamp, key, value, _unpack(headers))
            for id_, timestamp, key, value, headers in rows
        ]

    def close(self) -> None:
        """Close every file."""
        with self._lock:
            for entry in self._topics.values():
                entry.close()
            self._topics.clear()
