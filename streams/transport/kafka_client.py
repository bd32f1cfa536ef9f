"""The log port over Apache Kafka (aiokafka).

Records go out as ready-made record batches: 5 us a record instead of 50 through `producer.send`.
Rules: acks=all and idempotence, so order within a partition holds and a retry is not a second record. Senders to one
partition take turns: aiokafka lets them race for its one free place, and counts the time of each that lost again with
every further race, so that among a hundred (as many change topics as a city has) one is soon refused as if Kafka had
not answered for 40 s. A topic is never named to a broker that may not have it: it would make one as it likes.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    KafkaError,
    TopicAlreadyExistsError,
)

from streams.transport.kafka_topics import (
    Difference,
    described,
    differences,
    is_ready,
    new_topic,
    refuse_grave,
    warnings,
)
from streams.transport.kafka_writer import KafkaWriter, send_batches
from streams.transport.port import WORKERS, Positions, check_sizes
from topics.errors import BrokerUnavailable
from topics.limits import MAX_RECORD_BYTES
from topics.names import TopicSpec
from topics.records import Record, StoredRecord

IDLE_MS = 250
EVERYBODYS = "5L6g3nShT-eMCtK--X86sw"
"""The cluster id that a container of apache/kafka gives itself, unless it is told another."""

VISIBLE_SECONDS = 10.0
TRANSACTION_MS = 900_000
"""How long what was said may stay open, at most what a broker allows by default: a successor ends it at once anyway."""

TAKE_SECONDS = 60.0
"""How long a writer's name may take: aiokafka asks for a coordinator for ever, and the whole group waits."""

logger = logging.getLogger("crosscheck.kafka")


class KafkaClient:
    """See streams.transport.port.Log. Asks the cluster for its name, and connects for more on first use."""

    def __init__(self, servers: str) -> None:
        self._servers = servers
        self._cluster = ""
        self._producer: AIOKafkaProducer | None = None
        self._taken: dict[str, AIOKafkaProducer] = {}
        self._starting = asyncio.Lock()
        self._turns: defaultdict[tuple[str, int], asyncio.Lock] = defaultdict(asyncio.Lock)

    @property
    def log_id(self) -> str:
        """What state folders call this log: by its cluster, which may move, and whose address another may get."""
        return f"kafka:{self._cluster}"

    async def __aenter__(self) -> Self:
        async with self._admin() as admin:
            self._cluster = (await admin.describe_cluster())["cluster_id"]
        return self

    async def __aexit__(self, *exc: object) -> None:
        mine = [*self._taken.values(), *([self._producer] if self._producer else [])]
        await asyncio.gather(*(producer.stop() for producer in mine))

    def _unreachable(self, error: BaseException) -> BrokerUnavailable:
        return BrokerUnavailable(
            f"no answer from Kafka ({type(error).__name__})",
            where=f"kafka://{self._servers}",
            remedy="is the broker running? `make kafka-up` starts one on this machine",
        )

    async def _started_producer(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                producer = self._new_producer(enable_idempotence=True)
                await self._start(producer)
                self._producer = producer
        return self._producer

    def _new_producer(self, **more: Any) -> AIOKafkaProducer:
        return AIOKafkaProducer(
            bootstrap_servers=self._servers,
            acks="all",
            max_batch_size=MAX_RECORD_BYTES,
            max_request_size=MAX_RECORD_BYTES + 100_000,
            linger_ms=0,
            **more,
        )

    def writer(self, name: str) -> KafkaWriter:
        return KafkaWriter(name, self._take, self._unreachable)

    async def _take(self, name: str) -> AIOKafkaProducer:
        former = self._taken.pop(name, None)
        if former is not None:
            await former.stop()
        producer = self._new_producer(
            transactional_id=f"{WORKERS}-{name}", transaction_timeout_ms=TRANSACTION_MS
        )
        try:
            async with asyncio.timeout(TAKE_SECONDS):
                await self._start(producer)
        except TimeoutError:
            raise BrokerUnavailable(
                f"Kafka gave no producer id in {TAKE_SECONDS:.0f} s",
                where=f"transactional id {WORKERS}-{name}",
                remedy="has the cluster enough brokers for its topic __transaction_state?",
            ) from None
        self._taken[name] = producer
        return producer

    async def _start(self, client: AIOKafkaProducer | AIOKafkaConsumer) -> None:
        try:
            await client.start()
        except BaseException as error:
            await client.stop()
            if isinstance(error, KafkaError):
                raise self._unreachable(error) from None
            raise

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self._servers)
        try:
            await admin.start()
            yield admin
        except (KafkaError, TimeoutError) as error:
            raise self._unreachable(error) from None
        finally:
            await admin.close()

    async def ensure(self, specs: Iterable[TopicSpec]) -> list[str]:
        async with self._admin() as admin:
            wanted, existing = list(specs), await described(admin)
            self._judge(await differences(admin, wanted, existing))
            missing = [spec for spec in wanted if spec.name not in existing]
            if not missing:
                return []
            brokers = len((await admin.describe_cluster())["brokers"])
            created = _created(await admin.create_topics([new_topic(spec, brokers) for spec in missing]))
            await _await_topics(admin, {spec.name for spec in missing})
        return created

    def _judge(self, found: list[Difference]) -> None:
        """Raises StateError for what must not be, and warns of what should not."""
        refuse_grave(found, f"kafka://{self._servers}")
        if self._cluster == EVERYBODYS:
            logger.warning(
                "kafka://%s has the cluster id of every container of apache/kafka: what was kept of one that is lost "
                "is taken for this one's -> make it anew with a CLUSTER_ID (kafka-storage.sh random-uuid)",
                self._servers,
            )
        for warning in warnings(found):
            logger.warning("%s", warning)

    async def topics(self) -> set[str]:
        async with self._admin() as admin:
            return set(await admin.list_topics())

    async def send(self, topic: str, partition: int, records: Sequence[Record]) -> "asyncio.Future[None]":
        check_sizes(topic, records)
        producer = await self._started_producer()
        try:
            async with self._turns[topic, partition]:
                sent = await send_batches(producer, topic, partition, records)
        except KafkaError as error:
            raise self._unreachable(error) from None
        return asyncio.ensure_future(self._acknowledged(sent))

    async def _acknowledged(self, sent: Sequence["asyncio.Future[Any]"]) -> None:
        try:
            await asyncio.gather(*sent)
        except KafkaError as error:
            raise self._unreachable(error) from None

    async def _partitions(self, topic: str) -> list[TopicPartition]:
        """Partitions of a topic, from the broker itself: a fresh client's own view lags behind a creation."""
        async with self._admin() as admin:
            found = (await described(admin)).get(topic)
        if found is None or not is_ready(found):
            where, remedy = f"kafka://{self._servers}", "run `crosscheck topics --create`"
            raise BrokerUnavailable(f"no topic {topic}", where=where, remedy=remedy)
        return sorted(TopicPartition(topic, p["partition"]) for p in found["partitions"])

    @asynccontextmanager
    async def _consumer(self) -> AsyncIterator[AIOKafkaConsumer]:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._servers, enable_auto_commit=False, fetch_max_wait_ms=IDLE_MS
        )
        await self._start(consumer)
        try:
            yield consumer
        except KafkaError as error:
            raise self._unreachable(error) from None
        finally:
            await consumer.stop()

    async def ends(self, topic: str) -> dict[int, int]:
        partitions = await self._partitions(topic)
        async with self._consumer() as consumer:
            return await _ends(consumer, partitions)

    async def committed(self, group: str, topic: str) -> dict[int, int]:
        async with self._admin() as admin:
            try:
                found = await admin.list_consumer_group_offsets(group)
            except (GroupCoordinatorNotAvailableError, GroupLoadInProgressError):
                return {}  # nobody has committed yet, or the broker is about to know: who follows asks again
        return {
            tp.partition: held.offset for tp, held in found.items() if tp.topic == topic and held.offset >= 0
        }

    async def read(
        self, topic: str, start: Positions | None = None, *, follow: bool = False
    ) -> AsyncIterator[list[StoredRecord]]:
        partitions = await self._partitions(topic)
        async with self._consumer() as consumer:
            consumer.assign(partitions)
            stop = await _ends(consumer, partitions)
            await _seek(consumer, partitions, start or {})
            while follow or await _behind(consumer, partitions, stop):
                fetched = await consumer.getmany(timeout_ms=IDLE_MS)
                yield [stored_record(record) for records in fetched.values() for record in records]


async def _ends(consumer: AIOKafkaConsumer, partitions: list[TopicPartition]) -> dict[int, int]:
    return {tp.partition: end for tp, end in (await consumer.end_offsets(partitions)).items()}


async def _seek(consumer: AIOKafkaConsumer, partitions: list[TopicPartition], start: Positions) -> None:
    first = await consumer.beginning_offsets(partitions)
    for tp in partitions:
        consumer.seek(tp, max(start.get(tp.partition, 0), first[tp]))


async def _behind(consumer: AIOKafkaConsumer, partitions: list[TopicPartition], stop: Positions) -> bool:
    """Positions pass the gaps that compaction leaves; the last record's offset would not."""
    return any([await consumer.position(tp) < stop[tp.partition] for tp in partitions])


def _created(answer: Any) -> list[str]:
    """What was created. The admin client does not raise for a refusal; what another worker made is fine."""
    for name, code, *_ in answer.topic_errors:
        if code not in (0, TopicAlreadyExistsError.errno):
            raise BrokerUnavailable(
                f"Kafka refused topic {name} (error {code})", remedy="may this principal create topics?"
            )
    return [name for name, code, *_ in answer.topic_errors if not code]


async def _await_topics(admin: AIOKafkaAdminClient, names: set[str]) -> None:
    """A broker names a new topic a moment after it was created."""
    deadline = asyncio.get_running_loop().time() + VISIBLE_SECONDS
    while missing := names - set(await admin.list_topics()):
        if asyncio.get_running_loop().time() > deadline:
            raise BrokerUnavailable(f"Kafka does not show {len(missing)} new topic(s)", remedy="try again")
        await asyncio.sleep(0.02)


def stored_record(record: Any) -> StoredRecord:
    """A record as aiokafka hands it out; no value (a tombstone) is empty."""
    return StoredRecord(
        record.topic,
        record.partition,
        record.offset,
        record.timestamp,
        record.key,
        record.value or b"",
        tuple(record.headers),
    )
