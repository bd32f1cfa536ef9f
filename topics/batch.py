"""The change batch: what a front node puts on change.<department>.<resource>, and nothing more.

A batch holds at most `MAX_ROWS` rows of one resource, all for one bucket. Rows carry tokens, handles,
periods and coded attributes; raw identifiers, names and amounts have no field to travel in.
Must not know: how tokens and handles are made, or what a rule does with a row.
"""

import hashlib
from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from topics.errors import BatchRefused

TOKEN_BYTES = 16

Ordinal = Annotated[int, Meta(ge=1, le=2**63 - 1)]
"""Numbers that count up from 1 and fit where state keeps them."""

Natural = Annotated[int, Meta(ge=0, le=2**31)]

Name = Annotated[str, Meta(max_length=200)]
"""What a batch says of itself is repeated in receipts and alerts, so it is short."""

Operation = Literal["i", "u", "d"]
"""insert, update, delete, as the front node saw it; the hub treats insert and update alike."""


class Row(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One fact about one subject (a JSON array on the wire); `field` is the identifier it was made from.

    `version` grows with every change of a handle; `start`/`end` are the first and last day that count,
    `end` None means still running; a delete carries no period and no codes.
    """

    op: Operation
    handle: str
    version: Ordinal
    field: str
    subject: bytes
    start: date | None = None
    end: date | None = None
    codes: dict[str, str] = {}


class Counts(msgspec.Struct, frozen=True):
    """Rows of a batch by operation, as the sender counted them (bridge reconciliation, RP3.1.4)."""

    insert: Natural = 0
    update: Natural = 0
    delete: Natural = 0

    @property
    def total(self) -> int:
        """Rows of any operation."""
        return self.insert + self.update + self.delete


class ChangeBatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One numbered batch. (department, resource, epoch, bucket, seq) names it for ever.

    `rows` stays encoded so that `content_hash` (SHA-256 over exactly these bytes) can be checked and the
    batch forwarded as it came. `ends_run` marks the last batch of publish run `run` in this bucket.
    """

    department: Name
    resource: Name
    epoch: Ordinal
    bucket: Natural
    seq: Ordinal
    run: Name
    mode: Literal["full", "changes"]
    ends_run: bool
    contract_version: Name
    key_version: int
    produced_at: Name
    counts: Counts
    content_hash: Name
    rows: msgspec.Raw

    @property
    def batch_id(self) -> str:
        """department.resource/epoch/bucket/seq, as written in receipts and alerts."""
        return batch_id(self.resource, self.epoch, self.bucket, self.seq)


def batch_id(resource: str, epoch: int, bucket: int, seq: int) -> str:
    """Name of a batch; `resource` is the full id, department included."""
    return f"{resource}/{epoch}/{bucket}/{seq}"


REPUBLISH = "publish the resource again with --mode full --new-epoch"
"""What brings rows that were refused: their front node remembers them as sent, and their number stays a gap."""

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What reading hostile bytes may raise."""

_envelope = msgspec.json.Decoder(ChangeBatch)
_rows = msgspec.json.Decoder(list[Row])
_encode = msgspec.json.encode


def count(rows: list[Row]) -> Counts:
    """Rows by operation."""
    ops = [row.op for row in rows]
    return Counts(insert=ops.count("i"), update=ops.count("u"), delete=ops.count("d"))


def encode_rows(rows: list[Row]) -> tuple[msgspec.Raw, str]:
    """Encoded rows and their content hash."""
    data = _encode(rows)
    return msgspec.Raw(data), hashlib.sha256(data).hexdigest()


def encode_batch(batch: ChangeBatch) -> bytes:
    """Wire form of a batch."""
    return _encode(batch)


def decode_batch(data: bytes) -> ChangeBatch:
    """Read the envelope only. Raises BatchRefused(not_a_batch)."""
    try:
        return _envelope.decode(data)
    except UNREADABLE as error:
        # msgspec names path and type, never a value; still, only the first clause is kept.
        raise BatchRefused(
            "not_a_batch",
            f"not a change batch ({type(error).__name__})",
            remedy="publish with `crosscheck publish`, or see the ChangeBatch schema",
        ) from None


def decode_rows(batch: ChangeBatch) -> list[Row]:
    """Read the rows. Raises BatchRefused(bad_row)."""
    try:
        return _rows.decode(batch.rows)
    except UNREADABLE as error:
        raise BatchRefused(
            "bad_row",
            f"batch {batch.batch_id} has a malformed row ({type(error).__name__})",
            remedy=f"fix the front node and {REPUBLISH}",
        ) from None
