"""A real broker for one measurement: started, filled, watched, read back.

Topics: `change.*` as departments fill them; or `facts` as admission would have; or, for peers, `peer.batches`
(the same batches, keyed by bucket) and `peer.rows` (one row a message, keyed by the subject's token).
"""

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final, Literal, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.agents.steward import Steward
from streams.clock import wall_clock
from streams.steps.rulebook import Rulebook
from streams.transport.port import BrokerURL, Log, connect
from tests.bench.load import Load
from tests.bench.programs import ROOT, Program
from tests.conftest import free_port
from topics.catalog import Catalog
from topics.control import Control, control_record
from topics.names import FACTS, FOR_EVER, TopicSpec, change_topic, receipt_topic, topic_specs
from topics.records import Record

PEER_BATCHES: Final = "peer.batches"
PEER_ROWS: Final = "peer.rows"
PEER_OUT = "peer.out"
Target = Literal["changes", "facts", "peer.batches", "peer.rows"]
PIECE = 2_000
"""Records handed to the client at once."""


class Broker(NamedTuple):
    """A running broker."""

    url: str
    pid: int

    @property
    def servers(self) -> str:
        """HOST:PORT."""
        return self.url.partition("://")[2]


@contextmanager
def folder() -> Iterator[Path]:
    """A temporary folder."""
    path = Path(tempfile.mkdtemp(prefix="crosscheck-bench-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def kafka() -> Iterator[Broker]:
    """A broker for the length of the block."""
    with folder() as data:
        port = free_port()
        env = {**os.environ, "PORT": str(port), "DIR": str(data), "JVM": "-XX:+UseSerialGC"}
        script = str(ROOT / "deploy/kafka/broker.sh")
        subprocess.run([script, "start"], env=env, check=True, stdout=subprocess.DEVNULL)
        try:
            pid = int((data / "broker.pid").read_text(encoding="utf-8"))
            yield Broker(f"kafka://127.0.0.1:{port}", pid)
        finally:
            subprocess.run([script, "stop"], env=env, check=True, stderr=subprocess.DEVNULL)


def controls_of(catalog: Catalog) -> list[Control]:
    """What a worker appends to a new partition: the day, and the catalog's rules."""
    return Steward(catalog, wall_clock).lacking(Rulebook())


async def fill(broker: Broker, catalog: Catalog, load: Load, target: Target) -> int:
    """Put a load into topics; how many messages that made."""
    async with connect(BrokerURL.parse(broker.url)) as log:
        await log.ensure([*topic_specs(catalog), *_peer_topics(catalog)])
        if target == "facts":
            for partition in range(catalog.partitions):
                await (await log.send(FACTS, partition, list(map(control_record, controls_of(catalog)))))
        return await send_all(log, _by_place(load, target))


def _peer_topics(catalog: Catalog) -> list[TopicSpec]:
    names = (PEER_BATCHES, PEER_ROWS, PEER_OUT)
    return [
        TopicSpec(name, catalog.partitions, FOR_EVER, compact=False, writer="", readers=()) for name in names
    ]


Placed = dict[tuple[str, int], list[Record]]


def _by_place(load: Load, target: Target) -> Iterator[Placed]:
    if target == PEER_ROWS:
        for chunk in load.keyed_rows():
            yield {(PEER_ROWS, bucket): records for bucket, records in chunk.items()}
        return
    for batches in load.batches():
        placed: Placed = {}
        for resource, bucket, _, record in batches:
            if target == "changes":
                placed.setdefault((change_topic(resource), 0), []).append(record)
            elif target == "facts":
                placed.setdefault((FACTS, bucket), []).append(record)
            else:
                placed.setdefault((PEER_BATCHES, bucket), []).append(record._replace(key=b"%d" % bucket))
        yield placed


async def send_all(log: Log, chunks: Iterable[Placed]) -> int:
    sent = 0
    for placed in chunks:
        waiting = []
        for (topic, partition), records in placed.items():
            for i in range(0, len(records), PIECE):
                waiting.append(await log.send(topic, partition, records[i : i + PIECE]))
            sent += len(records)
        await asyncio.gather(*waiting)
    return sent


class Receipts:
    """Receipts of all departments: one a batch, the last thing that is said of it."""

    def __init__(self, consumer: AIOKafkaConsumer, names: Iterable[str]) -> None:
        self._consumer = consumer
        self._partitions = [TopicPartition(name, 0) for name in names]

    async def about(self) -> int:
        """How many there are, and a few marks of transactions: asked cheaply, nothing is read."""
        return sum((await self._consumer.end_offsets(self._partitions)).values())

    async def reach(self, number: int, seconds: float, *programs: Program) -> float:
        """Wait for the receipts of so many batches; when the last was written (seconds since 1970).

        Complains if one of the programs that should write them has ended.

        Nothing is read before there may be enough, so that watching costs the worker nothing.
        """
        async with asyncio.timeout(seconds):
            while await self.about() < number:
                for program in programs:
                    program.check()
                await asyncio.sleep(0.1)
            self._consumer.assign(self._partitions)
            await self._consumer.seek_to_beginning(*self._partitions)
            found: set[bytes] = set()
            last = 0
            while len(found) < number:
                for records in (await self._consumer.getmany(timeout_ms=100)).values():
                    found.update(record.key for record in records)
                    last = max(last, *(record.timestamp for record in records))
        return last / 1000


@asynccontextmanager
async def receipts(broker: Broker, catalog: Catalog) -> AsyncIterator[Receipts]:
    """Watch them."""
    consumer = AIOKafkaConsumer(bootstrap_servers=broker.servers, enable_auto_commit=False)
    await consumer.start()
    try:
        yield Receipts(consumer, [receipt_topic(department) for department in catalog.departments])
    finally:
        await consumer.stop()
