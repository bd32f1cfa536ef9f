"""What the group is told of `facts`: before a state is saved, never beyond what was said, never less than before."""

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest
from faust.types import TP

from streams.agents import partition as partition_module
from streams.agents import recovery
from streams.agents.hub import Hub
from tests.streams.agents.fakes import (
    BUCKET,
    CLAIMS,
    SPELLS,
    FakeLog,
    batch,
    claim,
    fact,
    rule_in_force,
    spell,
)
from tests.streams.agents.test_hub import FACT, drive
from topics.catalog import load_catalog
from topics.names import FACTS


def test_nothing_beyond_the_checkpoint_may_be_committed(tmp_path: Path) -> None:
    async def work(hub: Hub, log: FakeLog) -> None:
        await hub.join(fact(1, batch(CLAIMS, 1, claim(1))))
        await hub.partitions[BUCKET].checkpoint()
        await hub.join(fact(2, batch(SPELLS, 1, spell(1))))
        await hub.join(fact(3, batch(SPELLS, 2, spell(2))))
        await hub.tick()
        assert log.committed[BUCKET] == 2

    drive(tmp_path, work)


def test_no_state_is_ahead_of_what_the_group_knows(tmp_path: Path) -> None:
    """Another owner would repeat from the commit on, and this one not repair what that one did not come to."""

    async def work(hub: Hub, log: FakeLog) -> None:
        partition = hub.partitions[BUCKET]
        await hub.join(fact(1, batch(CLAIMS, 1, claim(1))))
        log.moving = True
        await partition.checkpoint()
        assert (partition.saved, partition.dirty, log.committed) == (0, 1, {})
        log.moving = False
        await partition.checkpoint()
        assert (partition.saved, partition.dirty, log.committed) == (2, 0, {BUCKET: 2})

    drive(tmp_path, work)


def test_partitions_that_were_opened_together_save_one_after_the_other() -> None:
    turns = sorted(partition_module.first_turn(number) for number in range(8))
    assert all(later - earlier >= 0.4 for earlier, later in pairwise(turns))
    assert turns[-1] < partition_module.CHECKPOINT_SECONDS


def test_a_control_is_known_to_be_taken_soon(tmp_path: Path) -> None:
    """Whoever activates a rule waits for it in every partition."""

    async def work(hub: Hub, log: FakeLog) -> None:
        await hub.partitions[BUCKET].checkpoint()
        await hub.join(rule_in_force(1, *load_catalog(None).active_rules))
        await hub.tick()
        assert log.committed == {BUCKET: 2}

    drive(tmp_path, work)


def test_what_is_replayed_is_not_committed_again(tmp_path: Path) -> None:
    async def work(hub: Hub, log: FakeLog) -> None:
        hub.partitions[BUCKET].said = 3
        await hub.join(fact(1, batch(CLAIMS, 1, claim(1))))
        await hub.partitions[BUCKET].checkpoint()
        assert (hub.partitions[BUCKET].saved, log.committed) == (2, {})

    drive(tmp_path, work)


def test_a_commit_never_goes_back_while_other_partitions_are_still_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A state may be behind what its group knows; it is replayed in silence, and takes nothing back meanwhile."""
    plain, opened = recovery.Recovery.open, asyncio.Event()

    async def slow(self: recovery.Recovery, number: int, end: int) -> partition_module.Partition:
        if number != BUCKET:
            await opened.wait()
        return await plain(self, number, end)

    async def work(hub: Hub, log: FakeLog) -> None:
        await hub.revoke([FACT])
        log.committed[BUCKET] = 7
        monkeypatch.setattr(recovery.Recovery, "open", slow)
        other = TP(FACTS, (BUCKET + 1) % 8)
        starting = asyncio.create_task(hub.starts([FACT, other], {FACT: 7, other: 0}))
        while BUCKET not in hub.partitions:
            await asyncio.sleep(0.01)
        assert hub.partitions[BUCKET].next == 1
        await hub.partitions[BUCKET].checkpoint()
        assert log.committed[BUCKET] == 7
        opened.set()
        await starting

    drive(tmp_path, work)


def test_a_name_that_may_be_forgotten_is_taken_again_by_the_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever else did would take it from the owner."""
    takes = list[dict[int, int]]()

    async def work(hub: Hub, log: FakeLog) -> None:
        async def take() -> None:
            takes.append(dict(log.committed))

        monkeypatch.setattr(log, "take", take)
        partition = hub.partitions[BUCKET]
        await partition.checkpoint()
        assert takes == []
        log.stale, log.moving = True, True
        await partition.checkpoint()
        assert takes == []
        log.committed, log.moving = {}, False
        await partition.checkpoint()
        assert takes == [{BUCKET: 1}], "the group was asked, with what it knows"
        await partition.leave()
        assert len(takes) == 1, "it is the next owner's"
        log.stale = False

    drive(tmp_path, work)
