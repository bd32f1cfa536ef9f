"""`crosscheck state`: look at what workers keep of each partition, verify it, make it anew.

Rules: the same places as the worker is given (--data, --broker, --checkpoints); nothing a worker holds is touched.
Exit code 3 where `verify` finds a fault.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.filesize import decimal
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from streams.cli.screen import (
    Broker,
    CheckpointPlace,
    Data,
    Json,
    err,
    out,
    run,
    write_json,
    write_lines,
)
from streams.settings import Settings
from streams.transport.port import Log, connect
from topics.errors import NotFound
from topics.names import FACTS

if TYPE_CHECKING:
    from stores.checkpoints import Shelves
    from streams.readers.state import CheckpointSeen, Finding, Rebuilt, StateSeen, Verified, Watch

FAULTS_FOUND = 3

PartitionNumber = Annotated[int | None, typer.Option("--partition", "-p", min=0, help="only this partition")]


def inspect(
    broker: Broker = None,
    data: Data = None,
    checkpoints: CheckpointPlace = None,
    json: Json = False,
) -> None:
    """Every partition's state on this disk (状态) and its checkpoints (检查点); also beside running workers."""
    settings = Settings.resolve(broker, data, None, checkpoints)
    states, kept = run(_inspect(settings))
    if json:
        write_lines({"kind": "state", **asdict(seen)} for seen in states)
        write_lines({"kind": "checkpoint", **asdict(seen)} for seen in kept)
        return
    if states:
        _state_table(states)
    else:
        err.print(f"no state in {settings.data / 'state'}: has a worker run with this --data?")
    if settings.checkpoints is None:
        err.print("no place of checkpoints was named: --checkpoints or CROSSCHECK_CHECKPOINTS")
    elif kept:
        _checkpoint_table(kept)
    else:
        err.print(f"no checkpoint of this log in {settings.checkpoints}")


async def _inspect(settings: Settings) -> "tuple[list[StateSeen], list[CheckpointSeen]]":
    from streams.readers import state

    async with _at(settings) as (log, shelves):
        seen = await state.look(log, settings.data / "state")
        return seen, await state.look_at_checkpoints(log, shelves) if shelves else []


@asynccontextmanager
async def _at(settings: Settings) -> "AsyncIterator[tuple[Log, Shelves | None]]":
    """The log, and the checkpoints where a place is named."""
    from stores.checkpoints import Place, Shelves

    async with connect(settings.broker) as log:
        place = Place(settings.checkpoints) if settings.checkpoints else None
        yield log, Shelves(place, log.log_id) if place else None


def _state_table(states: "list[StateSeen]") -> None:
    table = Table(
        "partition 分区",
        "position 位点",
        "log end 日志末端",
        "subjects 主体",
        "on disk 占用",
        "day 业务日期",
        "rules 规则",
        "held 占用中",
        box=None,
    )
    for seen in states:
        held = "by a running worker 是" if seen.held else "no 否"
        figures = (f"{seen.position:,}", f"{seen.log_end:,}", f"{seen.subjects:,}", decimal(seen.bytes))
        table.add_row(f"{FACTS}[{seen.partition}]", *figures, seen.day or "", str(len(seen.rules)), held)
    out.print(table)
    rules = {rule for seen in states for rule in seen.rules}
    if rules:
        out.print(f"rules in force or suspended: {', '.join(sorted(rules))}")
    for seen in states:
        if seen.fault is not None:
            err.print(seen.fault, style="red")
        elif not seen.this_log:
            err.print(f"{seen.folder}: state of another log ({seen.log_id})", style="red")


def _checkpoint_table(kept: "list[CheckpointSeen]") -> None:
    table = Table("checkpoint of 检查点", "position 位点", "made 时间", "age 距今", "size 大小", box=None)
    for seen in kept:
        age = "" if seen.age_seconds is None else _age(seen.age_seconds)
        made = seen.made_at or f"damaged 已损坏: {seen.fault}"
        table.add_row(
            f"{FACTS}[{seen.partition}]", f"{seen.position:,}", made, age, decimal(seen.bytes) if age else ""
        )
    out.print(table)


def _age(seconds: int) -> str:
    for name, unit in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= unit:
            return f"{seconds // unit} {name}"
    return f"{max(seconds, 0)} s"


def verify(
    against_log: Annotated[
        bool, typer.Option("--against-log", help="replay the log, and compare every subject with it")
    ] = False,
    checkpoints_only: Annotated[
        bool, typer.Option("--checkpoints-only", help="leave this disk alone: a worker may hold it")
    ] = False,
    broker: Broker = None,
    data: Data = None,
    checkpoints: CheckpointPlace = None,
    json: Json = False,
) -> None:
    """Check state and checkpoints (核验): all readable, none ahead of its log; exit code 3 if not."""
    settings = Settings.resolve(broker, data, None, checkpoints)
    if checkpoints_only and settings.checkpoints is None:
        raise typer.BadParameter("name the place: --checkpoints", param_hint="--checkpoints-only")
    verified = run(_verify(settings, against_log=against_log, states=not checkpoints_only))
    if json:
        write_json({**asdict(verified), "whole": not verified.faults})
    else:
        _report(verified, against_log=against_log)
    if verified.faults:
        raise typer.Exit(FAULTS_FOUND)


async def _verify(settings: Settings, *, against_log: bool, states: bool) -> "Verified":
    from streams.readers import state

    verified, folder = state.Verified(), settings.data / "state"
    async with _at(settings) as (log, shelves):
        with _bar() as watch:
            if states:
                state.refuse_held(folder, state.found(folder))
                await state.verify_states(log, folder, verified, watch, against_log=against_log)
            if shelves is not None:
                await state.verify_checkpoints(log, shelves, verified, watch)
    return verified


@contextmanager
def _bar() -> "Iterator[Watch]":
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f}", markup=False),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("", total=1)

        def watch(what: str, at: int, end: int) -> None:
            bar.update(task, description=what, completed=at, total=max(end, 1))

        yield watch


def _report(verified: "Verified", *, against_log: bool) -> None:
    compared = f", compared with {verified.replayed:,} records of the log" if against_log else ""
    out.print(f"{verified.states} state(s): {verified.subjects:,} subjects read{compared}")
    out.print(f"{verified.checkpoints} checkpoint(s): {decimal(verified.bytes)} read")
    for note in verified.notes:
        err.print(_line(note), style="yellow")
    for fault in verified.faults:
        err.print(_line(fault), style="red")
    if verified.faults:
        err.print(
            f"{len(verified.faults)} fault(s) -> a state: `crosscheck state rebuild`, or let a worker recover it; "
            "a checkpoint: delete its manifest, the next one takes its place",
        )
    else:
        out.print("no fault found 未发现问题")


def _line(finding: "Finding") -> str:
    return f"{FACTS}[{finding.partition}] {finding.where}: {finding.what}"


def rebuild(
    from_: Annotated[
        Literal["checkpoint", "log"],
        typer.Option("--from", help="begin with the newest good checkpoint, or with the whole log"),
    ] = "checkpoint",
    partition: PartitionNumber = None,
    broker: Broker = None,
    data: Data = None,
    checkpoints: CheckpointPlace = None,
    json: Json = False,
) -> None:
    """Make state anew (重建) while no worker runs: nothing is sent, and the old state goes when the new one is whole.

    Ends where the workers have committed: what comes after is for a worker to say.
    """
    settings = Settings.resolve(broker, data, None, checkpoints)
    done = run(_rebuild(settings, partition, from_log=from_ == "log"))
    if json:
        write_lines(asdict(one) for one in done)
        return
    for one in done:
        begun = f"the checkpoint at {one.restored:,}" if one.restored else "the beginning of the log"
        out.print(
            f"{FACTS}[{one.partition}] made anew up to {one.position:,}: from {begun}, {one.replayed:,} records",
        )


async def _rebuild(settings: Settings, partition: int | None, *, from_log: bool) -> "list[Rebuilt]":
    from streams.readers import state

    folder: Path = settings.data / "state"
    async with _at(settings) as (log, shelves):
        numbers = _chosen(sorted(await log.ends(FACTS)), partition)
        state.refuse_held(folder, numbers)
        used: Any = None if from_log else shelves
        done = []
        with _bar() as watch:
            ends = await log.ends(FACTS)
            for number in numbers:
                tell = _telling(watch, number, ends[number])
                done.append(await state.rebuild(log, folder, number, used, tell))
        return done


def _telling(watch: "Watch", number: int, end: int) -> Any:
    return lambda at: watch(f"{FACTS}[{number}]", at, end)


def _chosen(numbers: list[int], partition: int | None) -> list[int]:
    if partition is None:
        return numbers
    if partition not in numbers:
        raise NotFound(f"no partition {partition}", where=FACTS, remedy=f"there are 0 to {numbers[-1]}")
    return [partition]
