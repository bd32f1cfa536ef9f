"""Receipts and completeness: what became of each batch, and how far each source is delivered.

Rule: every number adds up: applied + duplicate + refused = received, per batch (RP3.1.4, bridge reconciliation).
Must not know: any row's content.
"""

from typing import Literal

import msgspec

from topics.batch import Counts

ReceiptStatus = Literal["applied", "duplicate", "refused"]

REASONS = frozenset(
    {
        *(
            "not_a_batch",
            "too_large",
            "wrong_writer",
            "wrong_contract",
            "wrong_bucket",
            "wrong_hash",
            "wrong_counts",
        ),
        *("bad_time", "bad_row", "bad_subject", "bad_handle", "bad_period", "bad_code", "subject_full"),
    }
)
"""Every code that `Receipt.reasons` and a dead letter may carry: a closed list, so that it can be a label."""


class Receipt(msgspec.Struct, frozen=True):
    """The hub's answer to one batch. `batch` is None where the message was not a batch at all."""

    batch: str | None
    department: str
    resource: str
    run: str | None
    bucket: int | None
    status: ReceiptStatus
    sent: Counts | None
    received: Counts
    applied: int
    duplicate: int
    refused: int
    reasons: dict[str, int]
    position: str
    at: str


class Completeness(msgspec.Struct, frozen=True):
    """How far one resource is delivered in one bucket; compacted by (resource, bucket).

    `missing`: batch numbers not seen, the first thousand of them.
    """

    resource: str
    bucket: int
    epoch: int
    complete: bool
    as_of: str | None
    missing: list[int]
    position: int


class DeadLetter(msgspec.Struct, frozen=True):
    """A message that could not be used, as the department sent it, with the reason."""

    department: str
    topic: str
    partition: int
    offset: int
    reason: str
    what: str
    remedy: str
    message: bytes
