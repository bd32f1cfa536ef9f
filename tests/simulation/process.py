"""A worker process: the real hub, two agents, and its part in the group, on a loop of its own.

    alive > (paused > alive) > ending > dead

What Faust does around the hub is done here in few words: bundles wait in a queue for each agent, a rebalance gives
up everything, commits, and asks where to start; an agent that raises ends the process (streams.agents.worker).
Must not know: what the others do, when anything happens.
"""

import asyncio
import contextlib
import math
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from faust.types import TP

from streams.agents.hub import Hub
from streams.agents.partition import Partition
from streams.clock import Clock
from streams.telemetry.meter import NO_METER
from tests.simulation.broker import Group, SimulatedLog
from tests.simulation.disk import Disks
from tests.simulation.loop import Loop, Time
from topics.catalog import Catalog
from topics.names import FACTS
from topics.records import StoredRecord

AHEAD = 3
"""Bundles that wait for an agent."""


@dataclass
class Kept:
    """A checkpoint on a shelf."""

    partition: int
    position: int
    data: dict[bytes, bytes]
    size: int = 0


@dataclass
class Shelf:
    """Checkpoints of one partition, in the words of stores.checkpoints."""

    disks: Disks
    made: list[Kept] = field(default_factory=list)

    async def kept(self) -> list[Kept]:
        await asyncio.sleep(0)
        return sorted(self.made, key=lambda one: -one.position)[:2]

    async def restore(self, one: Kept, folder: Path) -> Kept:
        await asyncio.sleep(0)
        self.disks.folders[folder] = dict(one.data)
        return one

    async def discard(self, one: Kept) -> None:
        self.made.remove(one)

    def where(self, one: Kept) -> str:
        return f"{one.partition}@{one.position}"


@dataclass
class Shipping:
    """In the place of streams.agents.shipping; the simulation says when something is shipped."""

    shelves: "Shelves"

    def look(self, partitions: Mapping[int, Partition]) -> None:
        """Nothing is due by itself."""

    async def leave(self, number: int) -> None:
        """Nothing is under way."""


@dataclass
class Shelves:
    """One place of checkpoints, for all workers."""

    disks: Disks
    by_number: dict[int, Shelf] = field(default_factory=dict)

    def of(self, number: int) -> Shelf:
        return self.by_number.setdefault(number, Shelf(self.disks))


class Process:
    """One worker. `fault`: what ended it."""

    def __init__(
        self,
        number: int,
        machine: str,
        catalog: Catalog,
        log: SimulatedLog,
        group: Group,
        shelves: Shelves,
        time: Time,
        today: Clock,
    ) -> None:
        self.number = number
        self.machine = machine
        self.state: Literal["alive", "paused", "ending", "dead"] = "alive"
        self.fault: Exception | None = None
        self.loop = Loop(time)
        self.generation = -1
        self.positions: dict[TP, int] = {}
        self.assigned: set[TP] = set()
        self.turning: asyncio.Task[Any] | None = None
        self.ticking: asyncio.Task[Any] | None = None
        self._tasks: list[asyncio.Task[Any]] = []
        self._log = log
        self._group = group
        self._shelves = shelves
        folder = Path(f"/{machine}")
        shipping: Any = Shipping(shelves)
        commit = self._commit_facts
        self.hub = Hub(catalog, log, log.log_id, folder, today, NO_METER, shipping, commit=commit)
        self.hub._next_watch = math.inf  # decisions have no part in this
        self._queues: dict[bool, asyncio.Queue[list[StoredRecord]]] = {
            True: asyncio.Queue(),
            False: asyncio.Queue(),
        }
        self._serve(self._queues[True], self.hub.join)
        self._serve(self._queues[False], self.hub.admit)

    def __repr__(self) -> str:
        return f"worker {self.number} on {self.machine}"

    def _spawn(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[Any]":
        task = self.loop.create_task(self._guarded(work))
        self._tasks = [t for t in self._tasks if not t.done()] + [task]
        return task

    async def _guarded(self, work: Awaitable[None]) -> None:
        try:
            await work
        except Exception as error:
            self.fault = self.fault or error

    def _serve(self, queue: "asyncio.Queue[list[StoredRecord]]", handle: Callable[..., Any]) -> None:
        async def agent() -> None:
            while True:
                await handle(*await queue.get())

        self._spawn(agent())

    @property
    def runs(self) -> bool:
        return self.state in ("alive", "ending")

    def room(self, tp: TP) -> bool:
        """Whether the agent of a partition takes another bundle."""
        return self._queues[tp.topic == FACTS].qsize() < AHEAD

    def hand(self, tp: TP, records: list[StoredRecord]) -> None:
        """What was fetched of a partition."""
        self.positions[tp] = records[-1].offset + 1
        self._queues[tp.topic == FACTS].put_nowait(records)

    def idle(self) -> bool:
        """Whether nothing waits here."""
        turning = self.turning is not None and not self.turning.done()
        return not turning and not self.loop.due() and all(queue.empty() for queue in self._queues.values())

    def tick(self) -> None:
        if self.ticking is None or self.ticking.done():
            self.ticking = self._spawn(self.hub.tick())

    async def _commit_facts(self, number: int, position: int) -> bool:
        """What the owner of a partition says is said for good: it hears of the answer a while later."""
        taken = TP(FACTS, number) in self.assigned and self._group.commit(
            self.number, self.generation, {TP(FACTS, number): position}
        )
        await asyncio.sleep(0)
        return taken

    def commit(self) -> dict[TP, int]:
        """Commit what is safe; what was accepted."""
        safe = {tp: at for tp, at in self.hub.gate.safe.items() if at > self._group.offsets.get(tp, 0)}
        return safe if safe and self._group.commit(self.number, self.generation, safe) else {}

    def behind(self) -> bool:
        """Whether the group has moved on without it."""
        return self.state == "alive" and self.generation != self._group.generation

    def learn(self) -> bool:
        """It hears of a new generation: it gives up everything, and says so, if it is not at it."""
        if self.turning is not None and not self.turning.done():
            return False
        self.turning = self._spawn(self._give_up())
        return True

    async def _give_up(self) -> None:
        generation = self._group.generation
        self.positions = {}
        if self.assigned:
            await self.hub.revoke(sorted(self.assigned))
            self.commit()
            self.hub.gate.forget(self.assigned)
        self.assigned = set()
        for queue in self._queues.values():
            while not queue.empty():
                queue.get_nowait()
        self.generation = generation
        if self.number not in self._group.members:
            self._group.change()
            self.generation = self._group.generation
        self._group.members[self.number] = self.generation

    def assign(self, tps: Iterable[TP]) -> None:
        """What the group has given it."""
        self.assigned = set(tps)
        self.turning = self._spawn(self._begin(sorted(self.assigned)))

    async def _begin(self, tps: list[TP]) -> None:
        generation = self.generation
        starts = await self.hub.starts(tps, {tp: self._group.offsets.get(tp, 0) for tp in tps})
        if generation == self._group.generation:
            self.positions = dict(starts)

    def ship(self, number: int) -> None:
        """A checkpoint of a partition's state goes to the shelf."""
        partition = self.hub.partitions.get(number)
        if partition is not None:
            self._spawn(self._ship(partition))

    async def _ship(self, partition: Partition) -> None:
        folder = partition.folder / f"shipping-{self.number}"
        position = await partition.link(folder)
        if position is not None:
            shelf = self._shelves.of(partition.number)
            shelf.made.append(Kept(partition.number, position, shelf.disks.folders.pop(folder)))

    def stop(self) -> None:
        """The polite end (streams.agents.worker._farewell)."""
        self.state = "ending"
        self._spawn(self._farewell())

    async def _farewell(self) -> None:
        with contextlib.suppress(Exception):
            await self.hub.tick()
            self.positions = {}
            await self.hub.revoke(sorted(self.assigned))
            self.commit()
        await self._end()

    def fail(self) -> None:
        """An agent raised: the process ends, as politely as it can."""
        self.state = "ending"
        for task in self._tasks:
            task.cancel()
        self._spawn(self._end())

    async def _end(self) -> None:
        with contextlib.suppress(Exception):
            await self.hub.close()
        self.hub.abandon()
        self.state = "dead"
