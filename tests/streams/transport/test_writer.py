"""A name that one process at a time writes under: what a former holder still sends is refused. Both logs."""

import asyncio
from typing import Any

import pytest
from aiokafka.errors import IllegalOperation, InvalidProducerIdMapping, KafkaError, ProducerFenced

from streams.transport import kafka_writer
from streams.transport.kafka_writer import KafkaWriter
from streams.transport.port import BrokerURL, Log, Writer, connect
from tests.streams.transport.test_log_port import everything, name, on, spec, url
from topics.errors import BrokerUnavailable, OwnerReplaced
from topics.limits import MAX_RECORD_BYTES
from topics.records import Record

__all__ = ["url"]


async def say(writer: Writer, topic: str, *values: bytes) -> None:
    await (await writer.send(topic, 0, [Record(b"k", value) for value in values]))


def test_a_former_writer_is_refused_and_its_successor_is_not(url: BrokerURL) -> None:
    topic, owner = name(), name()

    async def work(log: Log) -> None:
        async with connect(url) as other:
            await replace(log, other)

    async def replace(log: Log, other: Log) -> None:
        await log.ensure([spec(topic)])
        former = log.writer(owner)
        await say(former, topic, b"1", b"2")
        await former.seal()
        await say(former, topic, b"in hand")
        successor = other.writer(owner)
        await say(successor, topic, b"3")
        with pytest.raises(OwnerReplaced):
            await say(former, topic, b"too late")
        with pytest.raises(OwnerReplaced):
            await former.seal()
        await successor.seal()
        assert await everything(log, topic) == {0: [b"1", b"2", b"in hand", b"3"]}

    on(url, work)


def test_writers_of_other_names_are_left_alone(url: BrokerURL) -> None:
    topic = name()

    async def work(log: Log) -> None:
        await log.ensure([spec(topic)])
        first, second = log.writer(name()), log.writer(name())
        for turn in (b"1", b"2"):
            await say(first, topic, turn)
            await say(second, topic, turn)
            await asyncio.gather(first.seal(), second.seal())
        assert await everything(log, topic) == {0: [b"1", b"1", b"2", b"2"]}

    on(url, work)


def test_a_seal_without_a_send_is_nothing(url: BrokerURL) -> None:
    async def work(log: Log) -> None:
        await log.writer(name()).seal()

    on(url, work)


def test_a_record_over_the_limit_is_refused_before_it_is_sent(url: BrokerURL) -> None:
    topic = name()

    async def work(log: Log) -> None:
        await log.ensure([spec(topic)])
        writer = log.writer(name())
        with pytest.raises(BrokerUnavailable):
            await say(writer, topic, b"x" * MAX_RECORD_BYTES)

    on(url, work)


def test_a_name_that_was_not_used_for_long_is_taken_again(
    url: BrokerURL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kafka would forget it. It goes from one producer to the next of the same writer, as to another's."""
    topic, owner = name(), name()
    kafka = url.scheme == "kafka"

    async def work(log: Log) -> None:
        await log.ensure([spec(topic)])
        writer = log.writer(owner)
        assert not writer.stale, "nobody has it yet"
        await say(writer, topic, b"1")
        monkeypatch.setattr(kafka_writer, "STALE_SECONDS", 0.0)
        assert not writer.stale, "what is open is in use"
        await writer.seal()
        assert writer.stale is kafka
        monkeypatch.setattr(kafka_writer, "STALE_SECONDS", 60.0)
        assert not writer.stale
        monkeypatch.setattr(kafka_writer, "STALE_SECONDS", 0.0)
        await writer.take()
        await say(writer, topic, b"2")
        await writer.seal()
        assert await everything(log, topic) == {0: [b"1", b"2"]}

    on(url, work)


def test_a_name_that_was_forgotten_is_told_apart_from_a_broker_that_is_away() -> None:
    error = KafkaError("Unexpected error during batch delivery")  # all that aiokafka's sender says itself
    error.__cause__ = InvalidProducerIdMapping()

    async def take(_: str) -> Any:
        raise error

    writer = KafkaWriter("facts-0", take, lambda _: BrokerUnavailable("no answer"))
    assert "forgotten" in str(writer._named(error))
    assert "no answer" in str(writer._named(KafkaError("else")))


class FencedOnTheWay:
    """A producer whose first batch is refused, and which takes no other: so aiokafka's stands for a few turns."""

    def __init__(self) -> None:
        self._refused = False

    async def begin_transaction(self) -> None:
        """It begins."""

    def create_batch(self) -> Any:
        return self

    def append(self, **record: Any) -> object:
        return self

    async def send_batch(self, batch: Any, topic: str, partition: int) -> "asyncio.Future[None]":
        if self._refused:
            raise IllegalOperation("Can't send messages while not in transaction")
        self._refused = True
        refusal: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        refusal.set_exception(ProducerFenced())
        return refusal


def test_a_writer_replaced_between_two_sends_says_so() -> None:
    async def take(_: str) -> Any:
        return FencedOnTheWay()

    async def work() -> None:
        writer = KafkaWriter(name(), take, lambda _: BrokerUnavailable("no answer"))
        await writer.send("alerts", 0, [Record(b"k", b"1")])
        with pytest.raises(OwnerReplaced):
            await writer.send("results", 0, [Record(b"k", b"2")])
        with pytest.raises(OwnerReplaced):
            await writer.seal()

    asyncio.run(work())
