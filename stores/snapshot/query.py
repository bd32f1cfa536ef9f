"""Find the newest snapshot and open it: read-only, and shut in.

Rules: a query sees this snapshot and nothing else: no other file, no network, no extension, no Python
variable, no setting to change that. What it spills goes to the system's temporary folder, since the
snapshot's own is not to be written. Any number of readers at once.
"""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import duckdb

DATABASE = "crosscheck.duckdb"
PATTERN = re.compile(r"\d{8}T\d{6}\.\d{6}Z")

_SHUT_IN = (
    "SET TimeZone = 'UTC'",
    "SET python_enable_replacements = false",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)


class Column(NamedTuple):
    """One column of a snapshot, in words."""

    table: str
    about: str
    column: str
    type: str
    meaning: str


def newest(folder: Path) -> Path | None:
    """The newest whole snapshot under `folder`, or None."""
    if not folder.is_dir():
        return None
    whole = (path for path in folder.iterdir() if PATTERN.fullmatch(path.name) and is_whole(path))
    return max(whole, key=lambda path: path.name, default=None)


def is_whole(path: Path) -> bool:
    """Whether a folder holds a snapshot."""
    return (path / DATABASE).is_file()


@contextmanager
def opened(snapshot: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reads one snapshot. Raises duckdb.Error.

    Attached to an instance of its own: connections to one file share an instance and its locked settings.
    """
    with (
        TemporaryDirectory(prefix="crosscheck-sql-") as spill,
        closing(duckdb.connect(config={"temp_directory": spill})) as db,
    ):
        db.execute(f"ATTACH {quoted(snapshot / DATABASE)} AS snapshot (READ_ONLY)")
        db.execute("USE snapshot")
        for setting in _SHUT_IN:
            db.execute(setting)
        yield db


def quoted(path: Path) -> str:
    """A path as a literal of SQL."""
    return "'" + str(path).replace("'", "''") + "'"


def columns(snapshot: Path) -> list[Column]:
    """Every column of every table, in the order of the schema."""
    with opened(snapshot) as db:
        rows = db.execute(
            "SELECT c.table_name, coalesce(t.comment, ''), c.column_name, c.data_type, coalesce(c.comment, '') "
            "FROM duckdb_columns() c JOIN duckdb_tables() t USING (table_oid) "
            "WHERE c.database_name = 'snapshot' AND NOT c.internal ORDER BY c.table_oid, c.column_index"
        ).fetchall()
    return [Column(*row) for row in rows]
