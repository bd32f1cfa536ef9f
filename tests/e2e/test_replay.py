"""The join is a function of the facts log: a replay says the same alert revisions, to the byte."""

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path

from streams.agents.partition import Partition
from tests.e2e.evidence import compare
from tests.e2e.town import Town, states
from topics.records import Record, StoredRecord

SAID = ("alert.hrss", "result.hrss")


class Recorder:
    """A log that keeps what it is sent."""

    stale = False

    def __init__(self) -> None:
        self.sent: dict[str, list[bytes]] = {}

    async def take(self) -> None:
        """Nobody else has this name."""

    async def seal(self) -> None:
        """Nobody else has this name."""

    async def send(self, topic: str, partition: int, records: Sequence[Record]) -> "asyncio.Future[None]":
        self.sent.setdefault(topic, []).extend(record.value for record in records)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done


async def _replay(facts: list[StoredRecord], town: Town, folder: Path) -> dict[str, list[bytes]]:
    log = Recorder()
    for number in range(town.catalog.partitions):
        partition = Partition(number, folder / str(number), log, "replay")
        for record in facts:
            if record.partition == number:
                await partition.process(record)
        await partition.checkpoint()
        partition.close()
    return log.sent


def test_a_recorded_log_replays_to_the_byte(village: Town, city: Path, tmp_path: Path) -> None:
    worker = village.start()
    village.publish_all(city)
    village.correct(city)
    worker.stop()
    replayed = asyncio.run(_replay(village.records("facts"), village, tmp_path / "replayed"))
    for topic in SAID:
        said = [record.value for record in village.records(topic)]
        assert said
        assert sorted(replayed[topic]) == sorted(said)


def test_a_worker_that_lost_its_state_repeats_nothing_and_goes_on(town: Town, hamlet: Path) -> None:
    """What was committed was said for good: its replay is silent, and what comes after it is right."""
    worker = town.start()
    town.publish_all(hamlet)
    worker.stop()
    assert "without a last checkpoint" not in worker.text, worker.text
    before = {topic: [record.value for record in town.records(topic)] for topic in SAID}
    shutil.rmtree(town.data / "state")
    town.start()
    town.correct(hamlet)
    compare(hamlet, town.alerts(), states(town.results()))
    for topic, said in before.items():
        values = [record.value for record in town.records(topic)]
        assert values[: len(said)] == said
        assert len(set(values)) == len(values)
