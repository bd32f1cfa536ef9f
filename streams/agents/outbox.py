"""Effects on their way out, and the order in which they became safe."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from streams.transport.port import Log, Writer
from topics.records import Record

IN_FLIGHT = 64
"""Sends under way per input partition; more wait, so that a backlog stays in the log and not in memory."""


@dataclass(slots=True)
class _Sent:
    """A send under way; once it and all before it have arrived, everything before `reaches` is safe."""

    arrival: "asyncio.Future[None]"
    reaches: int | None = None


class Outbox:
    """Sends of one input partition, read from `begins` on. `settle` waits for all; all before `safe` has arrived."""

    def __init__(self, log: Log | Writer) -> None:
        self._log = log
        self._sent: deque[_Sent] = deque()
        self.safe: int | None = None
        self.begins = 0

    async def send(self, topic: str, partition: int, records: Sequence[Record]) -> None:
        """Send, after waiting for room."""
        if len(self._sent) >= IN_FLIGHT:
            await self._oldest()
            self.advance()
        self._sent.append(_Sent(await self._log.send(topic, partition, records)))

    async def _oldest(self) -> None:
        """Wait for the oldest send; whoever gives up waiting does not call it off."""
        await asyncio.wait([self._sent[0].arrival])

    def reach(self, position: int) -> None:
        """Everything that the input before `position` causes has been sent."""
        if self._sent:
            self._sent[-1].reaches = position
        else:
            self.safe = position

    def advance(self) -> int | None:
        """The position up to which everything has arrived. Raises what a send raised."""
        while self._sent and self._sent[0].arrival.done():
            sent = self._sent.popleft()
            sent.arrival.result()
            self.safe = self.safe if sent.reaches is None else sent.reaches
        return self.safe

    async def settle(self) -> None:
        """Wait until everything has arrived."""
        while self._sent:
            await self._oldest()
            self.advance()
