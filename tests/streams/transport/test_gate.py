"""The commit gate in a rebalance: every partition is read from where the gate says, whatever was fetched."""

import asyncio
from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from streams.transport.gate import FULL_SECONDS, CommitGate, Gated
from topics.errors import BrokerUnavailable
from topics.records import StoredRecord

FACT, CHANGE = TP("facts", 0), TP("change.hrss.x", 0)


class Driver:
    """A consumer under the mixin: knows what was committed, and notes every seek."""

    def __init__(self, committed: Mapping[TP, int | None], gate: CommitGate) -> None:
        self.crashes: list[BaseException] = []
        self.app = SimpleNamespace(gate=gate, crash=self._crash)
        self.committed = committed
        self.sought: dict[TP, int] = {}
        self.fetched: dict[TP, list[StoredRecord]] = {}
        self.commits: list[dict[TP, int]] = []
        self.assigned = {FACT, CHANGE}
        self._under_way: asyncio.Future[None] | None = None
        self.active = {FACT, CHANGE}
        self._buffered_partitions: set[TP] = set()
        self.waited: list[float] = []
        self.flow_active, self.should_stop = True, False

    async def _crash(self, error: BaseException) -> None:
        self.crashes.append(error)

    async def seek_to_committed(self) -> Mapping[TP, int | None]:
        return self.committed

    async def _getmany(self, active: set[TP] | None, timeout: float) -> dict[TP, list[StoredRecord]]:
        self.waited.append(timeout)
        return self.fetched

    async def _wait_next_records(self, timeout: float) -> tuple[dict[TP, list[StoredRecord]], set[TP]]:
        """As Faust's: where every partition waits for its agent, it sleeps for a second."""
        if not self._get_active_partitions():
            raise AssertionError("slept for a second")
        return await self._getmany(self.active, timeout), self.active

    def _get_active_partitions(self) -> set[TP]:
        return self.active

    def assignment(self) -> set[TP]:
        return self.assigned

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        self.commits.append(dict(offsets))
        return True

    async def maybe_wait_for_commit_to_finish(self) -> bool:
        if self._under_way is None:
            return False
        await self._under_way
        return True

    async def commit(self) -> bool:
        """As Faust's: whoever comes while one is under way waits for that one, and commits nothing."""
        if await self.maybe_wait_for_commit_to_finish():
            return False
        self._under_way = asyncio.get_running_loop().create_future()
        offsets = dict(self.app.gate.safe)
        await asyncio.sleep(0.01)
        done = await self._commit(offsets)
        under_way, self._under_way = self._under_way, None
        under_way.set_result(None)
        return done

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        self.assigned = self.assigned - revoked

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        self.assigned = assigned

    async def _seek(self, tp: TP, offset: int) -> None:
        self.sought[tp] = offset


class Consumer(Gated, Driver):
    """As both transports mix it."""


def idle_consumer() -> Consumer:
    """One that nobody rebalances."""

    async def nothing(*_: object) -> Any:
        return {}

    return Consumer({}, CommitGate(nothing, nothing))


def full_consumer() -> Consumer:
    """One whose agents have no room."""
    consumer = idle_consumer()
    consumer.active, consumer._buffered_partitions = set(), {FACT, CHANGE}
    return consumer


def sought(committed: Mapping[TP, int | None], states: Mapping[TP, int]) -> dict[TP, int]:
    async def starts(tps: Iterable[TP], known: Mapping[TP, int]) -> dict[TP, int]:
        return {tp: states.get(tp, known[tp]) for tp in tps}

    async def revoke(_: set[TP]) -> None:
        raise AssertionError

    consumer = Consumer(committed, CommitGate(starts, revoke))
    found = asyncio.run(consumer.seek_to_committed())
    assert found == consumer.sought
    return consumer.sought


def test_a_partition_without_a_commit_is_sought_too() -> None:
    """Faust drops what it fetched while the flow stood still; the position would stay behind it for ever."""
    assert sought({FACT: None, CHANGE: None}, {}) == {FACT: 0, CHANGE: 0}


def test_state_decides_where_facts_begin() -> None:
    assert sought({FACT: 7, CHANGE: 3}, {FACT: 5}) == {FACT: 5, CHANGE: 3}
    assert sought({FACT: 5, CHANGE: 3}, {FACT: 5}) == {FACT: 5, CHANGE: 3}


def test_what_is_fetched_of_a_partition_is_one_message_at_its_last_offset() -> None:
    consumer = idle_consumer()
    consumer.app.consumer_generation_id = 3
    records = [StoredRecord("facts", 0, offset, 1_000, None, b"x", ()) for offset in (4, 6, 7)]
    consumer.fetched = {FACT: records, CHANGE: []}
    ((tp, (fetched,)),) = asyncio.run(consumer._getmany(None, 1.0)).items()
    bundle = consumer._to_message(tp, fetched)
    assert (bundle.tp, bundle.offset, bundle.generation_id) == (FACT, 7, 3)
    assert bundle.records == records


def test_what_becomes_safe_while_a_commit_is_under_way_is_committed_before_partitions_go() -> None:
    async def main() -> None:
        async def starts(*_: object) -> dict[TP, int]:
            raise AssertionError

        async def revoke(_: set[TP]) -> None:
            consumer.app.gate.advance(CHANGE, 5)

        consumer = Consumer({}, CommitGate(starts, revoke))
        consumer.app.gate.advance(CHANGE, 4)
        earlier = asyncio.create_task(consumer.commit())
        await asyncio.sleep(0)
        await consumer.on_partitions_revoked({CHANGE})
        await earlier
        assert consumer.commits == [{CHANGE: 4}, {CHANGE: 5}]
        assert consumer.app.gate.safe == {}

    asyncio.run(main())


def test_whoever_has_nothing_is_told_of_a_rebalance_too() -> None:
    revoked = list[set[TP]]()

    async def revoke(tps: set[TP]) -> None:
        revoked.append(tps)

    consumer = idle_consumer()
    consumer.app.gate.revoke = revoke
    consumer.assigned = set()
    asyncio.run(consumer.on_partitions_revoked(set()))
    assert revoked == [set()]


def test_nobody_is_asked_where_to_start_in_the_middle_of_a_rebalance() -> None:
    """Faust seeks whenever it has fetched while the flow stood still; what is revoked may still be called assigned."""
    asked = list[set[TP]]()

    async def starts(tps: Iterable[TP], _: Mapping[TP, int]) -> dict[TP, int]:
        asked.append(set(tps))
        return {}

    async def revoke(_: set[TP]) -> None:
        """They go."""

    async def main() -> None:
        consumer = Consumer({FACT: 5, CHANGE: 3}, CommitGate(starts, revoke))
        await consumer.on_partitions_revoked({CHANGE})
        assert await consumer.seek_to_committed() == {FACT: 5}
        consumer.assigned = set()
        assert await consumer.seek_to_committed() == {}
        assert asked == []
        await consumer.on_partitions_assigned({FACT})
        await consumer.seek_to_committed()
        assert asked == [{FACT}]
        await consumer.on_partitions_assigned(set())
        await consumer.seek_to_committed()
        assert asked == [{FACT}, set()]

    asyncio.run(main())


def test_a_failure_to_let_partitions_go_ends_the_worker() -> None:
    """aiokafka logs it and goes on."""
    failure = BrokerUnavailable("gone")

    async def starts(*_: object) -> dict[TP, int]:
        raise AssertionError

    async def revoke(_: set[TP]) -> None:
        raise failure

    consumer = Consumer({}, CommitGate(starts, revoke))
    with pytest.raises(BrokerUnavailable):
        asyncio.run(consumer.on_partitions_revoked({FACT}))
    assert consumer.crashes == [failure]


def test_a_position_is_committed_at_once_and_never_of_a_partition_that_has_gone() -> None:
    async def main() -> None:
        consumer = idle_consumer()
        assert await consumer.commit_at(FACT, 7)
        consumer.assigned = {CHANGE}
        assert not await consumer.commit_at(FACT, 8)
        assert consumer.commits == [{FACT: 7}]

    asyncio.run(main())


def test_fetching_goes_on_as_soon_as_an_agent_has_room() -> None:
    async def main() -> None:
        consumer = full_consumer()
        waiting = asyncio.create_task(consumer._wait_next_records(1.0))
        await asyncio.sleep(2 * FULL_SECONDS)
        assert not waiting.done()
        consumer.active, consumer._buffered_partitions = {FACT}, {CHANGE}
        await waiting
        assert consumer.waited == [FULL_SECONDS], (
            "one that is full may have room before the other has something"
        )

    asyncio.run(main())


def test_a_worker_that_stops_does_not_wait_for_room() -> None:
    async def main() -> None:
        consumer = full_consumer()
        waiting = asyncio.create_task(consumer._wait_next_records(1.0))
        await asyncio.sleep(FULL_SECONDS)
        consumer.should_stop = True
        with pytest.raises(AssertionError, match="slept"):
            await waiting

    asyncio.run(main())


def test_nothing_is_hurried_where_nobody_is_full() -> None:
    consumer = idle_consumer()
    asyncio.run(consumer._wait_next_records(1.0))
    assert consumer.waited == [1.0]
