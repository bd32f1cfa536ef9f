"""Records that travel in bundles: one turn through Faust, few sends, and the same safety as one by one."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from streams.agents import partition as partition_module
from streams.agents.hub import Hub
from tests.streams.agents.fakes import BUCKET, CLAIMS, SPELLS, FakeLog, batch, change, claim, fact, spell
from tests.streams.agents.test_hub import CHANGE, drive, soon
from topics.names import FACTS


def sends(log: FakeLog) -> Counter[str]:
    return Counter(log.topics())


def test_a_bundle_of_changes_is_forwarded_in_one_send_and_safe_as_a_whole(tmp_path: Path) -> None:
    async def work(hub: Hub, log: FakeLog) -> None:
        await hub.admit(*(change(n, batch(CLAIMS, n + 1, claim(n))) for n in range(5)))
        await soon()
        assert len(log.waiting) == 1
        await hub.tick()
        assert CHANGE not in hub.gate.safe
        log.release()
        await soon()
        await hub.tick()
        assert hub.gate.safe[CHANGE] == 5

    assert sends(drive(tmp_path, work, held=True)) == {FACTS: 5}


def test_what_is_refused_within_a_bundle_makes_nothing_of_it_safe(tmp_path: Path) -> None:
    """Letter and receipt arrive while the batch before them has not been sent yet."""

    async def work(hub: Hub, log: FakeLog) -> None:
        await hub.admit(change(0, batch(CLAIMS, 1, claim(1))), change(1, b"garbage"))
        await soon()
        log.release(2)
        await soon()
        await hub.tick()
        assert CHANGE not in hub.gate.safe
        log.release()
        await soon()
        await hub.tick()
        assert hub.gate.safe[CHANGE] == 2

    assert drive(tmp_path, work, held=True).topics() == ["dlq.hrss", "receipt.hrss", FACTS]


def test_a_bundle_of_nothing_but_garbage_is_passed(tmp_path: Path) -> None:
    async def work(hub: Hub, log: FakeLog) -> None:
        await hub.admit(change(0, b"garbage"), change(1, b"garbage"))
        await soon()
        await hub.tick()
        assert hub.gate.safe[CHANGE] == 2

    drive(tmp_path, work)


def test_a_bundle_of_facts_is_said_at_once(tmp_path: Path) -> None:
    """One send a topic; what was taken before is passed over; nothing is safe before it is checkpointed."""

    async def work(hub: Hub, log: FakeLog) -> None:
        await hub.join(fact(1, batch(CLAIMS, 1, claim(1))))
        await soon()
        log.waiting.clear()
        facts = [
            fact(1, batch(CLAIMS, 1, claim(1))),
            fact(2, batch(CLAIMS, 2, claim(2))),
            fact(3, batch(SPELLS, 1, spell(1))),
        ]
        await hub.join(*facts)
        assert hub.partitions[BUCKET].next == 4
        await soon()
        assert len(log.waiting) == len({"alert.hrss", "result.hrss", "receipt.hrss"})
        assert BUCKET not in log.committed

    said = sends(drive(tmp_path, work))
    assert said["receipt.hrss"] == 3


def test_others_get_their_turn_within_a_large_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partition_module, "STRETCH_BYTES", 1)
    turns: list[int] = []

    async def work(hub: Hub, log: FakeLog) -> None:
        async def other() -> None:
            while True:
                turns.append(hub.partitions[BUCKET].next)
                await asyncio.sleep(0)

        task = asyncio.create_task(other())
        await hub.join(*(fact(n, batch(CLAIMS, n, claim(n))) for n in (1, 2, 3)))
        task.cancel()

    drive(tmp_path, work)
    assert {2, 3} <= set(turns)
