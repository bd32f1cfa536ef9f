"""A rule that comes into force over many subjects: the step gives way, and survives a crash half-way."""

import asyncio
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from streams.agents import partition as partition_module
from streams.agents.partition import Partition
from streams.steps import memory as memory_module
from streams.telemetry.meter import NO_METER, Meter
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
        self.seals: list[tuple[int, dict[int, int]]] = []

    async def take(self) -> None:
        """Nobody else has this name."""

    async def seal(self) -> None:
        self.seals.append((len(self.sent), dict(self.committed)))

    async def send(self, topic: str, partition: int, records: Sequence[Record]) -> "asyncio.Future[None]":
        self.left -= 1
        if self.left < 0:
            raise Crash
        return await super().send(topic, partition, records)


class Moves(Meter):
    """Counts signs of life."""

    def __init__(self) -> None:
        self.moves = 0

    def moved(self) -> None:
        self.moves += 1


def stored(records: list[Record]) -> list[StoredRecord]:
    return [StoredRecord("facts", NUMBER, i, 0, *record) for i, record in enumerate(records)]


async def run(folder: Path, log: Log, records: list[Record], meter: Meter = NO_METER) -> int:
    """What a worker does with the log from where its state is; where it came to."""
    part = Partition(NUMBER, folder, log, "log", meter, log.commit)
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
DELIVERY = [*WAITING[:2], WAITING[3], WAITING[2]]
"""The day comes first: all wait for the other source, whose delivery ends in a batch that answers them."""


@pytest.mark.parametrize("seal_seconds", [10.0, 0.0])
@pytest.mark.parametrize("life", [LIFE, WAITING, DELIVERY], ids=["rules", "deadlines", "delivery"])
@pytest.mark.parametrize("crash_after", [1, 3, 6, 9, 12, 14, 17, 20, 25, 30, 33, 38, 44, 50])
def test_a_crash_anywhere_in_a_long_step_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, life: list[Record], crash_after: int, seal_seconds: float
) -> None:
    monkeypatch.setattr(partition_module, "SEAL_SECONDS", seal_seconds)
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


@pytest.mark.parametrize("life", [DELIVERY, LIFE[:3]], ids=["batch", "rule"])
def test_what_a_long_step_says_is_sealed_as_it_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, life: list[Record]
) -> None:
    """Kafka gives up what stays open for long. The group is not told that a step is done which is not."""
    monkeypatch.setattr(partition_module, "SEAL_SECONDS", 0.0)
    monkeypatch.setattr(partition_module, "CHECKPOINT_SUBJECTS", 10**6)
    log, meter = Log(), Moves()
    asyncio.run(run(tmp_path, log, life, meter))
    step = len(life) - 1
    assert len({sent for sent, committed in log.seals if committed.get(NUMBER) == step}) > PEOPLE // 10
    assert {sent for sent, committed in log.seals if committed.get(NUMBER, 0) > step} <= {len(log.sent)}
    assert log.committed == {NUMBER: step + 1}
    assert meter.moves >= PEOPLE // 10, "it is not taken for dead"


@pytest.mark.parametrize(("life", "again"), [(DELIVERY, True), (LIFE[:3], False)], ids=["batch", "rule"])
def test_a_partition_that_is_left_breaks_a_long_step_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, life: list[Record], again: bool
) -> None:
    """Its group waits. The next owner says what was in hand: of a control the rest, a batch from the beginning."""
    monkeypatch.setattr(partition_module, "CHECKPOINT_SUBJECTS", 10**6)
    whole, left, rest = Log(), Log(), Log()
    asyncio.run(run(tmp_path / "whole", whole, life))
    step = len(life) - 1

    async def leave() -> None:
        part = Partition(NUMBER, tmp_path / "left", left, "log", commit=left.commit)
        await part.process(*stored(life)[:step])
        await part.checkpoint()
        before = len(left.sent)
        stepping = asyncio.create_task(part.process(*stored([*life, *life])[step:]))
        while len(left.sent) < before + PEOPLE // 2:
            await asyncio.sleep(0)
        await part.leave()
        await part.process(stored([*life, *life])[step + 1])
        await stepping
        part.close()
        assert (part.next, left.committed) == (step, {NUMBER: step})

    asyncio.run(leave())
    assert len(left.sent) < len(whole.sent)
    asyncio.run(run(tmp_path / "left", rest, life))
    assert said(left) | said(rest) == said(whole)
    assert (rest.topics().count("alert.a") == PEOPLE) is again


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
