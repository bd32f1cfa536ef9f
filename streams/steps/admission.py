"""The admission step: may this message enter the `facts` log?

Checked once, here: the writer is who the topic says, the contract version is known, the content hash and
counts hold, every row is well-formed, in its bucket and on its code lists. What passes is forwarded as it
came; what does not goes to the department's dead-letter topic with a reason.
Must not know: brokers, state, what was admitted before (the join step knows that).
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from matchers.token import MATCH_BYTES, bucket_of
from topics.batch import REPUBLISH, TOKEN_BYTES, ChangeBatch, Counts, Row, count, decode_batch, decode_rows
from topics.catalog import Catalog, Resource
from topics.errors import BatchRefused
from topics.limits import MAX_HANDLE, MAX_RECORD_BYTES, MAX_ROWS
from topics.names import resource_of
from topics.receipts import DeadLetter, Receipt
from topics.records import StoredRecord, size_of

_ATTRIBUTES = ("code", "band", "match")
_MATCH = re.compile(f"[0-9a-f]{{{2 * MATCH_BYTES}}}")
_REPUBLISH = f"fix the front node and {REPUBLISH}"


@dataclass(frozen=True, slots=True)
class Admitted:
    """A batch for partition `bucket` of `facts`, and its rows, already read."""

    batch: ChangeBatch
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Refused:
    """What to put on the department's dead-letter and receipt topics."""

    letter: DeadLetter
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class _Contract:
    """What rows of a resource may carry."""

    resource: Resource
    fields: frozenset[str]
    codes: Mapping[str, frozenset[str]]
    matches: frozenset[str]
    required: frozenset[str]


class Admission:
    """The gate for one catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._partitions = catalog.partitions
        self._contracts = {
            resource.id: _Contract(
                resource,
                frozenset(f.name for f in resource.subject_fields),
                {name: frozenset(codes) for name, codes in resource.code_fields.items()},
                frozenset(f.name for f in resource.match_fields),
                frozenset(f.name for f in resource.fields if f.fact in _ATTRIBUTES and f.required),
            )
            for resource in catalog.resources.values()
        }

    def admit(self, record: StoredRecord) -> Admitted | Refused:
        """Decide on one message of a change topic. Never raises for what a department sent."""
        resource = resource_of(record.topic)
        batch = None
        try:
            _check_size(record)
            batch = decode_batch(record.value)
            return Admitted(batch, self._check(batch, resource, record.place))
        except BatchRefused as error:
            return _refused(record, resource, batch, error)

    def _check(self, batch: ChangeBatch, resource: str, where: str) -> list[Row]:
        contract = self._contracts.get(resource)
        if contract is None or batch.resource != resource:
            raise BatchRefused("wrong_writer", "a batch of another resource", where=where, remedy=_REPUBLISH)
        if batch.department != contract.resource.department:
            raise BatchRefused(
                "wrong_writer", "a batch of another department", where=where, remedy=_REPUBLISH
            )
        _check_envelope(batch, contract, self._partitions, where)
        rows = decode_rows(batch)
        if count(rows) != batch.counts or len(rows) > MAX_ROWS:
            raise BatchRefused("wrong_counts", "counts differ from the rows", where=where, remedy=_REPUBLISH)
        for number, row in enumerate(rows, 1):
            fault = _fault(row, batch.bucket, contract, self._partitions)
            if fault:
                raise BatchRefused(fault, f"row {number}: {fault}", where=where, remedy=_REPUBLISH)
        return rows


def _check_size(record: StoredRecord) -> None:
    if size_of(record) > MAX_RECORD_BYTES:
        raise BatchRefused(
            "too_large", f"over {MAX_RECORD_BYTES} bytes", where=record.place, remedy=_REPUBLISH
        )


def _check_envelope(batch: ChangeBatch, contract: _Contract, partitions: int, where: str) -> None:
    major = contract.resource.version.partition(".")[0]
    if batch.contract_version.partition(".")[0] != major:
        raise BatchRefused(
            "wrong_contract",
            f"contract version {batch.contract_version[:20]!r}, the catalog has {contract.resource.version}",
            where=where,
            remedy=f"bring the catalogs of hub and front node to the same version and {REPUBLISH}",
        )
    if not _is_time(batch.produced_at):
        raise BatchRefused(
            "bad_time", "produced_at is no time with an offset", where=where, remedy=_REPUBLISH
        )
    if batch.bucket >= partitions:
        raise BatchRefused("wrong_bucket", "bucket out of range", where=where, remedy=_REPUBLISH)
    if hashlib.sha256(batch.rows).hexdigest() != batch.content_hash:
        raise BatchRefused(
            "wrong_hash", "the rows are not those that were hashed", where=where, remedy=_REPUBLISH
        )


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _fault(row: Row, bucket: int, contract: _Contract, partitions: int) -> str | None:
    """Reason code of what is wrong with a row, or None."""
    if len(row.subject) != TOKEN_BYTES or row.field not in contract.fields:
        return "bad_subject"
    if bucket_of(row.subject, partitions) != bucket:
        return "wrong_bucket"
    if not 0 < len(row.handle) <= MAX_HANDLE:
        return "bad_handle"
    if row.start and row.end and row.end < row.start:
        return "bad_period"
    if row.op != "d" and not contract.required <= row.codes.keys():
        return "bad_code"  # an exculpation left out would count against the person
    for name, value in row.codes.items():
        if value not in contract.codes.get(name, ()) and not _is_match(name, value, contract):
            return "bad_code"
    return None


def _is_match(name: str, value: str, contract: _Contract) -> bool:
    return name in contract.matches and _MATCH.fullmatch(value) is not None


def _refused(record: StoredRecord, resource: str, batch: ChangeBatch | None, error: BatchRefused) -> Refused:
    """Dead letter and receipt. Only counts and names the hub knows are repeated, never the message's text."""
    department = resource.partition(".")[0]
    ours = batch if batch is not None and batch.resource == resource else None
    received = ours.counts if ours else Counts()
    refused = received.total
    return Refused(
        DeadLetter(
            department=department,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            reason=error.reason,
            what=error.what,
            remedy=error.remedy,
            message=record.value,
        ),
        Receipt(
            batch=ours.batch_id if ours else None,
            department=department,
            resource=resource,
            run=ours.run if ours else None,
            bucket=ours.bucket if ours else None,
            status="refused",
            sent=ours.counts if ours else None,
            received=received,
            applied=0,
            duplicate=0,
            refused=refused,
            reasons={error.reason: refused or 1},
            position=record.place,
            at=record.at,
        ),
    )
