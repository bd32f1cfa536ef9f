"""What every log must do, tried on the embedded log and on Kafka."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from stores.embedded.groups import ConsumerGroups
from streams.transport.port import BrokerURL, Log, connect
from tests.conftest import Broker, free_port
from topics.errors import BrokerUnavailable
from topics.limits import MAX_RECORD_BYTES
from topics.names import TopicSpec
from topics.records import Record

T = TypeVar("T")
BOTH = [pytest.param("embedded"), pytest.param("kafka", marks=pytest.mark.broker)]
DAY_MS = 86_400_000


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> BrokerURL:
    """Each kind of broker."""
    kafka = request.param == "kafka"
    return BrokerURL.parse(request.getfixturevalue("kafka_broker") if kafka else f"embedded://{tmp_path}")


def name() -> str:
    return f"port-{uuid.uuid4().hex[:8]}"


def spec(topic: str, partitions: int = 3) -> TopicSpec:
    return TopicSpec(topic, partitions, DAY_MS, compact=False, writer="hub", readers=("hub",))


def on(url: BrokerURL, work: Callable[[Log], Awaitable[T]]) -> T:
    """Do something with a log, within a minute."""

    async def main() -> T:
        async with connect(url) as log:
            return await work(log)

    return asyncio.run(asyncio.wait_for(main(), 60))


async def put(log: Log, topic: str, partition: int, *values: bytes) -> None:
    await (await log.send(topic, partition, [Record(b"k", value) for value in values]))


async def everything(log: Log, topic: str, start: dict[int, int] | None = None) -> dict[int, list[bytes]]:
    found: dict[int, list[bytes]] = {}
    async for chunk in log.read(topic, start):
        for record in chunk:
            found.setdefault(record.partition, []).append(record.value)
    return found


def test_ensure_creates_once(url: BrokerURL) -> None:
    async def work(log: Log) -> None:
        first, second = name(), name()
        assert await log.ensure([spec(first)]) == [first]
        assert await log.ensure([spec(first), spec(second, 1)]) == [second]
        assert await log.ensure([spec(first), spec(second, 1)]) == []
        assert {first, second} <= await log.topics()
        assert await log.ends(first) == {0: 0, 1: 0, 2: 0}

    on(url, work)


def test_two_that_ensure_at_once_agree(url: BrokerURL) -> None:
    async def work(log: Log) -> None:
        topic = name()
        async with connect(url) as other:
            await asyncio.gather(log.ensure([spec(topic)]), other.ensure([spec(topic)]))
            assert await other.ends(topic) == await log.ends(topic) == {0: 0, 1: 0, 2: 0}

    on(url, work)


def test_sends_keep_their_order_without_waiting(url: BrokerURL) -> None:
    async def work(log: Log) -> None:
        topic, values = name(), [b"%d" % i for i in range(600)]
        await log.ensure([spec(topic)])
        records = [Record(b"k", value) for value in values]
        sent = [await log.send(topic, 1, records[i : i + 3]) for i in range(0, len(records), 3)]
        await asyncio.gather(*sent)
        await put(log, topic, 2, b"other")
        assert await everything(log, topic) == {1: values, 2: [b"other"]}
        assert await log.ends(topic) == {0: 0, 1: 600, 2: 1}
        assert await everything(log, topic, {1: 598, 2: 1}) == {1: values[598:]}

    on(url, work)


def test_many_that_send_to_one_partition_side_by_side_all_arrive(url: BrokerURL) -> None:
    topic, senders = name(), 400  # a city's change topics all forward into one partition of `facts`

    async def work(log: Log) -> list[bytes]:
        await log.ensure([spec(topic, 1)])
        await asyncio.gather(*(put(log, topic, 0, b"%03d" % number) for number in range(senders)))
        return sorted((await everything(log, topic))[0])

    assert on(url, work) == [b"%03d" % number for number in range(senders)]


def test_a_record_comes_back_as_it_went(url: BrokerURL) -> None:
    async def work(log: Log) -> None:
        topic = name()
        await log.ensure([spec(topic, 1)])
        headers = (("ce_id", "批次".encode()), ("ce_type", b"x"))
        sent = [Record(b"key", b"\x00\xff", headers), Record(None, b"", ())]
        before = time.time() * 1000
        await (await log.send(topic, 0, sent))
        found = [record async for chunk in log.read(topic) for record in chunk]
        assert [Record(r.key, r.value, tuple(r.headers)) for r in found] == sent
        assert [r.place for r in found] == [f"{topic}[0]@0", f"{topic}[0]@1"]
        assert all(abs(r.timestamp - before) < 60_000 for r in found)

    on(url, work)


def test_what_a_group_has_committed(url: BrokerURL) -> None:
    """What the follower of a rule change asks; a group that never committed has done with nothing."""
    topic, group = name(), name()

    async def work(log: Log) -> list[dict[int, int]]:
        await log.ensure([spec(topic), spec(f"{topic}-other")])
        await put(log, topic, 1, b"a", b"b")
        before = await log.committed(group, topic)
        await commit(url, group, topic, 1, 2)
        return [before, await log.committed(group, topic), await log.committed(group, f"{topic}-other")]

    assert on(url, work) == [{}, {1: 2}, {}]


async def commit(url: BrokerURL, group: str, topic: str, partition: int, offset: int) -> None:
    """As a worker would."""
    if url.scheme == "embedded":
        groups = ConsumerGroups(Path(url.place) / "groups.sqlite")
        generation = groups.join(group, "m")
        groups.sync(group, "m", generation)
        groups.commit(group, "m", generation, {(topic, partition): offset})
        groups.close()
        return
    consumer = AIOKafkaConsumer(bootstrap_servers=url.place, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        place = TopicPartition(topic, partition)
        consumer.assign([place])
        await consumer.commit({place: offset})
    finally:
        await consumer.stop()


def test_an_empty_topic_reads_to_its_end_at_once(url: BrokerURL) -> None:
    async def work(log: Log) -> None:
        topic = name()
        await log.ensure([spec(topic)])
        assert await everything(log, topic) == {}

    on(url, work)


def test_follow_wakes_up_and_yields_when_idle(url: BrokerURL) -> None:
    async def work(log: Log) -> None:
        topic = name()
        await log.ensure([spec(topic, 1)])
        await put(log, topic, 0, b"old")
        seen, idle, later = [], 0, None
        async for chunk in log.read(topic, follow=True):
            seen += [record.value for record in chunk]
            idle += not chunk
            if not chunk and later is None:
                later = time.monotonic()
                await put(log, topic, 0, b"new")
            if b"new" in seen:
                break
        assert (seen, idle >= 1) == ([b"old", b"new"], True)
        assert later is not None
        assert time.monotonic() - later < 5

    on(url, work)


def test_a_topic_that_is_missing_is_named(url: BrokerURL) -> None:
    async def ends(log: Log) -> None:
        await log.ends("port-none")

    async def read(log: Log) -> None:
        await everything(log, "port-none")

    for work in (ends, read):
        with pytest.raises(BrokerUnavailable, match="no topic port-none") as raised:
            on(url, work)
        assert raised.value.remedy


def test_a_record_over_the_limit_is_refused_and_the_log_goes_on(url: BrokerURL) -> None:
    async def work(log: Log) -> None:
        topic = name()
        await log.ensure([spec(topic, 1)])
        with pytest.raises(BrokerUnavailable, match="over the limit"):
            await put(log, topic, 0, b"x" * (MAX_RECORD_BYTES + 1))
        largest = b"y" * (MAX_RECORD_BYTES - 1)  # and one byte of key
        await put(log, topic, 0, largest, b"small", largest)
        assert await everything(log, topic) == {0: [largest, b"small", largest]}

    on(url, work)


async def known_as(log: Log) -> str:
    return log.log_id


@pytest.mark.broker
def test_kafka_is_known_by_its_cluster_and_not_by_its_address(kafka_broker: str, own_broker: Broker) -> None:
    """State of a cluster that was lost must not pass for that of the next one at the same address."""
    by_number, by_name, another = (
        on(BrokerURL.parse(address), known_as)
        for address in (kafka_broker, kafka_broker.replace("127.0.0.1", "localhost"), own_broker.url)
    )
    assert by_number == by_name != another


def test_kafka_that_does_not_answer_is_reported_in_time() -> None:
    url = BrokerURL.parse(f"kafka://127.0.0.1:{free_port()}")

    async def ensure(log: Log) -> None:
        await log.ensure([spec("t")])

    async def send(log: Log) -> None:
        await put(log, "t", 0, b"x")

    async def ends(log: Log) -> None:
        await log.ends("t")

    for work in (ensure, send, ends):
        begun = time.monotonic()
        with pytest.raises(BrokerUnavailable, match="no answer") as raised:
            on(url, work)
        assert time.monotonic() - begun < 20
        assert "kafka-up" in raised.value.remedy
        assert str(url) in str(raised.value)


@pytest.mark.parametrize(
    ("text", "scheme", "place"),
    [
        ("embedded:///var/log", "embedded", "/var/log"),
        ("embedded://log", "embedded", "log"),
        ("embedded:///城市/日志 1", "embedded", "/城市/日志 1"),
        ("kafka://127.0.0.1:9092", "kafka", "127.0.0.1:9092"),
        ("kafka://a:1,b:2", "kafka", "a:1,b:2"),
    ],
)
def test_broker_urls(text: str, scheme: str, place: str) -> None:
    parsed = BrokerURL.parse(text)
    assert (parsed.scheme, parsed.place, str(parsed)) == (scheme, place, text)


@pytest.mark.parametrize(
    "text", ["", "kafka", "kafka://", "embedded://", "127.0.0.1:9092", "http://a:1", "kafka:/a:1", "://x"]
)
def test_what_is_no_broker(text: str) -> None:
    with pytest.raises(BrokerUnavailable, match="not a broker") as raised:
        BrokerURL.parse(text)
    assert "embedded://FOLDER" in raised.value.remedy
