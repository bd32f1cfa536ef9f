"""Write one snapshot: built aside, checkpointed, closed, made read-only, renamed into place.

Rules: nobody sees half a snapshot, whatever happens to the writer; rows travel as NDJSON (100,000 in about
a second). `STORAGE_VERSION 'v1.2.0'` keeps the file readable for DuckDB 1.2 and everything newer.
"""

import re
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import mkdtemp

import duckdb
import msgspec

from stores.snapshot.query import DATABASE, PATTERN, quoted
from stores.snapshot.rows import SnapshotContent
from topics.errors import StateError

STORAGE = "v1.2.0"
SCHEMA = Path(__file__).with_name("schema.sql")
ASIDE = ".building-"
ABANDONED_SECONDS = 3600.0
"""A folder under construction for longer than this belonged to a writer that died."""

_CHUNK = 50_000
_TYPED = re.compile(r"\b(BIGINT|BOOLEAN|DOUBLE|TIMESTAMP WITH TIME ZONE)\b")


def write(folder: Path, content: SnapshotContent) -> Path:
    """Write a snapshot into a new folder under `folder`, named by its time. Raises StateError."""
    target = folder / name_of(content.meta.made_at)
    if target.exists():
        raise StateError("there is such a snapshot already", where=str(target), remedy="make it again")
    folder.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    with _aside(folder) as built:
        _build(built, content)
        for file in built.iterdir():
            file.chmod(0o444)
        built.chmod(0o755)
        built.rename(target)
    return target


def name_of(made_at: str) -> str:
    """Folder name for a time in UTC (ISO 8601): sorts by time. Raises StateError."""
    name = re.sub(r"[-:]", "", made_at.removesuffix("+00:00")) + "Z"
    if not PATTERN.fullmatch(name):
        raise StateError(f"not a time in UTC with microseconds: {made_at}", remedy="this is a bug: report it")
    return name


@contextmanager
def _aside(folder: Path) -> Iterator[Path]:
    """A folder that readers never look into; gone afterwards unless it was renamed."""
    built = Path(mkdtemp(prefix=ASIDE, dir=folder))
    try:
        yield built
    finally:
        shutil.rmtree(built, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Remove what killed writers left behind."""
    for left in folder.glob(f"{ASIDE}*"):
        if time.time() - left.stat().st_mtime > ABANDONED_SECONDS:
            shutil.rmtree(left, ignore_errors=True)


def _build(folder: Path, content: SnapshotContent) -> None:
    with closing(duckdb.connect()) as db:
        db.execute("SET TimeZone = 'UTC'")
        db.execute(f"ATTACH {quoted(folder / DATABASE)} AS snapshot (STORAGE_VERSION '{STORAGE}')")
        db.execute("USE snapshot")
        db.execute(SCHEMA.read_text("utf-8"))
        for table, rows in content.tables().items():
            _load(db, folder, table, rows)
            parquet = quoted(folder / f"{table}.parquet")
            db.execute(f"COPY {table} TO {parquet} (FORMAT parquet, COMPRESSION zstd)")
        db.execute("CHECKPOINT snapshot")
        db.execute("USE memory")
        db.execute("DETACH snapshot")


def _load(db: duckdb.DuckDBPyConnection, folder: Path, table: str, rows: Sequence[msgspec.Struct]) -> None:
    """Rows to NDJSON to the table. Everything is read as text and cast, so that a wild value is a NULL."""
    lines = folder / f"{table}.ndjson"
    _write_lines(lines, rows)
    types = dict(_types(db, table))
    columns = {name: _TYPED.sub("VARCHAR", kind) for name, kind in types.items()}
    cast = ", ".join(f'TRY_CAST("{name}" AS {kind})' for name, kind in types.items())
    read = db.read_json(str(lines), format="newline_delimited", columns=columns)
    read.project(cast).insert_into(table)
    lines.unlink()


def _write_lines(path: Path, rows: Sequence[msgspec.Struct]) -> None:
    encoder = msgspec.json.Encoder()
    with path.open("wb") as file:
        for start in range(0, len(rows), _CHUNK):
            file.write(encoder.encode_lines(rows[start : start + _CHUNK]))


def _types(db: duckdb.DuckDBPyConnection, table: str) -> list[tuple[str, str]]:
    return db.execute(
        "SELECT column_name, data_type FROM duckdb_columns() "
        "WHERE database_name = 'snapshot' AND table_name = ? ORDER BY column_index",
        [table],
    ).fetchall()
