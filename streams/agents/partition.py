"""One partition of `facts` at work: its state, its ledger and its effects on their way out.

Order of safety: effects acknowledged, then checkpoint (state and position in one write), then commit.
A lock keeps a checkpoint from seeing state that is ahead of its position.
"""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import msgspec

from matchers.rules.conflict import RuleSet
from stores.state import PartitionState
from streams.agents.outbox import Outbox
from streams.steps.join import Effects, Memory, join
from streams.steps.ledger import Ledger
from streams.transport.port import Log
from topics.batch import decode_batch, decode_rows
from topics.codec import encode
from topics.errors import BatchRefused
from topics.names import COMPLETENESS, alert_topic, receipt_topic, result_topic
from topics.records import Record, StoredRecord, event_headers

logger = logging.getLogger("crosscheck.partition")

CHECKPOINT_SECONDS = 2.0
CHECKPOINT_SUBJECTS = 20_000
"""A checkpoint is due after either; both bound what a crash repeats."""


class Partition:
    """The owner's view of one partition; made on assignment, closed on revocation."""

    def __init__(self, number: int, folder: Path, log: Log, log_id: str, rules: RuleSet) -> None:
        self.number = number
        self.folder = folder
        self._state = PartitionState(folder, log_id)
        ledger = self._state.ledger
        self._memory = Memory(
            self._state.subjects,
            msgspec.msgpack.decode(ledger, type=Ledger) if ledger else Ledger(),
            self._state.select,
        )
        self._rules = rules
        self._outbox = Outbox(log)
        self._lock = asyncio.Lock()
        self._due = asyncio.get_running_loop().time() + CHECKPOINT_SECONDS
        self.next = self._state.position
        self._closed = False

    async def process(self, record: StoredRecord) -> None:
        """Join one record of `facts`; one that was joined before, or comes after `close`, is passed over."""
        async with self._lock:
            if self._closed or record.offset < self.next:
                return
            effects = self._join(record)
            self.next = record.offset + 1
            if effects is not None:
                await self._emit(effects)

    def _join(self, record: StoredRecord) -> Effects | None:
        try:
            batch = decode_batch(record.value)
            rows = decode_rows(batch)
        except BatchRefused:
            # Only the hub writes `facts`; passing over what is not a batch keeps every replay alike.
            logger.warning("passed over %s: not a batch", record.place)
            return None
        self._state.load({row.subject for row in rows})
        effects = join(batch, rows, record.offset, self._memory, self._rules)
        self._state.mark(effects.dirty)
        return effects

    async def _emit(self, effects: Effects) -> None:
        for topic, records in outputs(effects).items():
            await self._outbox.send(self.next, topic, 0, records)

    async def checkpoint_if_due(self, checkpointed: Callable[[int, int], None]) -> None:
        """Checkpoint when time or size says so."""
        now = asyncio.get_running_loop().time()
        if now >= self._due or self._state.dirty >= CHECKPOINT_SUBJECTS:
            await self.checkpoint(checkpointed)

    async def checkpoint(self, checkpointed: Callable[[int, int], None]) -> None:
        """Make everything up to `next` durable, then let it be committed."""
        async with self._lock:
            if self._closed:
                return
            await self._outbox.settle()
            self._state.checkpoint(self.next, msgspec.msgpack.encode(self._memory.ledger))
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
        out.setdefault(alert_topic(alert.department), []).append(record)
    for result in effects.results:
        topic = result_topic(result.resource.partition(".")[0])
        out.setdefault(topic, []).append(Record(result.check_id.encode(), encode(result)))
    if effects.completeness is not None:
        key = f"{effects.completeness.resource}/{effects.completeness.bucket}"
        out[COMPLETENESS] = [Record(key.encode(), encode(effects.completeness))]
    receipt = effects.receipt
    event = event_headers("receipt", "crosscheck", receipt.position, receipt.at)
    key = receipt.batch or receipt.position
    out.setdefault(receipt_topic(receipt.department), []).append(Record(key.encode(), encode(receipt), event))
    return out
