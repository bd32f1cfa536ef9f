"""The departments of a demonstration: each publishes its own files through its own front node.

Rules: the front node's own code, with keys and a memory of its own; nothing is published twice by accident.
Must not know: what is in a file.
"""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from streams.publisher.keys import KeyRing
from streams.publisher.memory import FrontMemory
from streams.publisher.publish import Job, Mode, Progress, Publisher, Summary
from streams.settings import Settings
from streams.transport.port import Log
from topics.alerts import Alert
from topics.catalog import Catalog
from topics.errors import BrokerUnavailable
from topics.names import FACTS

PATIENCE = 60.0
_AT_A_TIME = 8


class Stage(Protocol):
    """Who listens: a screen, or nobody."""

    def begin(self, name: str) -> None:
        """A stage begins."""

    def city(self, step: str, rows: int) -> None:
        """The city's files are growing."""

    def read(self, resource: str, done: int, total: int) -> None:
        """Bytes read of a resource's file."""

    def alert(self, alert: Alert, key: str | None) -> None:
        """A revision became current."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to demonstrate."""

    settings: Settings
    scenario: str
    scale: float
    seed: int
    workers: int = 1
    snapshot: bool = True


@dataclass(slots=True)
class Departments:
    """All front nodes of one run."""

    settings: Settings
    catalog: Catalog
    log: Log
    stage: Stage
    published: list[Summary] = field(default_factory=list)

    def keys(self) -> KeyRing:
        """Made on first use: here one person plays all parts."""
        return KeyRing.at(self.settings.data, generate=True)

    async def send(self, resource: str, file: Path, mode: Mode) -> Publisher:
        """Publish a file, without waiting for receipts."""
        job = Job(self.catalog, self.catalog.resource(resource), file, mode, patience=PATIENCE, empty=True)
        memory = FrontMemory(self.settings.data / "front" / f"{resource}.sqlite")
        size = file.stat().st_size
        try:
            run = Publisher(job, self.keys(), memory, self.log)
            await run.send(Progress(read=lambda done: self.stage.read(resource, done, size)))
        finally:
            memory.close()
        return run

    async def settle(self, *runs: Publisher) -> None:
        """Wait for the receipts of what was sent, some at a time: each reads its department's topic."""
        for first in range(0, len(runs), _AT_A_TIME):
            some = runs[first : first + _AT_A_TIME]
            self.published += await asyncio.gather(*(run.reconcile(Progress()) for run in some))

    async def correct(self, folder: Path, *, together: bool = False) -> None:
        """Every file of corrections, one after the other; `together`: receipts are awaited at the end."""
        runs = []
        for file in sorted(folder.glob("*.csv")):
            runs.append(await self.send(file.stem, file, "changes"))
            if not together:
                await self.settle(runs.pop())
        await self.settle(*runs)


async def refuse_used(log: Log) -> None:
    """A demonstration counts everything on its topics, so they must be new."""
    if any((await log.ends(FACTS)).values()):
        raise BrokerUnavailable(
            "this broker already holds facts", remedy="demonstrate on a new broker or folder"
        )
