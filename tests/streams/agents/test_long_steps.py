"""A rule that comes into force over many subjects: the step gives way, and survives a crash half-way."""

import asyncio
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from streams.agents import partition as partition_module
from streams.agents.partition import Partition
from streams.steps import memory as memory_module
from tests.matchers.making import rule
from tests.streams.agents.fakes import FakeLog
from tests.streams.steps.world import TOKENS, batch_of
from topics.batch import Row, encode_batch
from topics.catalog import Deadline, Rule
from topics.control import Control, RuleChange, Tick, control_record
from topics.records import Record, StoredRecord

NUMBER = 0
PEOPLE = 40
AT = "2025-01-01T00:00:00.000+00:00"
SPAN = (date(2025, 3, 1), date(2025, 3, 31))
MISSING = rule("missing", deadline=Deadline(30, "days", "start"))


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_module, "CHUNK", 5)
    monkeypatch.setattr(partition_module, "CHECKPOINT_SUBJECTS", 10)


def token(number: int) -> bytes:
    return bytes([number]) + TOKENS[0][1:]


def batches() -> list[Record]:
    rows = {
        resource: [Row("i", f"{resource}{i}", 1, "person", token(i), *SPAN, {}) for i in range(PEOPLE)]
        for resource in ("a.home", "b.there")
    }
    return [
        Record(b"", encode_batch(batch_of(resource, held, 1, bucket=NUMBER, ends_run=True)), ())
        for resource, held in rows.items()
    ]


def change(declared: Rule, force: str = "active") -> Control:
    return RuleChange(declared, force, None, None, "activated", "test", AT)


class Crash(Exception):
    """The process ends here."""


class Log(FakeLog):
    """Ends the process after so many sends; `resends` only count."""

    def __init__(self, sends: int = 10**9) -> None:
        super().__init__()
        self.left = sends

    async def take(self) -> None:
        """Nobody else has this name."""

    async def seal(self) -> None:
        """Nobody else has this name."""

    async def send(self, topic: str, partition: int, records: Sequence[Record]) -> "asyncio.Future[None]":
        self.left -= 1
        if self.left < 0:
            raise Crash
        return await super().send(topic, partition, records)


def stored(records: list[Record]) -> list[StoredRecord]:
    return [StoredRecord("facts", NUMBER, i, 0, *record) for i, record in enumerate(records)]


async def run(folder: Path, log: Log, records: list[Record]) -> int:
    """What a worker does with the log from where its state is; where it came to."""
    part = Partition(NUMBER, folder, log, "log")
    try:
        for record in stored(records):
            await part.process(record)
            await part.checkpoint_if_due()
        await part.checkpoint()
    finally:
        part.close()
    return part.next


def said(log: Log) -> set[tuple[str, bytes]]:
    return {(topic, record.value) for topic, _, record in log.sent}


LIFE = [
    *batches(),
    control_record(change(rule())),
    control_record(change(rule(version=2), "trial")),
    control_record(change(rule(version=3))),
    control_record(change(rule(version=3), "suspended")),
]
WAITING = [
    control_record(change(MISSING)),
    batches()[0],
    Record(b"", encode_batch(batch_of("b.there", [], 1, bucket=NUMBER, ends_run=True)), ()),
    control_record(Tick(date(2025, 4, 1), AT)),
]


@pytest.mark.parametrize("life", [LIFE, WAITING], ids=["rules", "deadlines"])
@pytest.mark.parametrize("crash_after", [1, 3, 6, 9, 12, 14, 17, 20, 25, 30, 33, 38, 44, 50])
def test_a_crash_anywhere_in_a_long_step_changes_nothing(
    tmp_path: Path, life: list[Record], crash_after: int
) -> None:
    whole = Log()
    asyncio.run(run(tmp_path / "whole", whole, life))
    crashed, again = Log(crash_after), Log()
    try:
        asyncio.run(run(tmp_path / "crashed", crashed, life))
    except Crash:
        assert asyncio.run(run(tmp_path / "crashed", again, life)) == len(life)
    assert said(crashed) | said(again) == said(whole)
    assert len(said(whole)) > PEOPLE


def test_a_long_step_is_saved_half_way(tmp_path: Path) -> None:
    asyncio.run(run(tmp_path, Log(), LIFE[:2]))
    late = Log(4)
    with pytest.raises(Crash):
        asyncio.run(run(tmp_path, late, LIFE[:3]))
    rest = Log()
    asyncio.run(run(tmp_path, rest, LIFE[:3]))
    alerts = [topic for topic in (*late.topics(), *rest.topics()) if topic == "alert.a"]
    assert len(alerts) < 2 * PEOPLE
    assert len({value for topic, value in said(late) | said(rest) if topic == "alert.a"}) == PEOPLE


def test_others_work_while_a_rule_comes_into_force(tmp_path: Path) -> None:
    async def main() -> int:
        turns = 0

        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(other())
        await run(tmp_path, Log(), LIFE[:3])
        task.cancel()
        return turns

    assert asyncio.run(main()) >= PEOPLE // 5


def test_trial_alerts_and_events_have_topics_of_their_own(tmp_path: Path) -> None:
    log = Log()
    asyncio.run(run(tmp_path, log, LIFE))
    by_topic = {topic: log.topics().count(topic) for topic in set(log.topics())}
    assert by_topic["trial.a"] == 2 * PEOPLE  # opened, withdrawn
    assert by_topic["alert.a"] == 4 * PEOPLE  # version 1 opened and withdrawn, version 3 opened and withdrawn
    assert by_topic["audit"] == by_topic["notice.a"] == 4


def test_a_step_that_was_broken_off_is_never_saved(tmp_path: Path) -> None:
    """Its effects did not all arrive: saved, they would never be said again."""

    async def main() -> tuple[int, Log]:
        log = Log(1)
        part = Partition(NUMBER, tmp_path, log, "log")
        await part.process(stored(LIFE)[0])
        with pytest.raises(Crash):
            await part.checkpoint()
        part.close()
        again = Log()
        return await run(tmp_path, again, LIFE[:1]), again

    position, again = asyncio.run(main())
    assert (position, again.topics()) == (1, ["completeness", "receipt.a"])
