"""A name that one process at a time writes under: what a former holder still sends is refused. Both logs."""

import asyncio

import pytest

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
