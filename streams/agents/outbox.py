"""Effects on their way out, and the order in which they became safe.

They go in rounds: while one is on its way, what is said gathers for the next. The agent works on meanwhile, and the
slower the log, the larger the rounds. Rules: order within a topic's partition is kept; what a round raised is raised
by whatever is asked next, and ends the outbox: the log repeats what did not arrive.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from streams.transport.port import Log, Writer
from topics.errors import BrokerUnavailable
from topics.records import Record

IN_FLIGHT = 20_000
"""Records on their way or gathered, per input partition; more wait, so that a backlog stays in the log."""

_CALLED_OFF = BrokerUnavailable("a send was called off", remedy="start again: the log repeats it")

Place = tuple[str, int]
"""Topic and partition."""


@dataclass(slots=True)
class _Gathered:
    """What waits for the next round; once it has arrived, everything before `reaches` is safe."""

    records: dict[Place, list[Record]] = field(default_factory=dict)
    count: int = 0
    reaches: int | None = None


class Outbox:
    """Sends of one input partition, read from `begins` on. `settle` waits for all; all before `safe` has arrived."""

    def __init__(self, log: Log | Writer) -> None:
        self._log = log
        self._next = _Gathered()
        self._under_way = 0
        self._round: asyncio.Task[None] | None = None
        self._failed: BaseException | None = None
        self.safe: int | None = None
        self.begins = 0

    async def send(self, topic: str, partition: int, records: Sequence[Record]) -> None:
        """Say something, after waiting for room. Raises what an earlier round raised."""
        while self._next.count + self._under_way >= IN_FLIGHT and self._round is not None:
            await asyncio.wait([self._round])  # whoever gives up waiting does not call the round off
        self._raise()
        self._next.records.setdefault((topic, partition), []).extend(records)
        self._next.count += len(records)
        self._begin()

    def reach(self, position: int) -> None:
        """Everything that the input before `position` causes has been said."""
        if self._next.count or self._round is not None:
            self._next.reaches = position
        else:
            self.safe = position

    def advance(self) -> int | None:
        """The position up to which everything has arrived. Raises what a round raised."""
        self._raise()
        return self.safe

    async def settle(self) -> None:
        """Wait until everything has arrived."""
        while self._round is not None:
            await asyncio.wait([self._round])
        self._raise()

    def abandon(self) -> None:
        """Call off what has not arrived."""
        self._next = _Gathered()
        if self._round is not None:
            self._round.cancel()

    def _raise(self) -> None:
        if self._failed is not None:
            raise self._failed

    def _begin(self) -> None:
        if self._round is None and self._failed is None:
            self._round = asyncio.create_task(self._deliver())
            self._round.add_done_callback(self._ended)

    async def _deliver(self) -> None:
        gathered, self._next = self._next, _Gathered()
        self._under_way = gathered.count
        arrivals: list[asyncio.Future[None]] = []
        for place, records in gathered.records.items():
            arrivals.append(await self._log.send(*place, records))
            arrivals[-1].add_done_callback(_heard)  # should a later one raise, nobody waits for it
        await asyncio.gather(*arrivals)
        if gathered.reaches is not None:
            self.safe = gathered.reaches

    def _ended(self, round_: "asyncio.Task[None]") -> None:
        self._round, self._under_way = None, 0
        self._failed = _CALLED_OFF if round_.cancelled() else round_.exception()
        if self._next.count or self._next.reaches is not None:
            self._begin()


def _heard(arrival: "asyncio.Future[None]") -> None:
    if not arrival.cancelled():
        arrival.exception()
