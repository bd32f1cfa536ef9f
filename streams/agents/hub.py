"""The hub: what the two agents share, and their part in every rebalance.

Must not know: Faust beyond TP, so that tests can drive it without an app.
"""

import asyncio
import logging
import shutil
import uuid
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import msgspec
from faust.types import TP

from streams.agents.outbox import Outbox
from streams.agents.partition import Partition
from streams.agents.steward import Steward
from streams.agents.watch import Watch
from streams.clock import Clock, no_clock
from streams.steps.admission import Admission, Admitted, Refused
from streams.steps.rulebook import Rulebook
from streams.transport.gate import CommitGate
from streams.transport.port import Log
from topics.catalog import Catalog
from topics.codec import encode
from topics.control import control_record
from topics.errors import StateError, StateOfAnotherLog
from topics.names import FACTS, dlq_topic, receipt_topic
from topics.receipts import DeadLetter
from topics.records import Record, StoredRecord, event_headers

LOCK_PATIENCE_SECONDS = 3.0
"""How long to wait for a former owner on this machine to let go of a state folder."""

WATCH_SECONDS = 5.0
"""How often decisions are looked at."""

MAX_LETTER_BYTES = 500_000
"""Bytes of a message that its dead letter repeats (in base64): a larger one would not fit in a record."""

logger = logging.getLogger("crosscheck.hub")


class Hub:
    """Owned partitions of `facts`, and messages of change topics on their way into it."""

    def __init__(
        self,
        catalog: Catalog,
        log: Log,
        log_id: str,
        state: Path,
        today: Clock = no_clock,
    ) -> None:
        self._admission = Admission(catalog)
        self._steward = Steward(catalog, today)
        self._log = log
        self._log_id = log_id
        self._state = state
        self.partitions: dict[int, Partition] = {}
        self._forwarding: dict[TP, Outbox] = {}
        self._known: dict[int, int] = {}
        self._drifted: set[str] = set()
        self._watch = Watch(log)
        self._next_watch = 0.0
        self.gate = CommitGate(self.starts, self.revoke)
        self.ready: Callable[[], None] = lambda: None

    async def admit(self, record: StoredRecord) -> None:
        """Forward a batch into `facts` as it came, or put it on its department's dead-letter topic."""
        outbox = self._forwarding.get(TP(record.topic, record.partition))
        if outbox is None:
            return  # revoked while it waited in a queue; the next owner reads it
        decision = self._admission.admit(record)
        position = record.offset + 1
        if isinstance(decision, Admitted):
            forwarded = Record(record.key, record.value, record.headers)
            await outbox.send(position, FACTS, decision.batch.bucket, [forwarded])
        else:
            await self._refuse(outbox, position, decision)
        self._advance(TP(record.topic, record.partition), outbox)

    async def _refuse(self, outbox: Outbox, position: int, refused: Refused) -> None:
        letter, receipt = _cut(refused.letter), refused.receipt
        logger.warning("refused %s[%s]@%s: %s", letter.topic, letter.partition, letter.offset, letter.reason)
        key = receipt.position.encode()
        event = event_headers("deadletter", "crosscheck", receipt.position, receipt.at)
        await outbox.send(position, dlq_topic(letter.department), 0, [Record(key, encode(letter), event)])
        await outbox.send(position, receipt_topic(letter.department), 0, [Record(key, encode(receipt))])

    def _advance(self, tp: TP, outbox: Outbox) -> None:
        safe = outbox.advance()
        if safe is not None:
            self.gate.advance(tp, safe)

    async def join(self, record: StoredRecord) -> None:
        """Join one record of `facts`."""
        partition = self.partitions.get(record.partition)
        if partition is not None:
            await partition.process(record)
            await partition.checkpoint_if_due(self._checkpointed)

    def _checkpointed(self, partition: int, position: int) -> None:
        self.gate.advance(TP(FACTS, partition), position)

    async def tick(self) -> None:
        """Advance what has arrived, checkpoint partitions that have gone quiet, tell them of days and rules."""
        for tp, outbox in list(self._forwarding.items()):
            self._advance(tp, outbox)
        for number, partition in list(self.partitions.items()):
            await partition.checkpoint_if_due(self._checkpointed)
            await self._govern(number, partition)
        if 0 in self.partitions and asyncio.get_running_loop().time() >= self._next_watch:
            await self._suspend_failing(self.partitions[0].book)

    async def _suspend_failing(self, book: Rulebook) -> None:
        """The owner of partition 0 watches what officers decide, and tells every partition."""
        self._next_watch = asyncio.get_running_loop().time() + WATCH_SECONDS
        for suspension in await self._watch.failing(book):
            logger.warning("rule %s is under its precision floor: suspended", suspension.rule.id)
            for number in await self._log.ends(FACTS):
                await (await self._log.send(FACTS, number, [control_record(suspension)]))

    async def _govern(self, number: int, partition: Partition) -> None:
        """Append the controls that a partition lacks, once it knows all that its log says."""
        if partition.next >= self._known.get(number, 0):
            for rule in set(self._steward.drifted(partition.book)) - self._drifted:
                logger.warning("rule %s is declared otherwise than in the log: give it a new version", rule)
                self._drifted.add(rule)
            controls = self._steward.lacking(partition.book)
            if controls:
                records = [control_record(control) for control in controls]
                await (await self._log.send(FACTS, number, records))
                self._known[number] = (await self._log.ends(FACTS))[number]

    async def starts(self, tps: Iterable[TP], committed: Mapping[TP, int]) -> dict[TP, int]:
        """Where each assigned partition starts: `facts` at its state, a change topic where it was committed."""
        starts = {}
        ends = await self._log.ends(FACTS)
        for tp in tps:
            if tp.topic == FACTS:
                starts[tp] = await self._open(tp.partition, ends[tp.partition])
            else:
                outbox = self._forwarding.setdefault(tp, Outbox(self._log))
                starts[tp] = max(outbox.safe or 0, committed[tp])
        for number, partition in list(self.partitions.items()):
            await self._govern(number, partition)
        self.ready()
        return starts

    async def _open(self, number: int, end: int) -> int:
        if number not in self.partitions:
            partition = await self._open_state(number)
            if partition.next > end:
                logger.warning("state of facts[%s] is ahead of its log: rebuilding it", number)
                partition.close()
                shutil.rmtree(partition.folder)
                partition = await self._open_state(number)
            self.partitions[number] = partition
            self._known[number] = end
        # No await since it was put there: Faust may take partitions away while it asks where to start.
        return self.partitions[number].next

    def _folder(self, number: int) -> Path:
        return self._state / f"{FACTS}-{number}"

    async def _open_state(self, number: int) -> Partition:
        """State is a cache of the log: what cannot be used is discarded, or left to whoever holds it."""
        deadline = asyncio.get_running_loop().time() + LOCK_PATIENCE_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            try:
                return self._partition(number, self._folder(number))
            except StateOfAnotherLog:
                logger.warning("state of facts[%s] is of another log: rebuilding it", number)
                shutil.rmtree(self._folder(number))
            except StateError as error:
                logger.debug("%s; waiting for its owner", error)
                await asyncio.sleep(0.1)
        logger.warning("state of facts[%s] is held by another worker: rebuilding it aside", number)
        return self._partition(number, self._state / f"aside-{number}-{uuid.uuid4().hex[:8]}")

    def _partition(self, number: int, folder: Path) -> Partition:
        return Partition(number, folder, self._log, self._log_id)

    async def revoke(self, tps: Iterable[TP]) -> None:
        """Let partitions go: everything sent has arrived, every state is checkpointed and closed."""
        for tp in tps:
            if tp.topic == FACTS:
                await self._revoke_facts(tp.partition)
            elif (outbox := self._forwarding.pop(tp, None)) is not None:
                await outbox.settle()
                self._advance(tp, outbox)

    async def _revoke_facts(self, number: int) -> None:
        partition = self.partitions.pop(number, None)
        if partition is not None:
            try:
                await partition.checkpoint(self._checkpointed)
            finally:
                partition.close()
                if partition.folder != self._folder(number):
                    shutil.rmtree(partition.folder, ignore_errors=True)

    async def close(self) -> None:
        """Let everything go."""
        await self.revoke([*self._forwarding, *(TP(FACTS, n) for n in self.partitions)])

    def abandon(self) -> None:
        """Let go of what `close` could not checkpoint; its log repeats it."""
        for partition in self.partitions.values():
            partition.close()
        self.partitions.clear()


def _cut(letter: DeadLetter) -> DeadLetter:
    """A letter that fits in a record; the whole message stays on its change topic for a while."""
    size = len(letter.message)
    if size <= MAX_LETTER_BYTES:
        return letter
    what = f"{letter.what}; the first {MAX_LETTER_BYTES} of {size} bytes are kept here"
    return msgspec.structs.replace(letter, what=what, message=letter.message[:MAX_LETTER_BYTES])
