"""One way to open a SQLite file: WAL, patient, usable from one thread at a time."""

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from topics.errors import BrokerUnavailable

BUSY_MS = 30_000


def open_database(path: Path, schema: str) -> sqlite3.Connection:
    """Open (and create) a database; transactions are explicit. Raises BrokerUnavailable."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return _opened(path, schema)
    except (sqlite3.OperationalError, OSError) as error:
        what = (
            f"{path.name} of the embedded log cannot be opened ({getattr(error, 'strerror', None) or error})"
        )
        remedy = "may this user write there? is the disk full? may a process open more files (`ulimit -n`)?"
        raise BrokerUnavailable(what, where=str(path.parent), remedy=remedy) from None


def _opened(path: Path, schema: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False)
    try:
        with _alone(path.parent):
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.executescript(schema)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process of the folder at a time: a new file's change to WAL does not wait for a busy one."""
    with (folder / "open.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """One write transaction; rolled back when the block raises. Raises BrokerUnavailable if it fails."""
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        remedy = "is a worker or publisher paused in the middle of a write? wake it or end it"
        raise BrokerUnavailable(f"the embedded log cannot be written ({error})", remedy=remedy) from None
    try:
        yield connection
        connection.execute("COMMIT")
    except sqlite3.OperationalError as error:
        _roll_back(connection)
        remedy = "is the disk full? make room and start again"
        raise BrokerUnavailable(f"the embedded log cannot be written ({error})", remedy=remedy) from None
    except BaseException:
        _roll_back(connection)
        raise


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:  # SQLite has done it already where the disk failed
        connection.execute("ROLLBACK")
