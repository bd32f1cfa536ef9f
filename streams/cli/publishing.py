"""`crosscheck publish`: a department's file to its change topic, with progress and reconciliation."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)

from streams.cli.screen import (
    DATA_REFUSED,
    NOT_RECONCILED,
    Broker,
    CatalogFolder,
    Data,
    Json,
    err,
    out,
    run,
    write_json,
)
from streams.publisher import publish as front
from streams.publisher.keys import KeyRing
from streams.publisher.memory import FrontMemory
from streams.publisher.reading import size_of
from streams.publisher.reconcile import Reconciliation
from streams.settings import Settings
from streams.transport.port import connect
from topics.catalog import load_catalog
from topics.names import topic_specs

AllowEmpty = Annotated[bool, typer.Option(help="a full file without a row is right: there is no such record")]
MODE_HELP = "full: compare with what was last published; changes: the file has an op column (upsert, delete)"


def publish(
    resource: Annotated[str, typer.Argument(help="for example hrss.unemployment_benefit")],
    file: Annotated[Path, typer.Argument(help="CSV with a header, or .jsonl")],
    mode: Annotated[Literal["full", "changes"], typer.Option(help=MODE_HELP)] = "full",
    encoding: Annotated[str, typer.Option(help="of the file")] = "utf-8",
    wait: Annotated[float, typer.Option(help="seconds to wait for the hub's next receipt")] = 30.0,
    allow_mass_delete: Annotated[
        bool, typer.Option(help="send deletes even if most records are gone")
    ] = False,
    allow_empty: AllowEmpty = False,
    new_epoch: Annotated[
        bool, typer.Option(help="forget what was published and send everything (after restoring a backup)")
    ] = False,
    broker: Broker = None,
    data: Data = None,
    catalog: CatalogFolder = None,
    json: Json = False,
) -> None:
    """Publish what changed in FILE since the last time (前置机报送)."""
    if new_epoch and mode != "full":
        raise typer.BadParameter("a new epoch begins with a full file", param_hint="--new-epoch")
    settings = Settings.resolve(broker, data, catalog)
    loaded = load_catalog(settings.catalog)
    job = front.Job(
        loaded, loaded.resource(resource), file, mode, encoding, wait, allow_mass_delete, allow_empty
    )
    summary = run(publish_job(settings, job, new_epoch=new_epoch))
    if json:
        write_json(as_json(summary))
    else:
        report(summary)
    if code := exit_of(summary):
        raise typer.Exit(code)


async def publish_job(settings: Settings, job: front.Job, *, new_epoch: bool = False) -> front.Summary:
    """Publish with a progress bar on stderr."""
    keys = key_ring(settings, sorted(job.catalog.departments))
    memory = FrontMemory(settings.data / "front" / f"{job.resource.id}.sqlite")
    if new_epoch:
        memory.renew()
    try:
        log = connect(settings.broker)
        publisher = front.Publisher(job, keys, memory, log)
        async with log:
            if settings.embedded:
                await log.ensure(topic_specs(job.catalog))
            with _ProgressBar(job) as progress:
                return await publisher.run(progress)
    finally:
        memory.close()


def key_ring(settings: Settings, departments: list[str]) -> KeyRing:
    """Keys at hand; on the embedded log, where nothing is shared, they are made on first use."""
    keys = KeyRing.at(settings.data, generate=settings.embedded)
    if settings.embedded and (made := keys.made(departments)):
        err.print(
            f"made keys {', '.join(made)} in {keys.folder} (mode 0600): keep them, back them up",
            style="yellow",
        )
    return keys


class _ProgressBar:
    """A progress bar: bytes read, then batches answered."""

    def __init__(self, job: front.Job) -> None:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
        )
        self._bar = Progress(*columns, console=err, transient=True)
        self._read = self._bar.add_task(f"read {job.resource.id}", total=size_of(job.file) or None)
        self._answered = self._bar.add_task("receipts", total=None, visible=False)

    def __enter__(self) -> front.Progress:
        self._bar.start()
        return front.Progress(lambda done: self._bar.update(self._read, completed=done), self._answer)

    def _answer(self, done: int, total: int) -> None:
        self._bar.update(self._answered, completed=done, total=total, visible=True)

    def __exit__(self, *exc: object) -> None:
        self._bar.stop()


def as_json(summary: front.Summary) -> dict[str, Any]:
    """The summary as other programs read it."""
    check = summary.reconciliation
    return {
        "resource": summary.resource,
        "run": summary.run,
        **asdict(summary.tally),
        "facts": summary.facts.total,
        "batches": summary.batches,
        "held_deletes": summary.held_deletes,
        "delivered": summary.delivered,
        "empty": summary.empty,
        "refused_for": {f"{name} {reason}": n for (name, reason), n in summary.reasons.most_common()},
        "refusals": str(summary.refusals) if summary.refusals else None,
        "applied": check.applied if check else 0,
        "duplicate": check.duplicate if check else 0,
        "hub_refused": check.refused if check else 0,
        "reasons": check.reasons if check else {},
        "answered": check.answered if check else 0,
        "reconciled": bool(check and check.reconciled),
    }


def report(summary: front.Summary) -> None:
    """The summary in words."""
    t, check = summary.tally, summary.reconciliation
    if summary.delivered and not (summary.changed or summary.useless):
        out.print(
            f"{summary.resource}: nothing changed since the last publish ({t.read - t.refused} rows compared)"
        )
    out.print(
        f"{summary.resource}: sent {summary.facts.total} facts in {summary.batches} batches: "
        f"insert {t.insert}, update {t.update}, delete {t.delete}; "
        f"unchanged {t.unchanged}, repeated {t.repeated}, refused {t.refused}"
    )
    for remark in remarks(summary):
        out.print(f"  {remark}", markup=False)
    if check and not (summary.useless and check.reconciled):
        out.print(f"  {verdict(check)}")


def exit_of(summary: front.Summary) -> int:
    """The exit code of a file that was read: also where nothing failed, but nothing came of it."""
    if summary.useless:
        return DATA_REFUSED
    well = summary.reconciliation is not None and summary.reconciliation.reconciled
    return 0 if well and summary.delivered else NOT_RECONCILED


def remarks(summary: front.Summary) -> Iterator[str]:
    """What somebody should look at: rows refused and why, and deletes that wait."""
    if summary.useless:
        yield "NO ROW USED: every row was refused. Mend the rows that are listed, then publish the file again"
    if summary.empty:
        yield EMPTY
    if summary.reasons:
        yield f"refused {summary.reasons.total():,}: {most_refused(summary.reasons)}"
    if summary.refusals:
        yield f"refused rows: {summary.refusals}"
    if summary.held_deletes and not summary.empty:
        yield f"{summary.held_deletes} {HELD}"
    if not summary.delivered:
        yield NOT_DELIVERED


def most_refused(reasons: Counter[tuple[str, str]]) -> str:
    """The reasons that refused most rows: field and code."""
    most = [f"{name} {reason} {n:,}" for (name, reason), n in reasons.most_common(MOST)]
    return ", ".join(most) + (", ..." if len(reasons) > MOST else "")


MOST = 3
"""Reasons on the screen; the list has them all."""

EMPTY = "NO ROW IN THE FILE: is it the right one? If there is no such record at all, publish it with --allow-empty"
NOT_DELIVERED = (
    f"NOT COUNTED AS A DELIVERY (no row in a full file, over {front.REFUSED_SHARE:.0%} and {front.REFUSED_FLOOR} rows "
    "refused, or deletes held back): what was sent holds, but for officers and for rules that wait for this source it "
    "is as complete as it was before"
)
HELD = (
    "deletes held back: too many records are missing, or the key of a refused row could not be read. "
    "Check the file, then publish it with --allow-mass-delete"
)


def verdict(check: Reconciliation) -> str:
    """Whether the counts reconcile, and what to do if not."""
    counts = f"{check.applied} applied, {check.duplicate} duplicate, {check.refused} refused by the hub"
    if check.reconciled:
        return f"reconciled: {counts}"
    if check.stale:
        return (
            f"NOT reconciled: the hub had seen {check.stale} of these batch numbers, so this front node's memory "
            "is older than the hub's (restored from a backup?). Publish again with --new-epoch"
        )
    if check.answered < check.batches:
        open_ = f"{check.batches - check.answered} of {check.batches} batches"
        return f"NOT reconciled: {open_} unanswered. Is a worker running? (`crosscheck worker`)"
    return f"NOT reconciled: {counts}, of {check.sent.total} sent"
