"""A step that fails: the worker ends, and what follows it is left for the log to repeat; nothing is passed over.

Faust begins an agent anew at once when it fails, on the same queue, seconds before the worker has stopped.
"""

import asyncio
import json
from pathlib import Path

import pytest

from streams.agents.partition import Partition
from streams.agents.worker import run_worker
from streams.transport.port import BrokerURL, connect
from tests.streams.agents.fakes import BUCKET, CLAIMS, FakeLog, batch, claim, fact, rule_in_force
from topics.catalog import load_catalog
from topics.errors import StateError
from topics.names import FACTS, receipt_topic, topic_specs
from topics.records import Record, StoredRecord

BATCHES, FAILS_AT = 600, 120
CATALOG = load_catalog(None)


async def fill(url: BrokerURL) -> None:
    async with connect(url) as log:
        await log.ensure(topic_specs(CATALOG))
        facts = [Record(b"k", batch(CLAIMS, seq, claim(seq))) for seq in range(1, BATCHES + 1)]
        await (await log.send(FACTS, BUCKET, facts))


async def answered(url: BrokerURL) -> set[str]:
    async with connect(url) as log:
        chunks = [chunk async for chunk in log.read(receipt_topic("hrss"))]
    return {json.loads(record.value)["batch"] for chunk in chunks for record in chunk}


async def work(url: BrokerURL, data: Path, until: int | None) -> None:
    """A worker: until so many batches are answered, or (None) until it ends by itself."""
    stop = asyncio.Event()
    working = asyncio.create_task(run_worker(url, data, CATALOG, stop, clock=lambda: None))
    while until and not working.done() and len(await answered(url)) < until:
        await asyncio.sleep(0.2)
    if until:
        stop.set()
    await working


def test_nothing_is_passed_over_by_an_agent_that_is_begun_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, failed, after = Partition._take, list[int](), list[int]()

    async def fail_once(partition: Partition, record: StoredRecord) -> bool:
        if partition.number == BUCKET and record.offset == FAILS_AT and not failed:
            await asyncio.sleep(0.5)  # more is fetched meanwhile
            failed.append(record.offset)
            raise StateError("state cannot be read (IO error)")
        if failed and partition.number == BUCKET:
            after.append(record.offset)
        return await plain(partition, record)

    async def story() -> None:
        url = BrokerURL.parse(f"embedded://{tmp_path / 'log'}")
        await fill(url)
        with monkeypatch.context() as patched:
            patched.setattr(Partition, "_take", fail_once)
            with pytest.raises(StateError, match="IO error"):
                await work(url, tmp_path / "data", None)
        assert (failed, after) == ([FAILS_AT], [])
        await work(url, tmp_path / "data", BATCHES)
        assert len(await answered(url)) == BATCHES

    asyncio.run(story())


def test_a_partition_whose_step_was_broken_off_takes_and_saves_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        log = FakeLog()
        partition = Partition(BUCKET, tmp_path / "state", log.writer("w"), log.log_id)
        await partition.process(rule_in_force(0, CATALOG.active_rules[0]))

        async def fail(_: object) -> None:
            raise StateError("state cannot be read (IO error)")

        with monkeypatch.context() as patched:
            patched.setattr(partition, "_say", fail)
            with pytest.raises(StateError):
                await partition.process(fact(1, batch(CLAIMS, 1, claim(1))))
        with pytest.raises(StateError, match="broken off"):
            await partition.process(fact(2, batch(CLAIMS, 2, claim(2))))
        await partition.checkpoint()
        assert (partition.next, partition.saved) == (1, 0)
        partition.close()

    asyncio.run(story())
