"""A hub in a rebalance: everything goes, though something fails; nobody is ready before everything has come."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from faust.types import TP

from stores.checkpoints import Place, Shelves
from streams.agents import partition as partition_module
from streams.agents import recovery
from streams.agents.hub import Hub
from streams.agents.partition import Partition
from streams.steps.memory import Effects
from tests.streams.agents.fakes import BUCKET, CLAIMS, FakeLog, batch, claim, fact, rule_in_force
from tests.streams.agents.test_hub import CHANGE, FACT, drive, folders, soon
from topics.catalog import load_catalog
from topics.errors import BrokerUnavailable
from topics.names import FACTS

Gate = Callable[[], Awaitable[object]]


def held_back(monkeypatch: pytest.MonkeyPatch, wait: Gate) -> None:
    """Partitions come after `wait`."""
    plain = recovery.Recovery.open

    async def slow(self: recovery.Recovery, number: int, end: int) -> Partition:
        await wait()
        return await plain(self, number, end)

    monkeypatch.setattr(recovery.Recovery, "open", slow)


def test_partitions_go_though_one_of_them_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stays open keeps its folder locked, and its worker is told later that two own one partition."""
    other = TP(FACTS, (BUCKET + 1) % 8)

    async def work(hub: Hub, log: FakeLog) -> None:
        await hub.starts([FACT, other, CHANGE], dict.fromkeys([FACT, other, CHANGE], 0))
        await hub.join(fact(1, batch(CLAIMS, 1, claim(1))))
        await hub.join(rule_in_force(0, *load_catalog(None).active_rules)._replace(partition=other.partition))
        failing = [BrokerUnavailable("gone")]

        async def seal() -> None:
            if failing:
                raise failing.pop()

        monkeypatch.setattr(log, "seal", seal)
        with pytest.raises(BrokerUnavailable):
            await hub.revoke([FACT, other, CHANGE])
        assert log.committed == {other.partition: 1}
        assert (hub.partitions, hub.positions()) == ({}, {})
        assert await hub.starts([FACT, other], {FACT: 0, other: 1}) == {FACT: 0, other: 1}
        assert len(folders(hub)) == 2, "a folder that is locked would have another beside it"

    drive(tmp_path, work)


def test_nobody_is_ready_before_everything_is_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    restored = asyncio.Event()

    async def work(hub: Hub, log: FakeLog) -> None:
        await hub.revoke([FACT, CHANGE])
        await hub.starts((), {})
        assert hub.assigned, "a spare is ready"
        held_back(monkeypatch, restored.wait)
        starting = asyncio.create_task(hub.starts([FACT], {FACT: 1}))
        await soon()
        assert not hub.assigned
        restored.set()
        await starting
        assert hub.assigned

    drive(tmp_path, work)


def test_a_partition_in_a_long_step_holds_no_other_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = TP(FACTS, (BUCKET + 1) % 8)
    rule = rule_in_force(0, *load_catalog(None).active_rules)._replace(partition=other.partition)
    go_on = asyncio.Event()

    async def work(hub: Hub, log: FakeLog) -> None:
        await hub.starts([FACT, other], {FACT: 0, other: 0})
        stepping = hub.partitions[BUCKET]
        monkeypatch.setattr(stepping, "_say", lambda _: go_on.wait())
        step = asyncio.create_task(hub.join(fact(1, batch(CLAIMS, 1, claim(1)))))
        await hub.join(rule)
        monkeypatch.setattr(stepping, "_due", 0.0)
        await asyncio.wait_for(hub.tick(), 1)
        assert log.committed == {other.partition: 1}
        monkeypatch.setattr(partition_module, "LINK_SECONDS", 0.01)
        assert await stepping.link(tmp_path / "linked") is None
        go_on.set()
        await step
        await hub.tick()
        assert log.committed == {other.partition: 1, BUCKET: 2}

    drive(tmp_path, work)


def test_a_revoke_does_not_wait_for_the_end_of_a_long_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunks = 0

    async def breathe(*_: object) -> None:
        nonlocal chunks
        chunks += 1
        await asyncio.sleep(0)

    async def work(hub: Hub, log: FakeLog) -> None:
        partition = hub.partitions[BUCKET]
        monkeypatch.setattr(partition, "_breathe", breathe)
        monkeypatch.setattr(partition, "_step", lambda _: (Effects() for _ in range(10**6)))
        step = asyncio.create_task(hub.join(fact(1, batch(CLAIMS, 1, claim(1)))))
        while not chunks:
            await asyncio.sleep(0)
        at_the_revoke = chunks
        await hub.revoke([FACT])
        await step
        assert chunks <= at_the_revoke + 2
        assert log.committed.get(BUCKET, 0) <= 1, "the step was not done"

    drive(tmp_path, work)


@pytest.mark.parametrize("asked", ["where the log ends", "for the state"])
def test_what_is_revoked_before_it_is_open_starts_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    answered = asyncio.Event()

    async def work(hub: Hub, log: FakeLog) -> None:
        await hub.revoke([FACT, CHANGE])
        with monkeypatch.context() as patched:
            plain = log.ends

            async def ends(topic: str) -> dict[int, int]:
                await answered.wait()
                return await plain(topic)

            if asked == "for the state":
                held_back(patched, answered.wait)
            else:
                patched.setattr(log, "ends", ends)
            starting = asyncio.create_task(hub.starts([FACT, CHANGE], {FACT: 1, CHANGE: 0}))
            await soon()
            await hub.revoke([FACT, CHANGE])
            answered.set()
            assert await starting == {}
        assert (hub.assigned, hub.positions()) == (False, {})

    drive(tmp_path, work)


def slow_names(monkeypatch: pytest.MonkeyPatch, log: FakeLog, wait: Gate) -> list[None]:
    """Names are taken after `wait`; what is returned has one for each that was asked for."""
    asked: list[None] = []

    async def take() -> None:
        asked.append(None)
        await wait()

    monkeypatch.setattr(log, "take", take)
    return asked


def test_who_asks_while_a_partition_is_being_opened_gets_the_same_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Faust's recovery and its fetcher ask at once: a second owner of the name would end the first, or itself."""
    monkeypatch.setattr(recovery, "LOCK_PATIENCE_SECONDS", 0.05)
    answered = asyncio.Event()

    async def work(hub: Hub, log: FakeLog) -> None:
        await hub.revoke([FACT])
        taken = slow_names(monkeypatch, log, answered.wait)
        starting = [asyncio.create_task(hub.starts([FACT], {FACT: 1})) for _ in range(2)]
        await asyncio.sleep(0.2)
        answered.set()
        assert await asyncio.gather(*starting) == [{FACT: 1}, {FACT: 1}]
        assert (len(taken), len(folders(hub))) == (1, 1)

    drive(tmp_path, work)


@pytest.mark.parametrize("kept", ["taking its name", "bringing its state"])
def test_who_is_called_off_while_opening_leaves_nothing_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: str
) -> None:
    """The next rebalance ends Faust's recovery where it is."""
    monkeypatch.setattr(recovery, "LOCK_PATIENCE_SECONDS", 0.05)
    never, held = asyncio.Event(), []

    async def brought(self: recovery.Recovery, partition: Partition, *_: object) -> Partition:
        held.append(partition)  # the garbage collector would close it
        await never.wait()
        return partition

    async def work(hub: Hub, log: FakeLog) -> None:
        await hub.revoke([FACT])
        with monkeypatch.context() as patched:
            if kept == "taking its name":
                slow_names(patched, log, never.wait)
            else:
                patched.setattr(hub._recovery, "_shelves", Shelves(Place(str(tmp_path / "kept")), "fake"))
                patched.setattr(recovery.Recovery, "_brought_forward", brought)
            starting = asyncio.create_task(hub.starts([FACT], {FACT: 1}))
            await asyncio.sleep(0.1)
            starting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await starting
        assert await hub.starts([FACT], {FACT: 1}) == {FACT: 1}
        assert not [name for name in folders(hub) if name.startswith("aside")]

    drive(tmp_path, work)


def test_no_name_is_taken_for_what_was_revoked_while_its_state_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes minutes to restore one; its successor has the name by then, and would lose it."""
    restored = asyncio.Event()

    async def work(hub: Hub, log: FakeLog) -> None:
        await hub.revoke([FACT])
        held_back(monkeypatch, restored.wait)
        taken = slow_names(monkeypatch, log, restored.wait)
        starting = asyncio.create_task(hub.starts([FACT], {FACT: 1}))
        await soon()
        await hub.revoke([FACT])
        restored.set()
        assert await starting == {}
        assert not taken

    drive(tmp_path, work)
