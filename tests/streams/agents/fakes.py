"""A log whose acknowledgements come when the test says so, and batches to put through the hub."""

import asyncio
from collections.abc import Sequence
from datetime import date

from matchers.token import bucket_of
from streams.transport.port import check_sizes
from topics.batch import ChangeBatch, Counts, Row, encode_batch, encode_rows
from topics.catalog import Rule
from topics.control import RuleChange, control_record
from topics.errors import OwnerReplaced
from topics.names import FACTS, change_topic
from topics.records import Record, StoredRecord

CLAIMS = "hrss.unemployment_benefit"
SPELLS = "hrss.social_insurance"
PARTITIONS = 8
TOKEN = bytes(16)
BUCKET = bucket_of(TOKEN, PARTITIONS)


class FakeLog:
    """Keeps what it is sent, and what is committed. `held`: sends stay unacknowledged until `release`.

    `moving`: the group is in a rebalance and takes no commit.
    """

    log_id = "fake"
    stale = False

    def __init__(self, *, held: bool = False) -> None:
        self.held = held
        self.sent: list[tuple[str, int, Record]] = []
        self.waiting: list[asyncio.Future[None]] = []
        self.end = 1_000
        self.replaced = False
        self.moving = False
        self.committed: dict[int, int] = {}

    async def commit(self, number: int, position: int) -> bool:
        if not self.moving:
            self.committed[number] = position
        return not self.moving

    def writer(self, name: str) -> "FakeLog":
        return self

    async def take(self) -> None:
        """Nobody else has this name."""

    async def seal(self) -> None:
        """Nobody else has any name."""
        if self.replaced:
            raise OwnerReplaced("another worker has taken over")

    async def send(self, topic: str, partition: int, records: Sequence[Record]) -> "asyncio.Future[None]":
        check_sizes(topic, records)
        self.sent += [(topic, partition, record) for record in records]
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append(future)
        if not self.held:
            future.set_result(None)
        return future

    def release(self, count: int | None = None) -> None:
        """Acknowledge the oldest sends."""
        open_ = [future for future in self.waiting if not future.done()]
        for future in open_[:count]:
            future.set_result(None)

    def fail(self, error: Exception) -> None:
        """The oldest send does not arrive."""
        next(future for future in self.waiting if not future.done()).set_exception(error)

    async def ends(self, topic: str) -> dict[int, int]:
        return dict.fromkeys(range(PARTITIONS), self.end)

    def topics(self) -> list[str]:
        return [topic for topic, _, _ in self.sent]


def batch(resource: str, seq: int, *rows: Row) -> bytes:
    """A batch as a front node would make it."""
    encoded, digest = encode_rows(list(rows))
    return encode_batch(
        ChangeBatch(
            department="hrss",
            resource=resource,
            epoch=1,
            bucket=BUCKET,
            seq=seq,
            run="run",
            mode="full",
            ends_run=False,
            contract_version="1.0.0",
            key_version=1,
            produced_at="2008-06-01T00:00:00.000+00:00",
            counts=Counts(insert=len(rows)),
            content_hash=digest,
            rows=encoded,
        )
    )


def claim(number: int, version: int = 1) -> Row:
    return Row("i", f"c{number}", version, "person_id", TOKEN, date(2008, 5, 1), date(2008, 5, 31))


def spell(number: int, version: int = 1) -> Row:
    codes = {"kind": "regular"}
    return Row("i", f"s{number}", version, "person_id", TOKEN, date(2008, 5, 1), None, codes)


def fact(offset: int, value: bytes) -> StoredRecord:
    return StoredRecord(FACTS, BUCKET, offset, 0, b"k", value, ())


def rule_in_force(offset: int, rule: Rule) -> StoredRecord:
    """The record of `facts` from which on a rule is active."""
    change = RuleChange(rule, "active", None, None, "activated", "test", "2008-01-01T00:00:00.000+00:00")
    return StoredRecord(FACTS, BUCKET, offset, 0, *control_record(change))


def change(offset: int, value: bytes, resource: str = CLAIMS) -> StoredRecord:
    return StoredRecord(change_topic(resource), 0, offset, 0, b"k", value, ())
