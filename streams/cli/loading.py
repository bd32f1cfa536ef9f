"""Front nodes side by side: one process a file, each telling how far it is.

Rules: every file goes through the front node's own code, with the memory that `publish` uses, so that a process
that was ended at any moment is continued by the next; one that has lost whom it tells ends by itself.
Must not know: screens, tables.
"""

import asyncio
import contextlib
import multiprocessing
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from streams.cli.screen import exit_code
from streams.publisher.keys import KeyRing
from streams.publisher.memory import FrontMemory
from streams.publisher.publish import Job, Progress, Publisher, Summary
from streams.settings import Settings
from streams.transport.port import connect
from topics.catalog import load_catalog
from topics.errors import CrosscheckError


@dataclass(frozen=True, slots=True)
class Load:
    """One file to load."""

    resource: str
    file: Path
    encoding: str
    patience: float
    empty: bool


@dataclass(frozen=True, slots=True)
class Begun:
    """What earlier runs left: records remembered, and batches that were numbered but perhaps not sent."""

    records: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Read:
    """Bytes and rows read so far."""

    size: int
    rows: int


@dataclass(frozen=True, slots=True)
class Answered:
    """Batches answered by the hub, of how many."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Failed:
    """A file that could not be loaded, in the words and with the exit code of the error."""

    words: str
    code: int


News = Begun | Read | Answered | Summary | Failed


@dataclass(slots=True)
class _Running:
    load: Load
    process: BaseProcess
    ended: bool = False


def load_all(settings: Settings, loads: Sequence[Load], jobs: int) -> Iterator[tuple[Load, News]]:
    """Load files, so many at a time, the largest first; each ends in a Summary or in Failed."""
    waiting = deque(sorted(loads, key=lambda load: -load.file.stat().st_size))
    running: dict[Connection, _Running] = {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                load = waiting.popleft()
                running.update([_start(settings, load)])
            for ready in wait(list(running)):
                assert isinstance(ready, Connection)
                yield from _hear(ready, running)
    finally:
        for left in running.values():
            left.process.terminate()
        for left in running.values():
            left.process.join()


def _start(settings: Settings, load: Load) -> tuple[Connection, _Running]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_load, args=(settings, load, theirs), name=load.resource)
    process.start()
    theirs.close()
    return ours, _Running(load, process)


def _hear(ready: Connection, running: dict[Connection, _Running]) -> Iterator[tuple[Load, News]]:
    front = running[ready]
    try:
        news: News = ready.recv()
    except (EOFError, OSError):
        del running[ready]
        front.process.join()
        if not front.ended:
            yield front.load, Failed(f"its process ended by itself ({front.process.exitcode})", 1)
        return
    front.ended = isinstance(news, Summary | Failed)
    yield front.load, news


def _load(settings: Settings, load: Load, told: Connection) -> None:
    """The work of one process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the command, and that ends its processes
    with contextlib.suppress(BrokenPipeError):
        try:
            asyncio.run(_publish(settings, load, told))
        except CrosscheckError as error:
            told.send(Failed(str(error), exit_code(error)))


async def _publish(settings: Settings, load: Load, told: Connection) -> None:
    catalog = load_catalog(settings.catalog)
    resource = catalog.resource(load.resource)
    memory = FrontMemory(settings.data / "front" / f"{resource.id}.sqlite")
    try:
        told.send(Begun(memory.count(), len(memory.waiting())))
        job = Job(catalog, resource, load.file, "full", load.encoding, load.patience, empty=load.empty)
        async with connect(settings.broker) as log:
            publisher = Publisher(job, KeyRing.at(settings.data, generate=False), memory, log)
            progress = Progress(
                lambda size: told.send(Read(size, publisher.summary.tally.read)),
                lambda done, total: told.send(Answered(done, total)),
            )
            await publisher.send(progress)
            told.send(Read(load.file.stat().st_size, publisher.summary.tally.read))
            told.send(await publisher.reconcile(progress))
    finally:
        memory.close()
