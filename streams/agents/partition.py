"""One partition of `facts` at work: its state, its ledger and its effects on their way out.

Order of safety: effects acknowledged and sealed, then commit, then checkpoint (state and position in one write).
An owner that has been replaced is refused at the first of these, by the log itself (OwnerReplaced).
What lies before a commit (`said`) has been said for good, and is replayed in silence: repeated, it would stand behind
newer results. So no state is ever ahead of a commit: its owner would not repair what another repeats in between.
A lock keeps a checkpoint from seeing state that is ahead of its position. A long step (a rule comes into force)
gives way to other work after every chunk, and may be saved half-way under the position and the rulebook it began
with, and with how many subjects it is done: begun again, it passes over these and says the rest. A partition that is
left (its group waits) breaks its step off there; what was in hand of it is repeated by whoever has it next.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from stores.state import PartitionState
from streams.agents.outbox import Outbox
from streams.agents.outputs import outputs
from streams.steps.govern import govern
from streams.steps.join import join
from streams.steps.ledger import Ledger
from streams.steps.memory import Effects, Memory
from streams.steps.rulebook import Rulebook
from streams.telemetry.meter import NO_METER, Meter
from streams.transport.port import Writer
from topics.batch import decode_batch, decode_rows
from topics.control import control_of, is_control
from topics.errors import ContractError, DepartmentDataError, StateDamaged, StateError
from topics.names import FACTS
from topics.records import StoredRecord

logger = logging.getLogger("crosscheck.partition")

CHECKPOINT_SECONDS = 5.0
CHECKPOINT_SUBJECTS = 20_000
"""A checkpoint is due after either, or when memory is used up; all bound what a crash repeats."""

STRETCH_BYTES = 100_000
"""Others get their turn after so many bytes of facts: two full batches, some 15 ms."""

PAUSE_SECONDS = 0.001
"""How long a long step pauses after each chunk (a few milliseconds of work): it takes a fifth more time for it."""

SEAL_SECONDS = 10.0
"""How long a long step says things before they are sealed: Kafka gives up what is open for long, and its writer."""

TURN_SECONDS = 0.3
"""How long whoever looks after all partitions waits for one: a stretch of facts takes less, a long step more."""

LINK_SECONDS = 5.0
"""How long a copy of one partition waits for its turn, before it is another's."""

Commit = Callable[[int, int], Awaitable[bool]]
"""Tells the group that all of a partition before a position has been said for good; whether it has taken that."""


async def alone(number: int, position: int) -> bool:
    """The commit of somebody who is in no group."""
    return True


class Meta(msgspec.Struct, array_like=True):
    """What is stored of a partition beside its subjects."""

    ledger: Ledger
    book: Rulebook


def meta_of(stored: bytes | None, where: str) -> Meta:
    """What was stored, or a beginning. Raises StateDamaged, also for what another version of Crosscheck stored."""
    try:
        return msgspec.msgpack.decode(stored, type=Meta) if stored else Meta(Ledger(), Rulebook())
    except msgspec.DecodeError as error:
        what = f"ledger and rulebook cannot be read ({error})"
        raise StateDamaged(what, where=where, remedy="`crosscheck state rebuild`") from None


class Partition:
    """The owner's view of one partition; made on assignment, closed on revocation."""

    def __init__(
        self,
        number: int,
        folder: Path,
        writer: Writer,
        log_id: str,
        meter: Meter = NO_METER,
        commit: Commit = alone,
    ) -> None:
        self.number = number
        self.folder = folder
        self._state = PartitionState(folder, log_id)
        try:
            known = meta_of(self._state.meta, str(folder))
        except StateDamaged:
            self._state.close()
            raise
        self._memory = Memory.of(self._state, known.ledger, known.book)
        self._writer = writer
        self._outbox = Outbox(writer)
        self._meter = meter
        self._commit = commit
        self._lock = asyncio.Lock()
        self._saved_at = asyncio.get_running_loop().time()
        self._due = self._saved_at + first_turn(number)
        self._sealed_at = self._saved_at
        self.next = self._state.position
        self.said = 0
        self._leaving = self._closed = False
        self._whole = True

    async def take(self) -> None:
        """From now on whatever a former owner still says is refused."""
        await self._writer.take()

    @property
    def book(self) -> Rulebook:
        """The business date and the rules in force here."""
        return self._memory.book

    @property
    def room(self) -> int:
        """Bytes that subjects may take in memory; what is over is let go of at the next checkpoint."""
        return self._state.room

    @room.setter
    def room(self, room: int) -> None:
        self._state.room = room

    @property
    def cached(self) -> int:
        """Subjects in memory."""
        return self._state.cached

    @property
    def cached_bytes(self) -> int:
        """Bytes that they take, about."""
        return self._state.size

    @property
    def dirty(self) -> int:
        """Subjects that wait for the next checkpoint."""
        return self._state.dirty

    @property
    def full(self) -> bool:
        """Whether more has changed than should wait for the time of the next checkpoint."""
        return self._state.dirty >= CHECKPOINT_SUBJECTS or self._state.full

    @property
    def saved(self) -> int:
        """The position of the last checkpoint."""
        return self._state.position

    @property
    def checkpoint_age(self) -> float:
        """Seconds since the last checkpoint, or since this was opened."""
        return asyncio.get_running_loop().time() - self._saved_at

    async def process(self, *records: StoredRecord) -> None:
        """Take records of `facts` in order; what was taken before, or comes after `leave`, is passed over.

        Raises StateError where records between are gone, and after a step that was broken off: what follows would
        leave a hole.
        """
        async with self._lock:
            if self._leaving:
                return
            if not self._whole:
                raise StateError(
                    "a step was broken off", where=f"{FACTS}[{self.number}]", remedy="start again"
                )
            self._whole = not records
            for stretch in stretches(records):
                with self._meter.stage("join"):
                    for record in stretch:
                        if self._wants(record) and not await self._take(record):
                            return
                await asyncio.sleep(0)
            self._whole = True

    def _wants(self, record: StoredRecord) -> bool:
        return record.offset >= self.next and not self._leaving

    async def _take(self, record: StoredRecord) -> bool:
        """Whether the step was done to its end; what was not is not whole."""
        check_follows(record, self.next)
        began_with = b""
        self._memory.begin()
        if is_control(record):
            began_with = self._meta()
            self._due = 0.0  # whoever told it waits until the group knows that it was taken
            self._state.begin()
            if record.offset == self._state.position:
                self._memory.begin(self._state.halfway)
        for chunk, effects in enumerate(self._step(record)):
            self._state.put_away(effects.dirty)
            if record.offset >= self.said:
                await self._say(effects)
            if chunk:
                await self._breathe(record.offset, began_with)
                if self._leaving:
                    return False
        self.next = record.offset + 1
        return True

    def _step(self, record: StoredRecord) -> Iterator[Effects]:
        try:
            control = control_of(record)
            if control is not None:
                return govern(control, record.offset, self.number, self._memory)
            batch = decode_batch(record.value)
            rows = decode_rows(batch)
        except (ContractError, DepartmentDataError):
            # Only the hub writes `facts`; passing over what it cannot have written keeps every replay alike.
            logger.warning("passed over %s: neither a batch nor a control", record.place)
            return iter(())
        self._state.load({row.subject for row in rows})
        return join(batch, rows, record.offset, self._memory)

    async def _say(self, effects: Effects) -> None:
        for topic, records in outputs(effects).items():
            await self._outbox.send(topic, 0, records)
        self._meter.said(effects.receipt, effects.alerts)

    async def _breathe(self, position: int, meta: bytes) -> None:
        """Between two chunks of a long step: let others work, keep no more in memory than a batch would.

        Only a control's is saved half-way. The group is told of what lies before the step, and no more.
        """
        self._meter.moved()
        await asyncio.sleep(PAUSE_SECONDS)
        waits = asyncio.get_running_loop().time() - self._sealed_at
        due = waits >= SEAL_SECONDS or (meta and (self.full or self._leaving))
        if due and await self._settle(position) and meta:
            self._state.checkpoint(position, meta, halfway=self._memory.done)

    async def _settle(self, position: int) -> bool:
        """Everything that was said has arrived, no other owner has taken over since, and the group knows: or not."""
        with self._meter.stage("settle"):
            await self._outbox.settle()
            await self._writer.seal()
            self._sealed_at = asyncio.get_running_loop().time()
            if position > self.said:
                if not await self._commit(self.number, position):
                    return False
                self.said = position
        return True

    def _meta(self) -> bytes:
        return msgspec.msgpack.encode(Meta(self._memory.ledger, self._memory.book))

    async def checkpoint_if_due(self) -> bool:
        """Checkpoint when time or size says so. False: it is in a long step, which looks after itself."""
        if self.full or asyncio.get_running_loop().time() >= self._due:
            async with self._turn(TURN_SECONDS) as came:
                if came:
                    await self._save()
                return came
        return True

    @asynccontextmanager
    async def _turn(self, seconds: float) -> AsyncIterator[bool]:
        """The lock, if it can be had in this time."""
        try:
            async with asyncio.timeout(seconds):
                await self._lock.acquire()
        except TimeoutError:
            yield False
            return
        try:
            yield True
        finally:
            self._lock.release()

    async def checkpoint(self) -> None:
        """Make everything up to `next` known to the group, then durable."""
        async with self._lock:
            await self._save()

    async def leave(self) -> None:
        """Take nothing more, and checkpoint for the last time: a long step first comes to the end of its chunk."""
        self._leaving = True
        await self.checkpoint()

    async def _save(self) -> None:
        if self._closed or not self._whole:
            return  # a step that was broken off is in memory only: the log repeats it
        if not await self._settle(self.next):
            # What the group does not know, the next owner repeats: it must not find a state that is past it.
            logger.info("facts[%s] is not saved: its group is moving on", self.number)
            return
        with self._meter.stage("checkpoint"):
            self._state.checkpoint(self.next, self._meta())
        self._saved_at = asyncio.get_running_loop().time()
        self._due = self._saved_at + CHECKPOINT_SECONDS
        await self._keep_name()

    async def _keep_name(self) -> None:
        """A name that the log may soon forget is taken again, if the group says that this is still its owner."""
        if self._writer.stale and not self._leaving and await self._commit(self.number, self.said):
            await self._writer.take()

    async def link(self, folder: Path, pause: float = 0.0) -> int | None:
        """A copy of the state as of its last checkpoint, by hard links; its position, or None if it has none now.

        On the loop's own thread: RocksDB would hold the interpreter's lock on any other. It takes milliseconds, if
        the `pause` was long enough for it to write what it has in memory on threads of its own. None in a long step
        too: others are to be shipped meanwhile.
        """
        async with self._turn(LINK_SECONDS) as came:
            if came and not self._closed:
                self._state.flush()
        await asyncio.sleep(pause)
        async with self._turn(LINK_SECONDS) as came:
            if not came or self._closed or not self._whole:
                return None
            self._state.link(folder)
            return self._state.position

    def close(self) -> None:
        """Release the state folder. An event that waited for the lock finds the partition closed."""
        self._leaving = self._closed = True
        self._outbox.abandon()
        self._state.close()


def first_turn(number: int) -> float:
    """Seconds until a partition's first checkpoint: those opened together save one after the other.

    Multiples of the golden ratio, less their whole part, lie apart however many there are. With ten thousand changes
    a second and eight partitions at once, p99 was 160-313 ms; in turn it is 140-188.
    """
    return CHECKPOINT_SECONDS * (number * 0.618 % 1)


def check_follows(record: StoredRecord, expected: int) -> None:
    """Raises StateError for a hole: `facts` is not compacted, nor written in transactions, so it has none by nature."""
    if record.offset > expected:
        raise StateError(
            f"the facts up to {record.offset - 1} are gone from the log",
            where=f"{FACTS}[{record.partition}]@{expected}",
            remedy="what cut the topic (a retention, DeleteRecords)? go on from a checkpoint behind the hole, "
            "or restore the topic",
        )


def stretches(records: Sequence[StoredRecord]) -> Iterator[list[StoredRecord]]:
    """Records in parts of STRETCH_BYTES or just over."""
    part: list[StoredRecord] = []
    room = STRETCH_BYTES
    for record in records:
        part.append(record)
        room -= len(record.value)
        if room <= 0:
            yield part
            part, room = [], STRETCH_BYTES
    if part:
        yield part
