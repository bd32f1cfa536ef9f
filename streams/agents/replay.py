"""`facts` replayed into a state folder without a word: what it says was said when it was first joined.

Rules: stops at a position; needs no Faust, no group, no worker. Must not know: whose folder it is.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

from streams.agents.partition import Partition
from streams.transport.port import Log
from topics.names import FACTS
from topics.records import Record

Tell = Callable[[int], None]
"""Told the position that has been reached."""


class Silence:
    """A writer that takes what it is sent, and keeps none of it."""

    stale = False

    async def take(self) -> None:
        """Nobody else has this name."""

    async def seal(self) -> None:
        """Nobody else has this name."""

    async def send(self, topic: str, partition: int, records: Sequence[Record]) -> "asyncio.Future[None]":
        """As if it had arrived."""
        arrived: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        arrived.set_result(None)
        return arrived


async def replay(log: Log, number: int, folder: Path, upto: int, tell: Tell = lambda _: None) -> int:
    """Bring the state in a folder forward to `upto`, from where it stands; the position it has then."""
    partition = Partition(number, folder, Silence(), log.log_id)
    try:
        if partition.next < upto:
            await _read(log, partition, upto, tell)
        await partition.checkpoint()
        return partition.next
    finally:
        partition.close()


async def _read(log: Log, partition: Partition, upto: int, tell: Tell) -> None:
    ends = await log.ends(FACTS)
    start: Mapping[int, int] = {**ends, partition.number: partition.next}
    chunks: Any = log.read(FACTS, start)
    async with aclosing(chunks):
        async for chunk in chunks:
            mine = [r for r in chunk if r.partition == partition.number and r.offset < upto]
            await partition.process(*mine)
            await partition.checkpoint_if_due()
            tell(partition.next)
            if partition.next >= upto:
                return
