"""The state that the owner of a partition begins with: its own, a checkpoint, or none, and then the log rebuilds it.

    local state, if no checkpoint is newer  >  newest checkpoint that is whole  >  an older one  >  the log

Rules: nothing here may keep a partition from being worked on: what cannot be used is said, put aside or discarded,
and the next best is taken. A checkpoint is brought into a folder aside, checked, and renamed into place, so that a
crash on the way leaves the local state as it was. Must not know: Faust, what is in a state.
"""

import asyncio
import contextlib
import logging
import shutil
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path

from stores.checkpoints import Kept, Manifest, Shelf, Shelves
from stores.stored import StoredState, held
from streams.agents.partition import Partition, meta_of
from streams.agents.shipping import linked
from topics.errors import (
    CheckpointDamaged,
    CheckpointsUnavailable,
    NotFound,
    StateDamaged,
    StateError,
    StateOfAnotherLog,
)
from topics.names import FACTS

logger = logging.getLogger("crosscheck.recovery")

AT_ONCE = 4
"""Partitions that are restored at the same time."""

STALE_SECONDS = 3_600.0
"""How long a folder aside may have been made by somebody who still needs it."""

LIST_SECONDS = 10.0
"""What the place of checkpoints has to say what there is: partitions wait for it, and the others of the group."""

AWAY_SECONDS = 60.0
"""How long a place that did not answer is not asked again: each partition would wait in its turn."""

LOCK_PATIENCE_SECONDS = 3.0
"""How long to wait for a former owner on this machine to let go of a state folder."""


class Recovery:
    """Opens partitions. `end`: asks where the log of a partition ends now."""

    def __init__(
        self,
        state: Path,
        open_partition: Callable[[int, Path], Partition],
        end: Callable[[int], Awaitable[int]],
        shelves: Shelves | None,
    ) -> None:
        self._state = state
        self._open_partition = open_partition
        self._end = end
        self._shelves = shelves
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._away_until = 0.0

    def home(self, number: int) -> Path:
        """Where the state of a partition belongs."""
        return state_folder(self._state, number)

    async def open(self, number: int, end: int) -> Partition:
        """The partition with the newest state there is, which is never ahead of its log."""
        await asyncio.to_thread(sweep, self._state, number)
        partition = await self._open(number)
        if partition.next > end:
            logger.warning("state of facts[%s] is ahead of its log: discarding it", number)
            partition.close()
            shutil.rmtree(partition.folder)
            partition = await self._open(number)
        if self._shelves is not None:
            try:
                async with self._gate:
                    partition = await self._brought_forward(partition, self._shelves.of(number), end)
            except BaseException:
                partition.close()
                raise
        if partition.next == 0 < end:
            logger.info("%s[%s] is rebuilt from its log, of %s records", FACTS, number, end)
        return partition

    async def _open(self, number: int) -> Partition:
        """What is on this disk, or a new state: aside, where somebody else holds the folder."""
        folder = self.home(number)
        deadline = asyncio.get_running_loop().time() + LOCK_PATIENCE_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            try:
                return self._opened(number, folder)
            except StateOfAnotherLog:
                logger.warning("state of facts[%s] is of another log: discarding it", number)
                shutil.rmtree(folder)
            except StateDamaged as error:
                logger.warning("%s: put aside as %s", error.what, put_aside(folder).name)
            except StateError as error:
                logger.debug("%s; waiting for its owner", error)
                await asyncio.sleep(0.1)
        logger.warning("state of facts[%s] is held by another worker: a new one is made aside", number)
        return self._opened(number, aside(self._state, number))

    def _opened(self, number: int, folder: Path) -> Partition:
        partition = self._open_partition(number, folder)
        shutil.rmtree(linked(folder), ignore_errors=True)
        return partition

    async def _brought_forward(self, partition: Partition, shelf: Shelf, end: int) -> Partition:
        """The partition itself, or the newest checkpoint that is newer and whole in its place."""
        number, folder = partition.number, partition.folder
        began = asyncio.get_running_loop().time()
        new = aside(self._state, number)
        made = await self._newest(shelf, number, above=partition.next, end=end, folder=new)
        if made is None:
            return partition
        partition.close()
        replace_folder(folder, new)
        took = asyncio.get_running_loop().time() - began
        words = (
            "state of facts[%s] is restored from the checkpoint at %s (%.1f MB in %.1f s); its log ends at %s"
        )
        logger.info(words, number, made.position, made.size / 1e6, took, end)
        return self._opened(number, folder)

    async def _newest(
        self, shelf: Shelf, number: int, *, above: int, end: int, folder: Path
    ) -> Manifest | None:
        if asyncio.get_running_loop().time() < self._away_until:
            return None
        try:
            async with asyncio.timeout(LIST_SECONDS):
                kept = [one for one in await shelf.kept() if one.position > above]
            if kept and kept[0].position > end:
                kept = await self._within(shelf, kept, await self._end(number))
            return await newest_whole(shelf, kept, folder)
        except (CheckpointsUnavailable, TimeoutError, OSError) as error:
            self._away_until = asyncio.get_running_loop().time() + AWAY_SECONDS
            why = str(error) or f"no answer in {LIST_SECONDS:.0f} s"
            logger.warning("%s[%s] and others go without a checkpoint: %s", FACTS, number, why)
            return None

    async def _within(self, shelf: Shelf, kept: list[Kept], end: int) -> list[Kept]:
        """A checkpoint that is ahead of its log is of a log that was lost: it would be the newest for ever."""
        for one in kept:
            if one.position > end:
                logger.warning("checkpoint is ahead of its log, which ends at %s: %s", end, shelf.where(one))
                await shelf.discard(one)
        return [one for one in kept if one.position <= end]


async def newest_whole(shelf: Shelf, kept: list[Kept], folder: Path) -> Manifest | None:
    """Bring the first of these into a new folder that is whole, and say what is wrong with the others."""
    for one in kept:
        try:
            made = await shelf.restore(one, folder)
            await asyncio.to_thread(check_restored, folder, made)
        except CheckpointDamaged as error:
            logger.warning("checkpoint passed over: %s", error)
            shutil.rmtree(folder, ignore_errors=True)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        else:
            return made
    return None


def check_restored(folder: Path, made: Manifest) -> None:
    """Raises CheckpointDamaged unless a restored folder opens and is what its manifest says."""
    try:
        with StoredState(folder) as stored:
            found = (stored.log_id, stored.position)
            meta_of(stored.meta, str(folder))
    except (StateError, NotFound) as error:
        raise CheckpointDamaged(error.what, where=f"{FACTS}[{made.partition}]@{made.position}") from None
    if found != (made.log, made.position):
        what = f"it holds position {found[1]} of {found[0]}"
        raise CheckpointDamaged(what, where=f"{FACTS}[{made.partition}]@{made.position}")


def state_folder(state: Path, number: int) -> Path:
    """Where the state of a partition belongs."""
    return state / f"{FACTS}-{number}"


def aside(state: Path, number: int) -> Path:
    """A folder that nobody else uses, on the same disk."""
    return state / f"aside-{number}-{uuid.uuid4().hex[:8]}"


def put_aside(folder: Path) -> Path:
    """Move a state that cannot be used out of the way; the last one is kept for whoever wants to know why."""
    damaged = folder.with_name(f"damaged-{folder.name}")
    shutil.rmtree(damaged, ignore_errors=True)
    return folder.rename(damaged)


def sweep(state: Path, number: int) -> None:
    """Remove what crashes left of a partition that is about to be opened: old enough that nobody works on it."""
    for pattern in (f"aside-{number}-*", f"replaced-{FACTS}-{number}-*"):
        for folder in state.glob(pattern):
            with contextlib.suppress(FileNotFoundError):
                if time.time() - folder.stat().st_mtime > STALE_SECONDS and not held(folder):
                    shutil.rmtree(folder, ignore_errors=True)


def replace_folder(folder: Path, new: Path) -> None:
    """Put a new state in a folder's place; a crash between the two renames leaves none, which is made anew."""
    old = folder.with_name(f"replaced-{folder.name}-{uuid.uuid4().hex[:8]}")
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
