"""Bridge reconciliation (桥接核对, RP3.1.4): what was sent against what the hub's receipts say."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from streams.transport.port import Log
from topics.batch import Counts
from topics.codec import decode
from topics.names import receipt_topic
from topics.receipts import Receipt


@dataclass(slots=True)
class Reconciliation:
    """Sums over the receipts of the batches that were sent; equal when nothing was lost or refused."""

    sent: Counts
    batches: int
    answered: int = 0
    received: Counts = field(default_factory=Counts)
    applied: int = 0
    duplicate: int = 0
    refused: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    stale: int = 0
    """New batches whose number the hub had seen: this front node's memory is older than the hub's."""

    @property
    def reconciled(self) -> bool:
        """Every batch is answered and every row accounted for, by operation."""
        handled = self.applied + self.duplicate + self.refused
        everything = self.answered == self.batches and self.received == self.sent
        return everything and handled == self.sent.total and not self.stale

    def note(self, receipt: Receipt, *, fresh: bool = False) -> None:
        """Add the first receipt of one batch; `fresh`: numbered in this run, not sent again after a crash."""
        self.answered += 1
        self.stale += fresh and receipt.status == "duplicate"
        self.received = add(self.received, receipt.received)
        self.applied += receipt.applied
        self.duplicate += receipt.duplicate
        self.refused += receipt.refused
        for reason, rows in receipt.reasons.items():
            self.reasons[reason] = self.reasons.get(reason, 0) + rows


def add(a: Counts, b: Counts) -> Counts:
    """Sum by operation."""
    return Counts(a.insert + b.insert, a.update + b.update, a.delete + b.delete)


async def await_receipts(
    log: Log,
    department: str,
    fresh: Mapping[str, bool],
    sent: Counts,
    start: dict[int, int],
    patience: float,
    progress: Callable[[int], None],
) -> Reconciliation:
    """Read receipts from `start` until every batch in `fresh` is answered, or none came for `patience` seconds."""
    result = Reconciliation(sent, len(fresh))
    open_, clock = set(fresh), asyncio.get_running_loop().time
    deadline = clock() + patience
    if not open_:
        return result
    async for chunk in log.read(receipt_topic(department), start, follow=True):
        for record in chunk:
            receipt = decode(record.value, Receipt, where=record.place)
            if receipt.batch in open_:
                open_.discard(receipt.batch)
                result.note(receipt, fresh=fresh[receipt.batch])
                deadline = clock() + patience
        progress(result.answered)
        if not open_ or clock() > deadline:
            break
    return result
