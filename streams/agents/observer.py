"""How this worker stands, for its operators: read off the hub when asked, and off the log every few seconds.

Rules: what a probe is told costs the join nothing between two looks; the log is asked for its ends once for all owned
partitions, never for a record; disks are read on a thread. A log that does not answer makes figures old, nothing else.
Must not know: who asks, in what form it is told.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from faust.types import TP

from streams.agents.hub import Hub
from streams.agents.partition import Partition
from streams.telemetry.standing import PartitionStanding, Standing

Ends = Callable[[Iterable[TP]], Awaitable[Mapping[TP, int]]]

LOOK_SECONDS = 5.0
PATIENCE_SECONDS = 4.0
BEAT_SECONDS = 0.25
"""How often the event loop is asked whether it turns; the longest wait of the last looks is told."""


class Observer:
    """Looks after one hub. `crashed`: what ended the app, if anything did."""

    def __init__(self, hub: Hub, ends: Ends, crashed: Callable[[], BaseException | None]) -> None:
        self._hub = hub
        self._ends = ends
        self._crashed = crashed
        self._seen: Mapping[TP, int] = {}
        self._seen_at: float | None = None
        self._bytes: dict[int, int] = {}
        self._delays = (0.0, 0.0)

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Look every few seconds for the length of the block."""
        task = asyncio.create_task(self._watch(), name="observer")
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _watch(self) -> None:
        while True:
            await self._look()
            await self._beat()

    async def _beat(self) -> None:
        """Wait for the next look, and notice when the loop lets this task wait."""
        self._delays = (0.0, self._delays[0])
        until = time.monotonic() + LOOK_SECONDS
        while (began := time.monotonic()) < until:
            await asyncio.sleep(BEAT_SECONDS)
            late = time.monotonic() - began - BEAT_SECONDS
            self._delays = (max(late, self._delays[0]), self._delays[1])

    async def _look(self) -> None:
        folders = {number: partition.folder for number, partition in self._hub.partitions.items()}
        self._bytes = await asyncio.to_thread(_sizes, folders)
        # Whatever a broker that is away raises: figures grow old, and that is a figure too.
        with contextlib.suppress(Exception):
            tps = self._hub.positions().keys()
            self._seen = await asyncio.wait_for(self._ends(tps), PATIENCE_SECONDS) if tps else {}
            self._seen_at = time.monotonic()

    def standing(self) -> Standing:
        """As of now."""
        hub, crash = self._hub, self._crashed()
        return Standing(
            assigned=hub.assigned,
            crashed=type(crash).__name__ if crash is not None else None,
            partitions=tuple(self._of(n, partition) for n, partition in sorted(hub.partitions.items())),
            recovering=hub.recovering(),
            lags=self._lags(),
            ends_age=None if self._seen_at is None else time.monotonic() - self._seen_at,
            drifted=frozenset(hub.drifted),
            loop_delay=max(self._delays),
        )

    def _of(self, number: int, partition: Partition) -> PartitionStanding:
        return PartitionStanding(
            number=number,
            position=partition.next,
            cached=partition.cached,
            cached_bytes=partition.cached_bytes,
            dirty=partition.dirty,
            checkpoint_age=partition.checkpoint_age,
            shipped_age=self._hub.shipped_age(number),
            disk_bytes=self._bytes.get(number, 0),
            rules={rule: change.force for rule, change in partition.book.changes.items()},
        )

    def _lags(self) -> dict[tuple[str, int], int]:
        positions = self._hub.positions()
        return {
            (tp.topic, tp.partition): max(0, self._seen[tp] - at)
            for tp, at in positions.items()
            if tp in self._seen
        }


def _sizes(folders: Mapping[int, Path]) -> dict[int, int]:
    return {number: _size(folder) for number, folder in folders.items()}


def _size(folder: Path) -> int:
    """Bytes of the files of a state folder; RocksDB may remove one just now."""
    total = 0
    with contextlib.suppress(OSError), os.scandir(folder) as files:
        for file in files:
            with contextlib.suppress(OSError):
                total += file.stat().st_size
    return total
