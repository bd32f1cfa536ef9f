"""Does this Kafka version do what Crosscheck needs, through aiokafka 0.14 and faust-streaming 0.15?

What our code relies on, and none of our code: records with keys and headers, whole batches to an explicit
partition, topic settings, a Faust agent on a named topic, and data that survives SIGKILL. When one of these
fails after an upgrade, the upgrade is the reason.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import faust
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import MessageSizeTooLargeError, TopicAlreadyExistsError, UnknownTopicOrPartitionError
from faust.contrib.asgi import faust_app_running

pytestmark = pytest.mark.broker

HEADERS = [("ce_id", b"civil.births-7"), ("ce_type", b"change"), ("ce_type", b"twice")]


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """One event loop for a test; a broker that does not answer fails it in a minute."""
    return asyncio.run(asyncio.wait_for(work, 60))


def address(url: str) -> str:
    return url.removeprefix("kafka://")


@asynccontextmanager
async def admin(url: str) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=address(url))
    await client.start()
    try:
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def producer(url: str, **options: Any) -> AsyncIterator[AIOKafkaProducer]:
    client = AIOKafkaProducer(bootstrap_servers=address(url), acks="all", linger_ms=0, **options)
    await client.start()
    try:
        yield client
    finally:
        await client.stop()


async def new_topic(url: str, partitions: int = 1, **settings: str) -> str:
    """A topic under a name of its own: the broker is shared. `retention_ms` means retention.ms."""
    name = f"check.{uuid.uuid4().hex[:8]}"
    configs = {key.replace("_", "."): value for key, value in settings.items()}
    async with admin(url) as client:
        answer = await client.create_topics([NewTopic(name, partitions, 1, topic_configs=configs)])
    assert [error for _, error, _ in answer.topic_errors] == [0], answer
    return name


async def read(url: str, topic: str, count: int, partition: int = 0) -> list[ConsumerRecord]:
    """The first `count` records of a partition, from its beginning."""
    consumer = AIOKafkaConsumer(bootstrap_servers=address(url), enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, partition)])
        await consumer.seek_to_beginning()
        return [await consumer.getone() for _ in range(count)]
    finally:
        await consumer.stop()


def test_records_keep_key_headers_and_order(kafka_broker: str) -> None:
    async def check() -> list[ConsumerRecord]:
        topic = await new_topic(kafka_broker)
        async with producer(kafka_broker) as client:
            for number in range(3):
                sent = await client.send_and_wait(
                    topic, b"row %d" % number, key=b"k%d" % number, headers=HEADERS
                )
                assert sent.offset == number
        return await read(kafka_broker, topic, 3)

    records = run(check())

    assert [(r.offset, r.key, r.value) for r in records] == [
        (0, b"k0", b"row 0"),
        (1, b"k1", b"row 1"),
        (2, b"k2", b"row 2"),
    ]
    assert [list(r.headers) for r in records] == [HEADERS] * 3


def test_a_built_batch_lands_whole_on_its_partition(kafka_broker: str) -> None:
    async def check() -> tuple[list[ConsumerRecord], dict[TopicPartition, int]]:
        topic = await new_topic(kafka_broker, partitions=3)
        # A built batch holds max_batch_size bytes: 16 KiB unless told, and then append() answers None.
        async with producer(kafka_broker, max_batch_size=1 << 20) as client:
            batch = client.create_batch()
            for number in range(500):
                added = batch.append(key=b"key", value=b"%03d" % number, timestamp=None, headers=HEADERS)
                assert added is not None, "500 small records must fit into one batch"
            batch.close()
            sent = await (await client.send_batch(batch, topic, partition=2))
            assert sent.offset == 0
        consumer = AIOKafkaConsumer(bootstrap_servers=address(kafka_broker))
        await consumer.start()
        try:
            ends = await consumer.end_offsets([TopicPartition(topic, p) for p in range(3)])
        finally:
            await consumer.stop()
        return await read(kafka_broker, topic, 500, partition=2), ends

    records, ends = run(check())

    assert [int(r.value) for r in records] == list(range(500))
    assert list(records[499].headers) == HEADERS
    assert sorted((tp.partition, end) for tp, end in ends.items()) == [(0, 0), (1, 0), (2, 500)]


def test_one_mebibyte_passes_and_more_is_refused(kafka_broker: str) -> None:
    async def check() -> None:
        topic = await new_topic(kafka_broker)
        async with producer(kafka_broker, max_request_size=8 << 20) as client:
            await client.send_and_wait(topic, bytes((1 << 20) - 100))
            with pytest.raises(MessageSizeTooLargeError):
                await client.send_and_wait(topic, bytes((1 << 20) + 100))

    run(check())


def test_a_misspelt_topic_is_not_created(kafka_broker: str) -> None:
    missing = f"mispselt.{uuid.uuid4().hex[:8]}"

    async def check() -> list[str]:
        async with producer(kafka_broker, request_timeout_ms=1000) as client:
            with pytest.raises(UnknownTopicOrPartitionError):
                await client.send_and_wait(missing, b"lost")
        async with admin(kafka_broker) as client:
            return await client.list_topics()

    assert missing not in run(check())


def test_topic_settings_read_back(kafka_broker: str) -> None:
    wanted = {
        "cleanup.policy": "compact,delete",
        "retention.ms": "86400000",
        "min.compaction.lag.ms": "60000",
        "max.message.bytes": "2097152",
    }

    async def check() -> tuple[int, dict[str, str], int]:
        topic = await new_topic(kafka_broker, 3, **{key.replace(".", "_"): v for key, v in wanted.items()})
        async with admin(kafka_broker) as client:
            (described,) = await client.describe_topics([topic])
            (answer,) = await client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
            again = await client.create_topics([NewTopic(topic, 3, 1)])
        (resource,) = answer.resources
        return len(described["partitions"]), {row[0]: row[1] for row in resource[4]}, again.topic_errors[0][1]

    partitions, settings, error = run(check())

    assert partitions == 3
    assert {key: settings[key] for key in wanted} == wanted
    # aiokafka's admin client raises nothing for a refused topic: whoever creates one must look at the answer.
    assert error == TopicAlreadyExistsError.errno


def test_a_faust_agent_reads_a_named_topic(kafka_broker: str, tmp_path: Path) -> None:
    async def check() -> tuple[list[tuple[bytes, bytes, int]], int | None]:
        name = await new_topic(kafka_broker, partitions=2)
        app = faust.App(
            f"app.{name}",
            broker=kafka_broker,
            store="memory://",
            datadir=tmp_path,
            web_enabled=False,
            topic_partitions=2,
            stream_wait_empty=False,
            broker_commit_interval=0.2,
        )
        topic = app.topic(
            name, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"
        )
        seen: list[tuple[bytes, bytes, int]] = []
        done = asyncio.Event()

        @app.agent(topic, name="reader")
        async def reader(stream: faust.StreamT) -> None:
            async for event in stream.events():
                seen.append((event.key, event.value, event.message.partition))
                if len(seen) == 4:
                    done.set()

        async with faust_app_running(app):
            async with producer(kafka_broker) as client:
                for number in range(4):
                    await client.send_and_wait(name, b"%d" % number, key=b"k", partition=number % 2)
            await asyncio.wait_for(done.wait(), 30)
            await app.consumer.commit()

        reading = AIOKafkaConsumer(bootstrap_servers=address(kafka_broker), group_id=app.conf.id)
        await reading.start()
        try:
            return seen, await reading.committed(TopicPartition(name, 0))
        finally:
            await reading.stop()

    seen, committed = run(check())

    assert sorted(seen) == [(b"k", b"0", 0), (b"k", b"1", 1), (b"k", b"2", 0), (b"k", b"3", 1)]
    assert committed == 2, "Faust commits through the group; a worker started later goes on from there"


def test_acknowledged_records_survive_sigkill(own_broker: Any) -> None:
    async def write() -> str:
        topic = await new_topic(own_broker.url)
        async with producer(own_broker.url) as client:
            for number in range(100):
                await client.send_and_wait(topic, b"%d" % number)
        return topic

    topic = run(write())
    first = own_broker.pid
    own_broker.kill()
    with pytest.raises(ConnectionRefusedError):
        run(asyncio.open_connection("127.0.0.1", own_broker.port))
    own_broker.start()

    assert own_broker.pid != first
    assert [int(r.value) for r in run(read(own_broker.url, topic, 100))] == list(range(100))
