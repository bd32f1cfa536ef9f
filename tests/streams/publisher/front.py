"""A front node on a bench: a log double that answers receipts, files of invented claims, and one call to publish.

Rules: people and numbers are invented; the double keeps what it was sent and decides nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from matchers.normalise.person_id import check_digit
from streams.publisher.keys import KeyRing
from streams.publisher.memory import FrontMemory
from streams.publisher.publish import Job, Progress, Publisher, Summary
from topics.batch import ChangeBatch, Row, count, decode_batch, decode_rows
from topics.catalog import load_catalog
from topics.codec import encode
from topics.errors import BrokerUnavailable
from topics.names import TopicSpec
from topics.receipts import Receipt
from topics.records import Record, StoredRecord

CATALOG = load_catalog()
CLAIM, SPELL, WAGE, ENTERPRISE = (
    "hrss.unemployment_benefit",
    "hrss.social_insurance",
    "tax.wage_withholding",
    "market.enterprise",
)
HEADER = "claim_no,person_id,name,month,amount"


def person(number: int) -> str:
    """A valid identity number of nobody."""
    first17 = f"3301021975{1 + number // 1000 % 12:02}{1 + number // 28000 % 28:02}{number % 1000:03}"
    return first17 + check_digit(first17)


def claim(number: int, *, who: int | None = None, month: str = "2008-05", name: str = "张三") -> str:
    """One line of a claims file."""
    return f"C{number},{person(number if who is None else who)},{name},{month},1200.00"


def claims(*lines: str, header: str = HEADER) -> str:
    """A claims file."""
    return "\n".join((header, *lines)) + "\n"


@dataclass
class LogDouble:
    """Log in memory. `fails_after` sends, it raises; `mute` answers no receipts."""

    fails_after: int | None = None
    mute: bool = False
    sent: list[tuple[str, Record]] = field(default_factory=list)
    receipts: list[StoredRecord] = field(default_factory=list)
    log_id: str = "double"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None: ...

    async def ensure(self, specs: Iterable[TopicSpec]) -> list[str]:
        return []

    async def topics(self) -> set[str]:
        return set()

    async def ends(self, topic: str) -> dict[int, int]:
        return {0: len(self.receipts)}

    async def send(self, topic: str, partition: int, records: Sequence[Record]) -> "asyncio.Future[None]":
        done = asyncio.get_running_loop().create_future()
        for record in records:
            if self.fails_after is not None and len(self.sent) >= self.fails_after:
                raise BrokerUnavailable("the double was told to fail")
            self.sent.append((topic, record))
            self._answer(decode_batch(record.value))
        done.set_result(None)
        return done

    def _answer(self, batch: ChangeBatch) -> None:
        known = sum(b.batch_id == batch.batch_id for b in self.batches()) > 1
        rows = len(decode_rows(batch))
        receipt = Receipt(
            batch=batch.batch_id,
            department=batch.department,
            resource=batch.resource,
            run=batch.run,
            bucket=batch.bucket,
            status="duplicate" if known else "applied",
            sent=batch.counts,
            received=count(decode_rows(batch)),
            applied=0 if known else rows,
            duplicate=rows if known else 0,
            refused=0,
            reasons={},
            position="facts[0]@0",
            at="now",
        )
        if not self.mute:
            place = len(self.receipts)
            self.receipts.append(StoredRecord("receipt", 0, place, 0, None, encode(receipt), ()))

    async def read(
        self, topic: str, start: dict[int, int] | None = None, *, follow: bool = False
    ) -> AsyncIterator[list[StoredRecord]]:
        yield self.receipts[(start or {}).get(0, 0) :]
        while follow:
            await asyncio.sleep(0.001)
            yield []

    def batches(self) -> list[ChangeBatch]:
        """Everything sent, decoded."""
        return [decode_batch(record.value) for _, record in self.sent]

    def rows(self) -> list[Row]:
        """Every row sent."""
        return [row for batch in self.batches() for row in decode_rows(batch)]

    def ops(self) -> str:
        """Operations sent, sorted: "iiu" is two inserts and an update."""
        return "".join(sorted(row.op for row in self.rows()))


@dataclass
class Front:
    """One department's front node in `folder`; its memory outlives each publish."""

    folder: Path
    resource: str = CLAIM
    epoch: int = 1_000

    @property
    def keys(self) -> KeyRing:
        return KeyRing(self.folder / "keys", True, {})

    def memory(self) -> FrontMemory:
        return FrontMemory(self.folder / "front" / f"{self.resource}.sqlite", now=self.epoch)

    def publish(
        self, content: str | bytes, log: LogDouble | None = None, *, name: str = "file.csv", **job: Any
    ) -> tuple[Summary, LogDouble]:
        """Publish a file of this content: the summary, and the log as it was left."""
        path, log = self.folder / name, log or LogDouble()
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        memory = self.memory()
        try:
            publisher = Publisher(self._job(path, job), self.keys, memory, log)
            return asyncio.run(publisher.run(Progress())), log
        finally:
            memory.close()

    def _job(self, path: Path, job: dict[str, Any]) -> Job:
        return Job(
            CATALOG, CATALOG.resource(self.resource), path, **{"mode": "full", "patience": 0.01, **job}
        )
