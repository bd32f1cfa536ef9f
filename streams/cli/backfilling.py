"""`crosscheck backfill`: every department's full file at once, through front nodes side by side.

Rules: what is loaded is published, no more and no less: it travels through `facts` like any change, so state, alerts
and every replay come from the log alone, and the stream goes on from where it ends. Must not know: how a row is read.
"""

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from streams.cli.loading import Answered, Begun, Failed, Load, News, Read, load_all
from streams.cli.publishing import AllowEmpty, as_json, exit_of, key_ring, remarks, verdict
from streams.cli.screen import Broker, CatalogFolder, Data, Json, err, out, write_json
from streams.publisher.publish import Summary
from streams.settings import Settings
from streams.transport.port import connect
from topics.catalog import Catalog, load_catalog
from topics.errors import NotFound
from topics.names import FACTS, topic_specs

SUFFIXES = (".csv", ".jsonl", ".ndjson")
INTERRUPTED = 130


def backfill(
    places: Annotated[
        list[Path], typer.Argument(help="a folder of files named RESOURCE.csv (or .jsonl), or such files")
    ],
    jobs: Annotated[int, typer.Option(min=1, help="files loaded side by side, a process each")] = 2,
    encoding: Annotated[str, typer.Option(help="of the files")] = "utf-8",
    wait: Annotated[float, typer.Option(help="seconds to wait for the hub's next receipt")] = 120.0,
    allow_empty: AllowEmpty = False,
    broker: Broker = None,
    data: Data = None,
    catalog: CatalogFolder = None,
    json: Json = False,
) -> None:
    """Load departments' full files side by side (存量数据装载); run again, it continues."""
    settings = Settings.resolve(broker, data, catalog)
    loaded = load_catalog(settings.catalog)
    files = sorted(found(places, loaded).items())
    loads = [Load(resource, file, encoding, wait, allow_empty) for resource, file in files]
    key_ring(settings, sorted(loaded.departments))
    before = asyncio.run(_facts(settings, loaded))
    backfilled = _Backfilled(before)
    try:
        with _Screen(loads) as screen:
            for load, news in load_all(settings, loads, jobs):
                backfilled.note(load, news)
                screen.note(load, news)
    except KeyboardInterrupt:
        err.print("stopped. Run the same command again: it continues, and nothing counts twice")
        raise typer.Exit(INTERRUPTED) from None
    backfilled.after = asyncio.run(_facts(settings, loaded))
    backfilled.say(json=json)
    if code := backfilled.exit_code:
        raise typer.Exit(code)


def found(places: list[Path], catalog: Catalog) -> dict[str, Path]:
    """Files by resource. Raises NotFound for one that is named after no resource, or where there are none."""
    files: dict[str, Path] = {}
    for place in places:
        if place.is_dir():
            inside = [place / f"{name}{suffix}" for name in catalog.resources for suffix in SUFFIXES]
            files |= {file.stem: file for file in inside if file.is_file()}
        elif place.is_file():
            files[catalog.resource(place.stem).id] = place
        else:
            raise NotFound("no such file or folder", where=str(place))
    if not files:
        remedy = f"name files after their resources, for example {next(iter(sorted(catalog.resources)))}.csv"
        raise NotFound("no file of any resource", where=", ".join(map(str, places)), remedy=remedy)
    return files


async def _facts(settings: Settings, catalog: Catalog) -> dict[int, int]:
    """Where `facts` ends, by partition."""
    async with connect(settings.broker) as log:
        if settings.embedded:
            await log.ensure(topic_specs(catalog))
        return await log.ends(FACTS)


@dataclass(slots=True)
class _Backfilled:
    """What came of every file, and where the log stood before and after."""

    before: dict[int, int]
    after: dict[int, int] = field(default_factory=dict)
    done: dict[str, Summary] = field(default_factory=dict)
    failed: dict[str, Failed] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    def note(self, load: Load, news: News) -> None:
        """Keep how a file ended."""
        if isinstance(news, Summary):
            self.done[load.resource] = news
        elif isinstance(news, Failed):
            self.failed[load.resource] = news

    @property
    def exit_code(self) -> int:
        """That of the first failure; else the gravest of those that `publish` would have ended with."""
        if self.failed:
            return next(iter(self.failed.values())).code
        return min((code for summary in self.done.values() if (code := exit_of(summary))), default=0)

    @property
    def reconciled(self) -> bool:
        """Whether the hub's counts are those of every file."""
        checks = [summary.reconciliation for summary in self.done.values()]
        return not self.failed and all(check and check.reconciled for check in checks)

    def say(self, *, json: bool) -> None:
        """One object, or a table."""
        if json:
            write_json(self._json())
            return
        out.print(self._table())
        for resource, summary in sorted(self.done.items()):
            self._remark(resource, summary)
        for resource, failed in sorted(self.failed.items()):
            out.print(f"{resource}: error: {failed.words}")
        grown = sum(self.after.values()) - sum(self.before.values())
        places = " ".join(f"{partition}@{end}" for partition, end in sorted(self.after.items()))
        out.print(f"{FACTS} grew by {grown} records; the stream goes on from {places}")

    def _remark(self, resource: str, summary: Summary) -> None:
        check = summary.reconciliation
        if check and not check.reconciled:
            out.print(f"{resource}: {verdict(check)}")
        for remark in remarks(summary):
            out.print(f"{resource}: {remark}", markup=False)

    def _json(self) -> dict[str, Any]:
        return {
            "resources": [as_json(summary) for _, summary in sorted(self.done.items())],
            "failed": {resource: failed.words for resource, failed in sorted(self.failed.items())},
            "seconds": round(time.monotonic() - self.began, 2),
            "facts": {str(partition): end for partition, end in sorted(self.after.items())},
            "reconciled": self.reconciled,
        }

    def _table(self) -> Table:
        seconds = time.monotonic() - self.began
        rows = sum(summary.tally.read for summary in self.done.values())
        title = f"{rows:,} rows in {seconds:.0f} s ({rows / seconds:,.0f} rows/s)"
        table = Table("resource", title=title, title_justify="left")
        for name in ("read", "refused", "unchanged", "sent", "applied", "duplicate", "refused by hub"):
            table.add_column(name, justify="right")
        table.add_column("reconciled")
        for resource, summary in sorted(self.done.items()):
            tally, check = summary.tally, summary.reconciliation
            answered = (check.applied, check.duplicate, check.refused) if check else (0, 0, 0)
            counts = (
                tally.read,
                tally.refused,
                tally.unchanged + tally.repeated,
                summary.facts.total,
                *answered,
            )
            well = "yes" if check and check.reconciled else "NO"
            table.add_row(resource, *(f"{count:,}" for count in counts), well)
        return table


class _Screen:
    """A bar a file on stderr, of bytes read and then of batches answered, with rows, rows/s and the time left."""

    def __init__(self, loads: list[Load]) -> None:
        words = ("{task.description}", "{task.fields[rows]:,} rows", "{task.fields[pace]:,.0f}/s")
        first, *more = (TextColumn(each, markup=False) for each in words)
        columns = (first, BarColumn(24), TaskProgressColumn(), *more, TimeRemainingColumn())
        self._bar = Progress(*columns, console=err, transient=True)
        self._tasks = {load.resource: self._add(load) for load in loads}
        self._began: dict[str, float] = {}

    def _add(self, load: Load) -> TaskID:
        size = load.file.stat().st_size or None
        return self._bar.add_task(load.resource, total=size, start=False, rows=0, pace=0.0)

    def __enter__(self) -> "_Screen":
        self._bar.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._bar.stop()

    def note(self, load: Load, news: News) -> None:
        """Show how far a file is."""
        task, now = self._tasks[load.resource], time.monotonic()
        began = self._began.setdefault(load.resource, now)
        match news:
            case Begun(records, waiting):
                self._bar.start_task(task)
                if records or waiting:
                    words = f"{records:,} records published before, {waiting} batches not yet sent"
                    err.print(f"{load.resource}: continues ({words})")
            case Read(size, rows):
                self._bar.update(task, completed=size, rows=rows, pace=rows / max(now - began, 0.001))
            case Answered(done, total):
                self._bar.update(
                    task, description=f"{load.resource} receipts", completed=done, total=max(total, 1)
                )
            case Failed(words):
                err.print(f"{load.resource}: {words}", style="red")
            case _:
                self._bar.update(task, description=f"{load.resource} done")
