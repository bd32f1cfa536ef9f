"""A broker: logs, sends under way, writers that are replaced, a group that commits.

What a process sends travels in one line for each (writer, topic, partition); the simulation decides when the head of
a line arrives, and when, or whether, its sender hears of it. In the way of Kafka, a writer's records are final once
it has sealed them, and those that it had not are void when a successor takes its name (readers see them, compaction
does not keep them); in the way of the embedded log, they are final at once.
Must not know: what is in a record.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from faust.types import TP

from tests.simulation.loop import Time
from topics.errors import BrokerUnavailable, OwnerReplaced
from topics.records import Record, StoredRecord

Line = tuple[int, str, str, int]


@dataclass
class Request:
    """Records, or a seal (no records), on their way from a process."""

    topic: str
    partition: int
    records: Sequence[Record]
    arrival: "asyncio.Future[None]"
    writer: "SimulatedWriter | None" = None
    seals: bool = False


@dataclass
class Broker:
    """Everything that outlives the processes. `fences`: whether a replaced writer is refused.

    `early`: writers take their names when a partition is opened. With the first send, as the port has it, is too
    late: a worker that was paused before it takes the name from its successor, and repeats old results behind it.
    """

    time: Time
    transactions: bool
    fences: bool = True
    early: bool = True
    logs: dict[TP, list[StoredRecord]] = field(default_factory=lambda: defaultdict(list))
    lines: dict[Line, deque[Request]] = field(default_factory=lambda: defaultdict(deque))
    acks: list[tuple[Request, Exception | None]] = field(default_factory=list)
    epochs: dict[str, int] = field(default_factory=dict)
    unsealed: dict[str, list[tuple[TP, int]]] = field(default_factory=lambda: defaultdict(list))
    void: set[tuple[TP, int]] = field(default_factory=set)

    def append(self, topic: str, partition: int, record: Record) -> int:
        """One record at the end of a log; its offset."""
        log = self.logs[TP(topic, partition)]
        offset = len(log)
        log.append(StoredRecord(topic, partition, offset, int(self.time.now * 1000), *record))
        return offset

    def end(self, tp: TP) -> int:
        return len(self.logs[tp]) if tp in self.logs else 0

    def take(self, writer: "SimulatedWriter") -> None:
        """A writer takes its name; what its predecessor has not sealed is void."""
        writer.epoch = self.epochs[writer.name] = self.epochs.get(writer.name, 0) + 1
        self.void.update(self.unsealed.pop(writer.name, ()))

    def arrive(self, line: Line) -> None:
        """The head of a line is appended, or refused; its sender does not know yet."""
        request = self._head(line)
        writer = request.writer
        refusal: OwnerReplaced | BrokerUnavailable | None = None
        if writer is not None:
            if writer.epoch is None:
                self.take(writer)
            if self.fences and writer.epoch != self.epochs[writer.name]:
                refusal = OwnerReplaced("another worker has taken over", where=writer.name)
            elif request.seals and writer.broken:
                refusal = BrokerUnavailable("a transaction that lost something cannot be committed")
            elif request.seals:
                self.unsealed.pop(writer.name, None)
        if refusal is None:
            self._append(request)
        self.acks.append((request, refusal))

    def _head(self, line: Line) -> Request:
        request = self.lines[line].popleft()
        if not self.lines[line]:
            del self.lines[line]
        return request

    def lose(self, line: Line) -> Request:
        """The head of a line never arrives; what is behind it may."""
        request = self._head(line)
        if request.writer is not None and self.transactions:
            request.writer.broken = True
        return request

    def _append(self, request: Request) -> None:
        tp = TP(request.topic, request.partition)
        for record in request.records:
            offset = self.append(*tp, record)
            if request.writer is not None and self.transactions:
                self.unsealed[request.writer.name].append((tp, offset))

    def cut(self, process: int, arrives: Sequence[bool]) -> None:
        """A process has ended: of each of its lines, a part still arrives (`arrives`: tossed coins, repeated)."""
        tossed = 0
        for line in [line for line in self.lines if line[0] == process]:
            while line in self.lines and arrives[tossed % len(arrives)]:
                self.arrive(line)
                tossed += 1
            self.lines.pop(line, None)
            tossed += 1
        # Nobody is left who could hear of it.

    def kept(self, tp: TP) -> list[StoredRecord]:
        """What compaction would look at."""
        return [record for record in self.logs[tp] if (tp, record.offset) not in self.void]


class SimulatedLog:
    """One process's connection (streams.transport.port.Log, as far as the hub uses it)."""

    log_id = "simulated"

    def __init__(self, broker: Broker, process: int, partitions: int) -> None:
        self.broker = broker
        self.process = process
        self._partitions = partitions

    async def send(self, topic: str, partition: int, records: Sequence[Record]) -> "asyncio.Future[None]":
        return self.request(Request(topic, partition, records, asyncio.get_running_loop().create_future()))

    def request(self, request: Request) -> "asyncio.Future[None]":
        """Put a request in its line."""
        name = request.writer.name if request.writer else ""
        self.broker.lines[self.process, name, request.topic, request.partition].append(request)
        return request.arrival

    def writer(self, name: str) -> "SimulatedWriter":
        return SimulatedWriter(self, name)

    async def ends(self, topic: str) -> dict[int, int]:
        await asyncio.sleep(0)
        return {p: self.broker.end(TP(topic, p)) for p in range(self._partitions)}


class SimulatedWriter:
    """See streams.transport.port.Writer."""

    stale = False

    def __init__(self, log: SimulatedLog, name: str) -> None:
        self._log = log
        self.name = name
        self.epoch: int | None = None
        self.broken = False
        if log.broker.early:
            log.broker.take(self)

    async def take(self) -> None:
        """Taken when it was made; or, a planted fault, with the first send."""

    async def send(self, topic: str, partition: int, records: Sequence[Record]) -> "asyncio.Future[None]":
        if self.epoch is None and self._log.broker.transactions:
            await asyncio.sleep(0)
            self._log.broker.take(self)
        arrival = asyncio.get_running_loop().create_future()
        return self._log.request(Request(topic, partition, records, arrival, self))

    async def seal(self) -> None:
        if self.epoch is not None:
            arrival = asyncio.get_running_loop().create_future()
            await self._log.request(Request("", 0, (), arrival, self, seals=True))


@dataclass
class Group:
    """Members with the generation each has synced to, and what was committed (as stores.embedded.groups)."""

    generation: int = 0
    members: dict[int, int] = field(default_factory=dict)
    offsets: dict[TP, int] = field(default_factory=dict)

    def change(self) -> None:
        """Members came or went: everybody gives up what they have."""
        self.generation += 1

    def formed(self) -> bool:
        """Whether everybody has."""
        return bool(self.members) and all(synced == self.generation for synced in self.members.values())

    def commit(self, member: int, generation: int, offsets: Mapping[TP, int]) -> bool:
        """Refused from anyone but a member of the generation it synced to. What was said for good stays so."""
        if self.members.get(member) != generation:
            return False
        back = {tp: at for tp, at in offsets.items() if at < self.offsets.get(tp, 0)}
        assert not back, f"a commit goes back: {back} of {self.offsets}"
        self.offsets.update(offsets)
        return True
