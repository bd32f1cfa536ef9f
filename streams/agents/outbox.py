"""Effects on their way out, and the order in which they became safe."""

import asyncio
from collections import deque
from collections.abc import Sequence

from streams.transport.port import Log
from topics.records import Record

IN_FLIGHT = 64
"""Sends under way per input partition; more wait, so that a backlog stays in the log and not in memory."""


class Outbox:
    """Sends of one input partition. `settle` waits for all; `safe` is the position all before which arrived."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._sent: deque[tuple[int, asyncio.Future[None]]] = deque()
        self.safe: int | None = None

    async def send(self, position: int, topic: str, partition: int, records: Sequence[Record]) -> None:
        """Send what the message before `position` caused."""
        if len(self._sent) >= IN_FLIGHT:
            await self._sent[0][1]
            self.advance()
        self._sent.append((position, await self._log.send(topic, partition, records)))

    def advance(self) -> int | None:
        """The position up to which everything has arrived. Raises what a send raised."""
        while self._sent and self._sent[0][1].done():
            position, future = self._sent.popleft()
            future.result()
            if not self._sent or self._sent[0][0] > position:
                self.safe = position
        return self.safe

    async def settle(self) -> None:
        """Wait until everything has arrived."""
        while self._sent:
            await self._sent[0][1]
            self.advance()
