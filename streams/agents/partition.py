"""One partition of `facts` at work: its state, its ledger and its effects on their way out.

Order of safety: effects acknowledged, then checkpoint (state and position in one write), then commit.
A lock keeps a checkpoint from seeing state that is ahead of its position. A long step (a rule comes into force)
gives way to other work after every chunk, and may be saved half-way under the position and the rulebook it began
with: begun again, it finds its first half settled and says the rest.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from stores.state import PartitionState
from streams.agents.outbox import Outbox
from streams.steps.govern import govern
from streams.steps.join import join
from streams.steps.ledger import Ledger
from streams.steps.memory import Effects, Memory
from streams.steps.rulebook import Rulebook
from streams.transport.port import Log
from topics.batch import decode_batch, decode_rows
from topics.codec import encode
from topics.control import control_of, is_control
from topics.errors import ContractError, DepartmentDataError
from topics.names import (
    AUDIT,
    COMPLETENESS,
    alert_topic,
    notice_topic,
    receipt_topic,
    result_topic,
    trial_topic,
)
from topics.records import Record, StoredRecord, event_headers

logger = logging.getLogger("crosscheck.partition")

CHECKPOINT_SECONDS = 2.0
CHECKPOINT_SUBJECTS = 20_000
"""A checkpoint is due after either; both bound what a crash repeats."""

PAUSE_SECONDS = 0.001
"""How long a long step pauses after each chunk (a few milliseconds of work): it takes a fifth more time for it."""


class _Meta(msgspec.Struct, array_like=True):
    ledger: Ledger
    book: Rulebook


class Partition:
    """The owner's view of one partition; made on assignment, closed on revocation."""

    def __init__(self, number: int, folder: Path, log: Log, log_id: str) -> None:
        self.number = number
        self.folder = folder
        self._state = PartitionState(folder, log_id)
        meta = self._state.meta
        known = msgspec.msgpack.decode(meta, type=_Meta) if meta else _Meta(Ledger(), Rulebook())
        self._memory = Memory.of(self._state, known.ledger, known.book)
        self._outbox = Outbox(log)
        self._lock = asyncio.Lock()
        self._due = asyncio.get_running_loop().time() + CHECKPOINT_SECONDS
        self.next = self._state.position
        self._closed = False
        self._whole = True

    @property
    def book(self) -> Rulebook:
        """The business date and the rules in force here."""
        return self._memory.book

    async def process(self, record: StoredRecord) -> None:
        """Take one record of `facts`; one that was taken before, or comes after `close`, is passed over."""
        async with self._lock:
            if self._closed or record.offset < self.next:
                return
            self._whole = False
            began_with = self._meta() if is_control(record) else b""
            for chunk, effects in enumerate(self._step(record)):
                self._state.mark(effects.dirty)
                await self._emit(record.offset + 1, effects)
                if chunk:
                    await self._breathe(record.offset, began_with)
            self.next = record.offset + 1
            self._whole = True

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

    async def _emit(self, position: int, effects: Effects) -> None:
        for topic, records in outputs(effects).items():
            await self._outbox.send(position, topic, 0, records)

    async def _breathe(self, position: int, meta: bytes) -> None:
        """Between two chunks of a long step: let others work, and keep no more in memory than a batch would."""
        if meta and self._state.dirty >= CHECKPOINT_SUBJECTS:
            await self._outbox.settle()
            self._state.checkpoint(position, meta, halfway=True)
        self._state.trim()
        await asyncio.sleep(PAUSE_SECONDS)

    def _meta(self) -> bytes:
        return msgspec.msgpack.encode(_Meta(self._memory.ledger, self._memory.book))

    async def checkpoint_if_due(self, checkpointed: Callable[[int, int], None]) -> None:
        """Checkpoint when time or size says so."""
        now = asyncio.get_running_loop().time()
        if now >= self._due or self._state.dirty >= CHECKPOINT_SUBJECTS:
            await self.checkpoint(checkpointed)

    async def checkpoint(self, checkpointed: Callable[[int, int], None]) -> None:
        """Make everything up to `next` durable, then let it be committed."""
        async with self._lock:
            if self._closed or not self._whole:
                return  # a step that was broken off is in memory only: the log repeats it
            await self._outbox.settle()
            self._state.checkpoint(self.next, self._meta())
            self._due = asyncio.get_running_loop().time() + CHECKPOINT_SECONDS
        checkpointed(self.number, self.next)

    def close(self) -> None:
        """Release the state folder. An event that waited for the lock finds the partition closed."""
        self._closed = True
        self._state.close()


def outputs(effects: Effects) -> dict[str, list[Record]]:
    """Records by topic, alerts before the results that sum them up, the receipt last."""
    out: dict[str, list[Record]] = {}
    for alert in effects.alerts:
        event = event_headers("alert", alert.rule, f"{alert.alert_id}/{alert.revision}", alert.updated_at)
        record = Record(alert.alert_id.encode(), encode(alert), event)
        topic_of = trial_topic if alert.trial else alert_topic
        out.setdefault(topic_of(alert.department), []).append(record)
    for result in effects.results:
        topic = result_topic(result.resource.partition(".")[0])
        out.setdefault(topic, []).append(Record(result.check_id.encode(), encode(result)))
    if effects.completeness is not None:
        key = f"{effects.completeness.resource}/{effects.completeness.bucket}"
        out[COMPLETENESS] = [Record(key.encode(), encode(effects.completeness))]
    for happened in effects.events:
        event = event_headers("ruleevent", happened.rule, f"facts[0]@{happened.position}", happened.at)
        record = Record(happened.rule.encode(), encode(happened), event)
        told = sorted({happened.department, *happened.declared.disclosure})
        for topic in (AUDIT, *map(notice_topic, told)):
            out.setdefault(topic, []).append(record)
    receipt = effects.receipt
    if receipt is not None:
        event = event_headers("receipt", "crosscheck", receipt.position, receipt.at)
        key = receipt.batch or receipt.position
        record = Record(key.encode(), encode(receipt), event)
        out.setdefault(receipt_topic(receipt.department), []).append(record)
    return out
