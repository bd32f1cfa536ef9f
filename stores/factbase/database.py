"""A fact base: rows go in as they were told, `finish` makes versions of them, then it can be asked.

Rules: rows travel to DuckDB as JSON, a good many batches at a time (300,000 rows a second); what is noted of a
partition (business dates, deliveries, rules) is written at the end. A file that was not finished is refused.
Must not know: rules' queries, how the log is read.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import duckdb
import msgspec

from topics.batch import ChangeBatch, Row
from topics.calendar import FIRST, LAST, Calendar
from topics.codec import encode
from topics.control import RuleChange
from topics.errors import StateError
from topics.facts import FOREVER
from topics.limits import MAX_FACTS

Parameters = Sequence[object] | Mapping[str, object]

_FOLDER = Path(__file__).parent
_TABLES = ("told", "versions", "delivered", "replaced", "days", "terms", "ends", "finished")
_CHUNK = 50_000
"""Rows that travel together."""

_BATCHES = """[{"bucket": "INTEGER", "position": "BIGINT", "resource": "VARCHAR", "epoch": "BIGINT",
    "seq": "BIGINT", "rows": ["JSON"]}]"""

_TAKE = """
INSERT INTO told
SELECT bucket, position, number, resource, epoch, seq, r ->> 0, r ->> 1, (r ->> 2)::BIGINT, r ->> 3,
    from_base64(r ->> 4),
    coalesce((r ->> 5)::DATE - DATE '0001-01-01' + 1, 1),
    if(r ->> 5 IS NULL, 0, coalesce((r ->> 6)::DATE - DATE '0001-01-01' + 1, $forever)),
    coalesce((r -> 7)::MAP(VARCHAR, VARCHAR), MAP {})
FROM (SELECT b.* EXCLUDE rows, unnest(b.rows) AS r, generate_subscripts(b.rows, 1)::INTEGER AS number
      FROM (SELECT unnest(from_json($told, $types)) AS b))
"""

_NOTES = {
    "delivered": '{"bucket": "INTEGER", "resource": "VARCHAR", "since": "BIGINT"}',
    "replaced": '{"bucket": "INTEGER", "resource": "VARCHAR", "epoch": "BIGINT", "seq": "BIGINT",'
    ' "position": "BIGINT"}',
    "days": '{"bucket": "INTEGER", "position": "BIGINT", "day": "INTEGER"}',
    "terms": '{"bucket": "INTEGER", "rule": "VARCHAR", "since": "BIGINT", "until": "BIGINT", "change": "VARCHAR"}',
    "ends": '{"bucket": "INTEGER", "position": "BIGINT"}',
}
"""What is noted of partitions beside rows, and its types as it travels."""

_COUNT_DAYS = """
INSERT INTO working_days
SELECT $name, day, sum(works::INTEGER) OVER (ORDER BY day ROWS UNBOUNDED PRECEDING)::INTEGER, works
FROM (SELECT day::INTEGER AS day, ((day + 6) % 7 < 5 AND day NOT IN (SELECT unnest($off)))
      OR day IN (SELECT unnest($worked)) AS works FROM range($first, $last + 1) t(day))
"""


class _Told(msgspec.Struct):
    bucket: int
    position: int
    resource: str
    epoch: int
    seq: int
    rows: list[Row]


class FactBase:
    """One fact base: create, append and note, finish; or open. Then query. Close it in the end."""

    def __init__(self, db: duckdb.DuckDBPyConnection) -> None:
        self._db = db
        self._told: list[_Told] = []
        self._rows = 0
        self._noted: dict[str, list[dict[str, object]]] = {}
        self._calendars: set[str] = set()
        db.execute(_script("session.sql"))

    @classmethod
    def create(cls, path: Path | None = None, *, threads: int | None = None) -> Self:
        """A new fact base in a file of its own, or in memory. Raises StateError if there is such a file."""
        if path is not None and path.exists():
            raise StateError("there is such a fact base already", where=str(path), remedy="delete it first")
        db = duckdb.connect(str(path or ":memory:"), config={"threads": threads} if threads else {})
        db.execute(_script("schema.sql"))
        return cls(db)

    @classmethod
    def open(cls, path: Path) -> Self:
        """A finished fact base, to be asked. Raises StateError if it is none."""
        try:
            base = cls(duckdb.connect(str(path), read_only=True))
            finished = base.query("FROM finished")
        except duckdb.Error as error:
            what = f"not a fact base ({type(error).__name__})"
            raise StateError(what, where=str(path), remedy="make it again") from None
        if not finished:
            base.close()
            raise StateError("a fact base that was not finished", where=str(path), remedy="make it again")
        return base

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def append(self, bucket: int, position: int, batch: ChangeBatch, rows: list[Row]) -> None:
        """Take in the rows of a batch that was new at `position` of partition `bucket`."""
        self._told.append(_Told(bucket, position, batch.resource, batch.epoch, batch.seq, rows))
        self._rows += len(rows)
        if self._rows >= _CHUNK:
            self._take()

    def _take(self) -> None:
        if self._told:
            values = {"told": encode(self._told).decode(), "types": _BATCHES, "forever": FOREVER}
            self._db.execute(_TAKE, values)
        self._told, self._rows = [], 0

    def note_day(self, bucket: int, position: int, day: int) -> None:
        """From `position` on it was business date `day`; days only grow."""
        self._note("days", bucket=bucket, position=position, day=day)

    def note_delivered(self, bucket: int, position: int, resource: str) -> None:
        """From `position` on a resource counted as delivered in full."""
        self._note("delivered", bucket=bucket, resource=resource, since=position)

    def note_replaced(self, bucket: int, position: int, batch: ChangeBatch) -> None:
        """With `batch` a full run of its epoch had arrived whole: older facts of the resource ended."""
        row = {"resource": batch.resource, "epoch": batch.epoch, "seq": batch.seq}
        self._note("replaced", bucket=bucket, position=position, **row)

    def note_term(self, bucket: int, since: int, until: int | None, change: RuleChange) -> None:
        """`change` was the last word on its rule from `since` to `until`."""
        row = {"rule": change.rule.id, "change": encode(change).decode()}
        self._note("terms", bucket=bucket, since=since, until=until, **row)

    def note_end(self, bucket: int, position: int) -> None:
        """`position` is the last that was read of a partition."""
        self._note("ends", bucket=bucket, position=position)

    def _note(self, table: str, **row: object) -> None:
        self._noted.setdefault(table, []).append(row)

    def finish(self) -> None:
        """Make versions of what was told; from here on it can be asked."""
        self._take()
        for table, rows in self._noted.items():
            found = f"SELECT unnest(from_json(?, '[{_NOTES[table]}]'), max_depth := 2)"
            self._db.execute(f"INSERT INTO {table} BY NAME {found}", [encode(rows).decode()])
        self._noted = {}
        self._db.execute(f"SET VARIABLE most = {MAX_FACTS}")
        self._db.execute(_script("versions.sql"))

    def clear(self) -> None:
        """Forget everything, to be filled again."""
        self._told, self._rows, self._noted = [], 0, {}
        for table in _TABLES:
            self._db.execute(f"TRUNCATE {table}")

    def know_calendar(self, name: str, calendar: Calendar) -> None:
        """Put a calendar at the disposal of queries, once."""
        if name not in self._calendars:
            off, worked = list(calendar.off), list(calendar.worked)
            days = {"name": name, "off": off, "worked": worked, "first": FIRST, "last": LAST}
            self._db.execute(_COUNT_DAYS, days)
            self._calendars.add(name)

    def query(self, sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """Rows of one statement. Raises duckdb.Error."""
        return self._db.execute(sql, parameters).fetchall()


def _script(name: str) -> str:
    return _FOLDER.joinpath(name).read_text("utf-8")
