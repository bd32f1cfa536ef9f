"""The load generator: columns of rows turned into change batches that admission accepts, without a front node.

Tokens, handles and content are made up, their sizes are real; sequence numbers, counts, hashes and run ends are
right. A handle carries its record's number, so that what comes out can be held against expected.py.
"""

import base64
import hashlib
from collections.abc import Callable, Iterator
from datetime import date
from itertools import groupby, islice
from operator import itemgetter
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from tests.bench.columns import CHUNK, DELETE, FOREVER, SLOTS, Columns, Ints, Shape, chunks, mix
from topics.batch import batch_id
from topics.catalog import Catalog
from topics.records import Record, event_headers

PRODUCED_AT = "2026-01-05T08:00:00+08:00"
RUN, KEY_VERSION = "bench", 1
HANDLE_CHARS, TOKEN_CHARS = 40, 24

KINDS: tuple[tuple[str, str, tuple[dict[str, str], ...]], ...] = (
    ("hrss.unemployment_benefit", "person_id", ({},)),
    ("hrss.social_insurance", "person_id", ({"kind": "regular"}, {"kind": "back_payment"})),
    ("tax.wage_withholding", "person_id", ({},)),
    (
        "market.enterprise",
        "legal_rep_id",
        ({"status": "active"}, {"status": "dormant"}, {"status": "revoked"}, {"status": "cancelled"}),
    ),
)
"""Resource, subject field and code lists, in the order of columns.BENEFIT and the rest."""

_OPS = ("i", "u", "d")
_NO_CODES: dict[str, str] = {}
_DAYS: list[str | None] = [None]
_FIRST_DAY = date(2010, 1, 1).toordinal()
_DAYS += [date.fromordinal(_FIRST_DAY + n).isoformat() for n in range(50 * 366)]

WireRow = tuple[str, str, int, str, str, str | None, str | None, dict[str, str]]
"""A row as topics.batch.Row is written: op, handle, version, field, token, first and last day, codes."""


class Batch(NamedTuple):
    """One message of a change topic, ready to send."""

    resource: str
    bucket: int
    rows: int
    record: Record


class Load:
    """One load for one catalog; every iteration makes the same messages."""

    def __init__(self, catalog: Catalog, shape: Shape, epoch: int = 1) -> None:
        self.shape = shape
        self.epoch = epoch
        self.partitions = catalog.partitions
        self.resources = [catalog.resources[name] for name, _, _ in KINDS]

    def batches(self) -> Iterator[list[Batch]]:
        """Messages, chunk by chunk; within a resource and bucket in order of their numbers."""
        cutters = self._cutters()
        for columns in chunks(self.shape):
            yield self._cut(cutters, columns)
        yield [cutter.batch(cutter.held, last=True) for cutter in cutters]

    def paced(self, after: int, at_once: int) -> Iterator[list[Batch]]:
        """The rows after the first `after` (a multiple of CHUNK), so many at once, each in as few batches as can be.

        In an epoch of their own they follow a load that holds the first rows.
        """
        cutters = self._cutters()
        for columns in islice(chunks(self.shape), after // CHUNK, None):
            for i in range(0, len(columns.row), at_once):
                group, rows = self._grouped(Columns(*(column[i : i + at_once] for column in columns)))
                pairs = zip(group.tolist(), rows, strict=True)
                yield [
                    cutters[number].batch([row for _, row in found])
                    for number, found in groupby(pairs, key=itemgetter(0))
                ]

    def probes(self) -> list[Batch]:
        """One empty batch for every bucket."""
        return [cutter.batch([]) for cutter in self._cutters()[: self.partitions]]

    def _cutters(self) -> "list[_Cutter]":
        return [
            _Cutter(resource.department, resource.id, resource.version, self.epoch, bucket)
            for resource in self.resources
            for bucket in range(self.partitions)
        ]

    def _cut(self, cutters: "list[_Cutter]", columns: Columns) -> list[Batch]:
        """Full batches in the order of their last rows; what is left waits for the next chunk."""
        group, rows = self._grouped(columns)
        size = self.shape.per_batch
        cut: list[tuple[int, Batch]] = []
        ends = np.searchsorted(group, np.arange(len(cutters)), side="right").tolist()
        begin = 0
        for cutter, end in zip(cutters, ends, strict=True):
            held = cutter.held + rows[begin:end]
            whole = len(held) - len(held) % size
            cut += [(held[i + size - 1][2], cutter.batch(held[i : i + size])) for i in range(0, whole, size)]
            cutter.held, begin = held[whole:], end
        return [batch for _, batch in sorted(cut, key=lambda pair: pair[0])]

    def _grouped(self, columns: Columns) -> tuple[Ints, list[WireRow]]:
        """Rows as they are written, by resource and bucket, and that group of each."""
        group = columns.kind * self.partitions + buckets(columns.subject, self.partitions)
        order = np.argsort(group, kind="stable")
        return group[order], wire_rows(Columns(*(column[order] for column in columns)))

    def keyed_rows(self) -> Iterator[dict[int, list[Record]]]:
        """The same rows one by one for peers: keyed by token, by bucket. Days stay text, which sorts by time."""
        names = [name for name, _, _ in KINDS]
        for columns in chunks(self.shape):
            out: dict[int, list[Record]] = {}
            kinds = columns.kind.tolist()
            for bucket, kind, row in zip(
                buckets(columns.subject, self.partitions).tolist(), kinds, wire_rows(columns), strict=True
            ):
                out.setdefault(bucket, []).append(_keyed(names[kind], row))
            yield out


def _keyed(resource: str, row: WireRow) -> Record:
    op, handle, version, _, token, start, end, codes = row
    body = {"resource": resource, "op": op, "handle": handle, "version": version}
    return Record(token.encode(), msgspec.json.encode({**body, "start": start, "end": end, "codes": codes}))


class _Cutter:
    """Numbers the batches of one resource in one bucket. Text that never changes is put together once."""

    def __init__(self, department: str, resource: str, version: str, epoch: int, bucket: int) -> None:
        self.held: list[WireRow] = []
        self._seq = 0
        self._resource, self._bucket = resource, bucket
        self._name = batch_id(resource, epoch, bucket, 0).removesuffix("0").encode()
        headers = event_headers("change", f"/{department}", "", PRODUCED_AT)
        names = [name for name, _ in headers]
        self._before, self._after = headers[: names.index("ce_id")], headers[names.index("ce_id") + 1 :]
        self._text = (
            f'{{"department":"{department}","resource":"{resource}","epoch":{epoch},"bucket":{bucket},'
            f'"seq":%d,"run":"{RUN}","mode":"full","ends_run":%b,"contract_version":"{version}",'
            f'"key_version":{KEY_VERSION},"produced_at":"{PRODUCED_AT}","counts":%b,'
            '"content_hash":"%b","rows":%b}'
        ).encode()

    def batch(self, rows: list[WireRow], *, last: bool = False) -> Batch:
        """The next batch; the last one ends the run, with rows or without."""
        self._seq += 1
        encoded = _encode(rows)
        content = hashlib.sha256(encoded).hexdigest().encode()
        value = self._text % (self._seq, b"true" if last else b"false", _counts(rows), content, encoded)
        name = b"%b%d" % (self._name, self._seq)
        headers = (*self._before, ("ce_id", name), *self._after)
        return Batch(self._resource, self._bucket, len(rows), Record(name, value, headers))


_encode = msgspec.json.Encoder().encode


def _counts(rows: list[WireRow]) -> bytes:
    if len(rows) == 1:
        return _SINGLE[rows[0][0]]
    ops = [row[0] for row in rows]
    return b'{"insert":%d,"update":%d,"delete":%d}' % (ops.count("i"), ops.count("u"), ops.count("d"))


_SINGLE = {
    op: b'{"insert":%d,"update":%d,"delete":%d}' % (op == "i", op == "u", op == "d") for op in ("i", "u", "d")
}


def wire_rows(columns: Columns) -> list[WireRow]:
    """Rows as they are written in a batch."""
    records = columns.subject * SLOTS + columns.slot
    kinds, codes = columns.kind.tolist(), columns.code.tolist()
    ops = columns.op.tolist()
    return list(
        zip(
            [_OPS[op] for op in ops],
            _texts(_handles(records), HANDLE_CHARS),
            (columns.row + 1).tolist(),
            [KINDS[kind][1] for kind in kinds],
            tokens(columns.subject),
            _days(columns.start),
            _days(columns.end),
            [
                _NO_CODES if op == DELETE else KINDS[kind][2][code]
                for op, kind, code in zip(ops, kinds, codes, strict=True)
            ],
            strict=True,
        )
    )


def tokens(subject: Ints) -> list[str]:
    """Base64 of each subject's 16 bytes."""
    return [f"{text[:22]}==" for text in _texts(_token_bytes(subject, 18), TOKEN_CHARS, base64.b64encode)]


def buckets(subject: Ints, partitions: int) -> Ints:
    """matchers.token.bucket_of, for many."""
    head: Ints = _token_bytes(subject, 4).view(">u4").ravel().astype(np.int64)
    return head % partitions


def record_numbers(handles: list[str]) -> Ints:
    """Record numbers (subject * SLOTS + slot) of handles that this module made."""
    data = base64.urlsafe_b64decode("".join(handles))
    found: Ints = np.frombuffer(data, dtype=np.uint8).reshape(-1, 30)[:, :8].copy().view("<i8").ravel()
    return found


def _handles(record: Ints) -> NDArray[np.uint8]:
    """30 bytes each: the record's number, and 22 as random as the sealed handles of a department."""
    words = [record.astype("<i8"), *(mix(record, salt).view("<i8") for salt in (11, 12, 13))]
    return np.stack(words, axis=1).astype("<i8").view(np.uint8)[:, :30]


def _token_bytes(subject: Ints, size: int) -> NDArray[np.uint8]:
    """The first `size` bytes of 16 random ones and two zeros."""
    words = np.stack([mix(subject, 21), mix(subject, 22), np.zeros(len(subject), np.uint64)], axis=1)
    return np.ascontiguousarray(words.view(np.uint8)[:, :size])


def _texts(
    data: NDArray[np.uint8], chars: int, encode: Callable[[bytes], bytes] = base64.urlsafe_b64encode
) -> list[str]:
    """Base64 of each line: lines fill whole groups of three bytes, so that one call does them all."""
    text = encode(np.ascontiguousarray(data).tobytes()).decode()
    return [text[i : i + chars] for i in range(0, len(text), chars)]


def _days(ordinals: Ints) -> list[str | None]:
    """ISO dates; none for no day and for ever."""
    known = (ordinals > 0) & (ordinals < FOREVER)
    return [_DAYS[place] for place in np.where(known, ordinals - _FIRST_DAY + 1, 0).tolist()]
