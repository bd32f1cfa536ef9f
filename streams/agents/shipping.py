"""State on its way to the place of checkpoints, while the join goes on.

Rules: one partition at a time, so that uploads never take the machine from the join; only state whose position has
moved; the event loop is kept for the hard links alone (milliseconds). Whatever goes wrong is a warning and another
try later. A rebalance waits for nothing here: an upload under way is broken off, and what has no manifest does not
exist. Must not know: Faust, folders of other owners.
"""

import asyncio
import logging
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stores.checkpoints import KEEP, Place, Shelves, Shipped
from streams.agents.partition import Partition
from streams.telemetry.meter import NO_METER, Meter
from topics.errors import CrosscheckError
from topics.names import FACTS

logger = logging.getLogger("crosscheck.checkpoints")

SHIP_SECONDS = 60.0
"""How often a partition that moves is shipped."""


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """What a worker is told: the place, seconds between two checkpoints of a partition, how many are kept."""

    place: Place
    every: float = SHIP_SECONDS
    keep: int = KEEP

    def shipping(self, log_id: str, meter: Meter = NO_METER) -> "Shipping":
        """For the partitions of one log."""
        return Shipping(Shelves(self.place, log_id, keep=self.keep), self.every, meter)


FLUSH_SECONDS = 0.5
"""How long RocksDB has for what it keeps in memory (0.1 s for 14 MB), before it is asked for hard links."""


class Shipping:
    """Ships the partitions it is shown, each in its turn."""

    def __init__(self, shelves: Shelves, every: float = SHIP_SECONDS, meter: Meter = NO_METER) -> None:
        self.shelves = shelves
        self._every = every
        self._meter = meter
        self._shipped_at: dict[int, float] = {}
        self._due: dict[int, float] = {}
        self._shipped: dict[int, int] = {}
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self._said_until = 0.0

    def look(self, partitions: Mapping[int, Partition]) -> None:
        """Begin with the partition that has waited longest, if one is due and none is under way."""
        now = asyncio.get_running_loop().time()
        for number in partitions:
            self._due.setdefault(number, now + self._every)
        due = [number for number in partitions if self._due[number] <= now]
        if due and not self._under_way:
            self._begin(partitions[min(due, key=self._due.__getitem__)], FLUSH_SECONDS)

    def _begin(self, partition: Partition, pause: float) -> None:
        number = partition.number
        self._due[number] = asyncio.get_running_loop().time() + self._every
        if partition.saved > self._shipped.get(number, 0):
            task = asyncio.create_task(self._ship(partition, pause), name=f"ship-{number}")
            self._under_way[number] = task
            task.add_done_callback(lambda _: self._under_way.pop(number, None))

    async def _ship(self, partition: Partition, pause: float) -> None:
        where = f"state of {FACTS}[{partition.number}]"
        try:
            began = asyncio.get_running_loop().time()
            with self._meter.stage("ship"):
                shipped = await self._put(partition, pause)
            if shipped is not None:
                took = asyncio.get_running_loop().time() - began
                size, sent = shipped.size / 1e6, shipped.sent / 1e6
                words = "%s at %s is in %s: %.1f MB, %.1f MB of it new, %.2f s"
                logger.info(words, where, shipped.position, self.shelves.place.name, size, sent, took)
        except CrosscheckError as error:
            self._put_off(where, str(error))
        except Exception as error:
            # The join does not depend on checkpoints, so nothing that befalls one may end it.
            self._put_off(where, f"{type(error).__name__}: {error}")

    async def _put(self, partition: Partition, pause: float) -> Shipped | None:
        folder = linked(partition.folder)
        shutil.rmtree(folder, ignore_errors=True)
        try:
            position = await partition.link(folder, pause)
            if position is None:
                return None
            shipped = await self.shelves.of(partition.number).ship(position, folder)
            self._shipped[partition.number] = position  # one as new stands there, whoever put it
            if shipped is not None:
                self._shipped_at[partition.number] = asyncio.get_running_loop().time()
            return shipped
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _put_off(self, where: str, why: str) -> None:
        """A place that fails for one partition fails for all: they wait for the next round, and one warning will do."""
        now = asyncio.get_running_loop().time()
        self._due = dict.fromkeys(self._due, now + self._every)
        level = logging.DEBUG if now < self._said_until else logging.WARNING
        self._said_until = now + self._every
        logger.log(level, "%s has no new checkpoint: %s; tried again in %.0f s", where, why, self._every)

    async def leave(self, number: int) -> None:
        """Before a partition is given up: break its upload off."""
        self._due.pop(number, None)
        self._shipped.pop(number, None)
        self._shipped_at.pop(number, None)
        task = self._under_way.pop(number, None)
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    def age(self, number: int) -> float | None:
        """Seconds since a partition was last shipped from here; None before."""
        at = self._shipped_at.get(number)
        return None if at is None else asyncio.get_running_loop().time() - at

    async def last(self, partitions: Mapping[int, Partition], seconds: float) -> None:
        """Before a worker stops: ship what has moved, as far as that can be done in this time."""
        for partition in partitions.values():
            if partition.number not in self._under_way:
                self._begin(partition, 0.0)
        if self._under_way:
            _, late = await asyncio.wait(list(self._under_way.values()), timeout=seconds)
            if late:
                words = "%s partition(s) have no checkpoint of their last seconds: the log has them"
                logger.info(words, len(late))


def linked(folder: Path) -> Path:
    """Where a state folder's hard links are while they are shipped: whoever holds the folder holds them too."""
    return folder / "shipping"
