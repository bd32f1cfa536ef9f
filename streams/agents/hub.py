"""The hub: what the two agents share, and their part in every rebalance.

Must not know: Faust beyond TP, so that tests can drive it without an app.
"""

import asyncio
import logging
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import msgspec
from faust.types import TP

from streams.agents.outbox import Outbox
from streams.agents.partition import Commit, Partition, alone
from streams.agents.progress import Progress
from streams.agents.recovery import Recovery
from streams.agents.shipping import Shipping
from streams.agents.steward import Steward
from streams.agents.watch import Watch
from streams.clock import Clock, no_clock
from streams.controls import tell_all
from streams.settings import CACHE_BYTES
from streams.steps.admission import Admission, Admitted, Refused
from streams.steps.rulebook import Rulebook
from streams.telemetry.meter import NO_METER, Meter
from streams.transport.gate import CommitGate
from streams.transport.port import Log
from topics.batch import ChangeBatch
from topics.catalog import Catalog
from topics.codec import encode
from topics.control import control_record
from topics.errors import BrokerUnavailable, OwnerReplaced
from topics.limits import MAX_LETTER_BYTES
from topics.names import FACTS, dlq_topic, receipt_topic
from topics.receipts import DeadLetter
from topics.records import Record, StoredRecord, event_headers

LOST_SECONDS = 30.0
"""How long a partition that another worker writes may still be given to this one: a rebalance takes less."""

WATCH_SECONDS = 5.0
"""How often decisions are looked at."""

logger = logging.getLogger("crosscheck.hub")


class _Revoked(Exception):
    """What was assigned when somebody asked where it starts is not any more."""


class Hub:
    """Owned partitions of `facts`, and messages of change topics on their way into it."""

    def __init__(
        self,
        catalog: Catalog,
        log: Log,
        log_id: str,
        state: Path,
        today: Clock = no_clock,
        meter: Meter = NO_METER,
        shipping: Shipping | None = None,
        cache: int = CACHE_BYTES,
        commit: Commit = alone,
    ) -> None:
        self._admission = Admission(catalog)
        self._steward = Steward(catalog, today)
        self._log = log
        self._log_id = log_id
        self._meter = meter
        self._shipping = shipping
        self._cache = cache
        self._commit = commit
        self._recovery = Recovery(state, self._partition, self._end, shipping.shelves if shipping else None)
        self._progress = Progress()
        self._starting = asyncio.Lock()
        self._revokes = 0
        self.assigned = False
        self.partitions: dict[int, Partition] = {}
        self._forwarding: dict[TP, Outbox] = {}
        self._known: dict[int, int] = {}
        self._replays_to: dict[int, int] = {}
        self.drifted: set[str] = set()
        self._watch = Watch(log)
        self._next_watch = 0.0
        self._lost: dict[int, float] = {}
        self._leapt: date | None = None
        self.gate = CommitGate(self.starts, self.revoke)
        self.ready: Callable[[], None] = lambda: None

    async def admit(self, *records: StoredRecord) -> None:
        """Forward batches into `facts` as they came, or put them on their department's dead-letter topic.

        All are of one partition of a change topic. Order within a bucket is kept, which is all that matters.
        """
        if not records:
            return
        tp = TP(records[0].topic, records[0].partition)
        outbox = self._forwarding.get(tp)
        if outbox is None:
            return  # revoked while they waited in a queue; the next owner reads them
        with self._meter.stage("admission"):
            admitted = await self._sort(records, outbox)
        with self._meter.stage("forward"):
            for bucket, forwarded in admitted.items():
                await outbox.send(FACTS, bucket, forwarded)
        outbox.reach(records[-1].offset + 1)
        if self._forwarding.get(tp) is outbox:
            self._advance(tp, outbox)

    async def _sort(self, records: Sequence[StoredRecord], outbox: Outbox) -> dict[int, list[Record]]:
        """Admitted batches by bucket, to be forwarded; refused ones are on their way."""
        admitted: dict[int, list[Record]] = {}
        for record in records:
            decision = self._admission.admit(record)
            if isinstance(decision, Admitted):
                admitted.setdefault(decision.batch.bucket, []).append(
                    _forwarded(decision.batch, record.value)
                )
            else:
                await self._refuse(outbox, decision)
        return admitted

    async def _refuse(self, outbox: Outbox, refused: Refused) -> None:
        letter, receipt = _cut(refused.letter), refused.receipt
        logger.warning("refused %s[%s]@%s: %s", letter.topic, letter.partition, letter.offset, letter.reason)
        key = receipt.position.encode()
        event = event_headers("deadletter", "crosscheck", receipt.position, receipt.at)
        await outbox.send(dlq_topic(letter.department), 0, [Record(key, encode(letter), event)])
        await outbox.send(receipt_topic(letter.department), 0, [Record(key, encode(receipt))])
        self._meter.refused(receipt)

    def _advance(self, tp: TP, outbox: Outbox) -> None:
        safe = outbox.advance()
        if safe is not None:
            self.gate.advance(tp, safe)

    async def join(self, *records: StoredRecord) -> None:
        """Join records of one partition of `facts`."""
        partition = self.partitions.get(records[0].partition) if records else None
        if partition is not None:
            with self._unless_replaced(partition):
                await partition.process(*records)
                if partition.full:
                    await partition.checkpoint()

    @contextmanager
    def _unless_replaced(self, partition: Partition) -> Iterator[None]:
        """A partition that has another owner is dropped as it is: that owner says what was in hand here."""
        try:
            yield
        except OwnerReplaced:
            logger.warning("facts[%s] has gone to another worker: dropped here", partition.number)
            partition.close()
            if self.partitions.pop(partition.number, None) is not None:
                self._lost[partition.number] = asyncio.get_running_loop().time()

    async def tick(self) -> None:
        """Advance what has arrived, checkpoint partitions that have gone quiet, tell them of days and rules."""
        for tp, outbox in list(self._forwarding.items()):
            self._advance(tp, outbox)
        await asyncio.gather(*(self._look_after(*owned) for owned in list(self.partitions.items())))
        self._check_lost()
        if self._shipping is not None:
            self._shipping.look(self.partitions)
        now = asyncio.get_running_loop().time()
        self._progress.look(self.recovering(), now)
        if 0 in self.partitions and now >= self._next_watch:
            with _or_later("decisions are not looked at"):
                await self._suspend_failing(self.partitions[0].book)
        self._meter.moved()

    async def _look_after(self, number: int, partition: Partition) -> None:
        with self._unless_replaced(partition):
            if not await partition.checkpoint_if_due():
                return
            with _or_later(f"facts[{number}] is not told of days and rules"):
                await self._govern(number, partition)

    def _check_lost(self) -> None:
        """A group that goes on giving this worker what another one has is a fault that only a restart ends."""
        now = asyncio.get_running_loop().time()
        for number, since in self._lost.items():
            if now - since > LOST_SECONDS:
                raise OwnerReplaced("two workers own one partition", where=f"{FACTS}[{number}]")

    async def _suspend_failing(self, book: Rulebook) -> None:
        """The owner of partition 0 watches what officers decide, and tells every partition."""
        self._next_watch = asyncio.get_running_loop().time() + WATCH_SECONDS
        for suspension in await self._watch.failing(book):
            logger.warning("rule %s is under its precision floor: suspended", suspension.rule.id)
            await tell_all(self._log, suspension)

    async def _govern(self, number: int, partition: Partition) -> None:
        """Append the controls that a partition lacks, once it knows all that its log says."""
        if partition.next >= self._known.get(number, 0):
            self._warn_of_leap(partition.book)
            for rule in set(self._steward.drifted(partition.book)) - self.drifted:
                logger.warning("rule %s is declared otherwise than in the log: give it a new version", rule)
                self.drifted.add(rule)
            controls = self._steward.lacking(partition.book)
            if controls:
                records = [control_record(control) for control in controls]
                await (await self._log.send(FACTS, number, records))
                self._known[number] = (await self._log.ends(FACTS))[number]

    def _warn_of_leap(self, book: Rulebook) -> None:
        today = self._steward.leap(book)
        if today is not None and today != self._leapt:
            known = date.fromordinal(book.day)
            logger.error(
                "the clock says %s, the log %s: not believed. If it is right: crosscheck tick %s",
                today,
                known,
                today,
            )
        self._leapt = today

    async def starts(self, tps: Iterable[TP], committed: Mapping[TP, int]) -> dict[TP, int]:
        """Where each assigned partition starts: `facts` at its state, a change topic where it was committed.

        One at a time: Faust asks twice at once, and whoever asks next would find folders held that are being opened.
        What is revoked meanwhile starts nowhere, and makes nobody ready.
        """
        self.assigned = False
        asked_at = self._revokes
        async with self._starting:
            try:
                starts = await self._starts(list(tps), committed, asked_at)
            except _Revoked:
                return {}
            self.assigned = True
            self.ready()
            return starts

    async def _starts(self, wanted: list[TP], committed: Mapping[TP, int], asked_at: int) -> dict[TP, int]:
        self._unless_revoked(asked_at)
        ends = await self._log.ends(FACTS)
        facts = [tp for tp in wanted if tp.topic == FACTS]
        starts = await self._opened(facts, ends, committed, asked_at)
        self._unless_revoked(asked_at)
        for tp in wanted:
            if tp.topic != FACTS:
                outbox = self._forwarding.setdefault(tp, Outbox(self._log))
                starts[tp] = outbox.begins = max(outbox.safe or 0, committed[tp])
        self._share_cache()
        for number, partition in list(self.partitions.items()):
            await self._govern(number, partition)
        self._unless_revoked(asked_at)
        return starts

    def _unless_revoked(self, asked_at: int) -> None:
        if asked_at != self._revokes:
            raise _Revoked

    async def _opened(
        self, facts: list[TP], ends: Mapping[int, int], committed: Mapping[TP, int], asked_at: int
    ) -> dict[TP, int]:
        """All have an end, good or bad, before anybody may open one again."""
        opening = (
            self._open(tp.partition, ends[tp.partition], committed.get(tp, 0), asked_at) for tp in facts
        )
        starts: dict[TP, int] = {}
        for tp, start in zip(facts, await asyncio.gather(*opening, return_exceptions=True), strict=True):
            if isinstance(start, BaseException):
                raise start
            starts[tp] = start
        return starts

    async def _open(self, number: int, end: int, said: int, asked_at: int) -> int:
        self._lost.pop(number, None)
        if number not in self.partitions:
            partition = await self._recovery.open(number, end)
            try:
                self._unless_revoked(asked_at)  # else its name is somebody else's
                await partition.take()
                self._unless_revoked(asked_at)
            except BaseException:
                self._release(partition)
                raise
            partition.said = said  # before anybody may checkpoint it: a commit never goes back
            self.partitions[number] = partition
            self._known[number] = self._replays_to[number] = end
        # No await since it was put there: Faust may take partitions away while it asks where to start.
        return self.partitions[number].next

    def _partition(self, number: int, folder: Path) -> Partition:
        writer = self._log.writer(f"{FACTS}-{number}")
        return Partition(number, folder, writer, self._log_id, self._meter, self._commit)

    async def _end(self, number: int) -> int:
        return (await self._log.ends(FACTS))[number]

    def _share_cache(self) -> None:
        """Owned partitions have the memory for subjects between them; who comes or goes changes what each may have."""
        for partition in self.partitions.values():
            partition.room = self._cache // len(self.partitions)

    async def revoke(self, tps: Iterable[TP]) -> None:
        """Let partitions go: everything sent has arrived, every state is checkpointed and closed.

        All go, whatever befalls one: what stays open keeps its folder locked. The first error is raised at the end.
        """
        self.assigned = False
        self._revokes += 1
        errors: list[Exception] = []
        for tp in tps:
            try:
                await self._let_go(tp)
            except Exception as error:
                errors.append(error)
        if errors:
            raise errors[0]

    async def _let_go(self, tp: TP) -> None:
        if tp.topic == FACTS:
            self._lost.pop(tp.partition, None)
            await self._revoke_facts(tp.partition)
        elif (outbox := self._forwarding.pop(tp, None)) is not None:
            await outbox.settle()
            self._advance(tp, outbox)

    async def _revoke_facts(self, number: int) -> None:
        partition = self.partitions.pop(number, None)
        if partition is not None:
            self._progress.forget(number)
            try:
                if self._shipping is not None:
                    await self._shipping.leave(number)
                with self._unless_replaced(partition):
                    await partition.leave()
            finally:
                self._release(partition)

    def _release(self, partition: Partition) -> None:
        partition.close()
        if partition.folder != self._recovery.home(partition.number):
            shutil.rmtree(partition.folder, ignore_errors=True)

    def positions(self) -> dict[TP, int]:
        """How far each owned partition of `facts` and of the change topics is."""
        joined = {TP(FACTS, number): partition.next for number, partition in self.partitions.items()}
        forwarded = {tp: max(box.safe or 0, box.begins) for tp, box in self._forwarding.items()}
        return joined | forwarded

    def recovering(self) -> dict[int, tuple[int, int]]:
        """Owned partitions that still repeat what their log said when they came: position and that end."""
        ends = ((n, partition.next, self._replays_to[n]) for n, partition in self.partitions.items())
        return {number: (position, end) for number, position, end in ends if position < end}

    def shipped_age(self, number: int) -> float | None:
        """Seconds since a partition's state was last shipped, if it was."""
        return None if self._shipping is None else self._shipping.age(number)

    async def ship_last(self, seconds: float) -> None:
        """Before a stop: what has moved becomes a checkpoint, as far as it can in this time."""
        if self._shipping is not None:
            await self._shipping.last(self.partitions, seconds)

    async def close(self) -> None:
        """Let everything go."""
        await self.revoke([*self._forwarding, *(TP(FACTS, n) for n in self.partitions)])

    def abandon(self) -> None:
        """Let go of what `close` could not checkpoint; its log repeats it."""
        for partition in self.partitions.values():
            partition.close()
        for outbox in self._forwarding.values():
            outbox.abandon()
        self.partitions.clear()
        self._forwarding.clear()


@contextmanager
def _or_later(what: str) -> Iterator[None]:
    """A broker that is away does not end a worker: what is looked at every so often is looked at again."""
    try:
        yield
    except BrokerUnavailable as error:
        logger.warning("%s: %s", what, error)


def _forwarded(batch: ChangeBatch, value: bytes) -> Record:
    """A batch as it came, under a name and headers of the hub's own: what the log goes by, no sender chooses."""
    event = event_headers("change", f"/{batch.department}", batch.batch_id, batch.produced_at)
    return Record(batch.batch_id.encode(), value, event)


def _cut(letter: DeadLetter) -> DeadLetter:
    """A letter that fits in a record; the whole message stays on its change topic for a while."""
    size = len(letter.message)
    if size <= MAX_LETTER_BYTES:
        return letter
    what = f"{letter.what}; the first {MAX_LETTER_BYTES} of {size} bytes are kept here"
    return msgspec.structs.replace(letter, what=what, message=letter.message[:MAX_LETTER_BYTES])
