"""`crosscheck snapshot` and `crosscheck sql`: make an immutable snapshot, and ask the newest one.

Exit codes beyond those of streams.cli.screen: 2 where DuckDB refuses the query.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import orjson
import typer
from rich import box
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from streams.cli.screen import (
    Broker,
    CatalogFolder,
    Data,
    Json,
    console,
    err,
    out,
    printable,
    run,
    write_json,
)
from streams.settings import Settings
from streams.transport.port import connect
from topics.catalog import Catalog, load_catalog
from topics.errors import NotFound
from topics.names import topic_specs

if TYPE_CHECKING:
    import duckdb

    from stores.snapshot import SnapshotContent

WRONG_QUERY = 2
ASK = 'ask it: crosscheck sql "FROM rule_precision"'
ROWS_SHOWN = 500
"""Rows of a table on the screen; --json writes all."""
_CHUNK = 5_000
_MAX_INT = 2**63


def snapshot(
    broker: Broker = None, data: Data = None, catalog: CatalogFolder = None, json: Json = False
) -> None:
    """Write an immutable snapshot for analysts: DuckDB and Parquet (快照)."""
    from stores.snapshot import write
    from streams.readers.snapshot import shelf

    settings = Settings.resolve(broker, data, catalog)
    loaded = load_catalog(settings.catalog)
    started = time.perf_counter()
    with err.status("reading the log") as status:
        content = run(_gather(settings, loaded))
        status.update("writing the snapshot")
        made = write(shelf(settings.data), content)
    _report(made, content, time.perf_counter() - started, json)


async def _gather(settings: Settings, catalog: Catalog) -> "SnapshotContent":
    from streams.readers.snapshot import gather

    async with connect(settings.broker) as log:
        if settings.embedded:
            await log.ensure(topic_specs(catalog))
        return await gather(log, catalog)


def _report(made: Path, content: "SnapshotContent", seconds: float, json: bool) -> None:
    rows = {table: len(held) for table, held in content.tables().items() if table != "meta"}
    if json:
        write_json({"snapshot": str(made), "made_at": content.meta.made_at, "rows": rows})
        return
    out.print(str(made))
    out.print("  " + ", ".join(f"{table} {number:,}" for table, number in rows.items()))
    err.print(f"made in {seconds:.1f} s; {ASK}")


def sql(
    query: Annotated[str | None, typer.Argument(help="SQL; none: list tables and columns")] = None,
    snapshot: Annotated[
        Path | None, typer.Option("--snapshot", help="folder of a snapshot (default: the newest)")
    ] = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Ask the newest snapshot, read-only (分析员查询)."""
    import duckdb

    from streams.readers.snapshot import shelf

    place = _place(snapshot, shelf(Settings.resolve(None, data).data))
    try:
        if query and query.strip():
            _answer(place, query, json)
        else:
            _list(place, json)
    except duckdb.Error as error:
        err.print(f"error: {_one_line(error)}", style="bold red", soft_wrap=True)
        raise typer.Exit(WRONG_QUERY) from None


def _place(asked: Path | None, folder: Path) -> Path:
    from stores.snapshot import newest
    from stores.snapshot.query import is_whole

    place = asked or newest(folder)
    if place is None:
        raise NotFound("no snapshot yet", where=str(folder), remedy="make one with `crosscheck snapshot`")
    if not is_whole(place):
        raise NotFound("not a snapshot", where=str(place), remedy=f"name a folder under {folder}")
    return place


def _one_line(error: Exception) -> str:
    """DuckDB's message without the excerpt of the query that follows it."""
    return " ".join(str(error).partition("\n\n")[0].split())


@dataclass(frozen=True, slots=True)
class _Answer:
    """Column names and the rows still to fetch."""

    names: Sequence[str]
    db: "duckdb.DuckDBPyConnection"

    def rows(self) -> Iterator[tuple[Any, ...]]:
        while chunk := self.db.fetchmany(_CHUNK):
            yield from chunk


def _answer(place: Path, query: str, json: bool) -> None:
    from stores.snapshot import opened

    with opened(place) as db:
        db.execute(query)
        answer = _Answer(_distinct(column[0] for column in db.description or ()), db)
        if json:
            _print_lines(answer)
        else:
            _print_table(answer)


def _distinct(names: Iterable[str]) -> list[str]:
    """Column names as JSON keys: a repeated one gets a number."""
    found: list[str] = []
    for name in names:
        again = sum(name == other.rpartition("#")[0] or name == other for other in found)
        found.append(f"{name}#{again + 1}" if again else name)
    return found


def _print_lines(answer: _Answer) -> None:
    for row in answer.rows():
        write_json({name: plain(value) for name, value in zip(answer.names, row, strict=True)})


def _print_table(answer: _Answer) -> None:
    table = Table(box=box.SIMPLE_HEAD)
    for name in answer.names:
        table.add_column(Text(name), overflow="fold")
    rows = answer.rows()
    for row in islice(rows, ROWS_SHOWN):
        table.add_row(*(_cell(value) for value in row))
    print_wide(table)
    if next(rows, None) is not None:
        err.print(f"the first {ROWS_SHOWN} rows; --json writes all", style="yellow")


def print_wide(table: Table) -> None:
    """As wide as it needs where no window is the limit."""
    wide = out
    if not out.is_terminal:
        needed = Measurement.get(out, out.options.update(max_width=100_000), table).maximum
        wide = console(width=max(out.width, needed))
    wide.print(table)


def _cell(value: object) -> Text:
    shown = plain(value)
    if isinstance(shown, str):
        return Text(printable(shown))
    if shown is None:
        return Text("")
    number = isinstance(shown, (int, float)) and not isinstance(shown, bool)
    return Text(printable(orjson.dumps(shown).decode()), justify="right" if number else "left")


def plain(value: Any) -> Any:
    """A DuckDB value as JSON can say it: times in ISO 8601, numbers beyond 64 bits as text."""
    match value:
        case datetime() | date() | clock_time():
            return value.isoformat()
        case Decimal():
            return float(value)
        case bool() | float() | str() | None:
            return value
        case int():
            return value if -_MAX_INT <= value < _MAX_INT else str(value)
        case timedelta() | UUID():
            return str(value)
        case bytes():
            return value.hex()
        case dict():
            return {str(key): plain(held) for key, held in value.items()}
        case list() | tuple():
            return [plain(held) for held in value]
    return str(value)


def _list(place: Path, json: bool) -> None:
    from stores.snapshot import columns

    found = columns(place)
    if json:
        for column in found:
            write_json(column._asdict())
        return
    table = Table("table", "column", "type", "meaning", box=box.SIMPLE_HEAD)
    shown = ""
    for c in found:
        if c.table != shown:
            table.add_row(Text(c.table, style="bold"), "", "", Text(c.about, style="bold"))
        shown = c.table
        table.add_row("", *(Text(text) for text in (c.column, c.type, c.meaning)))
    print_wide(table)
    err.print(f"snapshot {place}")
