"""A log that has lost facts, or is another than before: said at once, and nothing of it is saved."""

import asyncio
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.structs import TopicPartition

from streams.agents.partition import Partition
from streams.agents.replay import replay
from streams.transport.faust_kafka import check_goes_on
from streams.transport.port import BrokerURL, connect
from tests.conftest import Broker
from tests.streams.agents.fakes import BUCKET, CLAIMS, FakeLog, batch, claim, fact
from topics.catalog import load_catalog
from topics.errors import StateError
from topics.names import FACTS, topic_specs
from topics.records import Record


def test_facts_behind_a_hole_are_neither_joined_nor_saved(tmp_path: Path) -> None:
    async def main() -> None:
        log = FakeLog()
        partition = Partition(BUCKET, tmp_path / "state", log, log.log_id)
        await partition.process(fact(0, batch(CLAIMS, 1, claim(1))))
        await partition.checkpoint()
        with pytest.raises(StateError, match=rf"^facts\[{BUCKET}\]@1: the facts up to 6 are gone"):
            await partition.process(fact(7, batch(CLAIMS, 8, claim(8))))
        await partition.checkpoint()
        assert (partition.next, partition.saved) == (1, 1)
        partition.close()

    asyncio.run(main())


def test_what_comes_again_is_no_hole(tmp_path: Path) -> None:
    """Faust seeks back to where it stood; a state may be saved meanwhile."""

    async def main() -> None:
        log = FakeLog()
        partition = Partition(BUCKET, tmp_path / "state", log, log.log_id)
        facts = [fact(n, batch(CLAIMS, n + 1, claim(n))) for n in range(4)]
        await partition.process(*facts[:3])
        await partition.checkpoint()
        await partition.process(*facts[1:])
        assert partition.next == 4
        partition.close()

    asyncio.run(main())


def test_a_log_that_begins_again_is_noticed_before_faust_drops_it() -> None:
    """Faust hands on nothing that ends before what it has read, without a word: the partition would never see it."""
    fetched = {
        TopicPartition(FACTS, 3): [[fact(0, b"")]],
        TopicPartition("change.hrss.x", 0): [[fact(5, b"")]],
    }
    read = {TopicPartition("change.hrss.x", 0): 9}
    check_goes_on(fetched, read | {TopicPartition(FACTS, 3): None})
    check_goes_on(fetched, read | {TopicPartition(FACTS, 3): 0})
    with pytest.raises(StateError, match=r"^facts\[3\]@100: the log is at 0 again"):
        check_goes_on(fetched, read | {TopicPartition(FACTS, 3): 100})


@pytest.mark.broker
def test_a_topic_that_was_cut_makes_no_state(own_broker: Broker, tmp_path: Path) -> None:
    async def main() -> None:
        url = BrokerURL.parse(own_broker.url)
        async with connect(url) as log:
            await log.ensure(topic_specs(load_catalog(None)))
            for number in range(10):
                value = batch(CLAIMS, number + 1, claim(number))
                await (await log.send(FACTS, BUCKET, [Record(b"k", value)]))
            assert await replay(log, BUCKET, tmp_path / "whole", 10) == 10
            admin = AIOKafkaAdminClient(bootstrap_servers=url.place)
            await admin.start()
            await admin.delete_records({TopicPartition(FACTS, BUCKET): RecordsToDelete(5)})
            await admin.close()
            with pytest.raises(StateError, match="up to 4 are gone"):
                await replay(log, BUCKET, tmp_path / "cut", 10)

    asyncio.run(asyncio.wait_for(main(), 60))
