"""The commit gate: what may be committed is what we say is safe, not what Faust has acknowledged; and bundles.

A position of a change topic is safe once its batch is in `facts`; Faust commits it in its own time. A position of
`facts` is committed by its owner, who checkpoints nothing that the group does not know (`commit_at`). The gate also
says where a partition starts: at its checkpoint, whatever the group had committed.
What was fetched of one partition travels through Faust as one message, a `Bundle`: Faust takes 250 us for a
message, a slow publisher's message holds one row.
`Gated` is mixed into the Consumer of each Faust transport.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from faust.types import TP, ConsumerMessage

from topics.records import StoredRecord

Revoke = Callable[[set[TP]], Awaitable[None]]
Starts = Callable[[Iterable[TP], Mapping[TP, int]], Awaitable[dict[TP, int]]]


FULL_SECONDS = 0.02
"""How soon an agent that had its hands full is looked at again: what it has left by then takes longer."""


class Bundle(ConsumerMessage):
    """Records of one partition in order; to Faust, one message at the offset of the last."""

    __slots__ = ("records",)

    def __init__(self, records: Sequence[StoredRecord], generation: int) -> None:
        topic, partition, offset, timestamp, *_ = records[-1]
        tp = TP(topic, partition)
        super().__init__(
            topic,
            partition,
            offset,
            timestamp / 1000,
            0,
            (),
            None,
            b"",
            None,
            tp=tp,
            generation_id=generation,
        )
        self.records = records


class CommitGate:
    """Safe next offsets by partition, and the hooks by which the agents take part in a rebalance."""

    def __init__(self, starts: Starts, revoke: Revoke) -> None:
        self.safe: dict[TP, int] = {}
        self.starts = starts
        self.revoke = revoke

    def advance(self, tp: TP, position: int) -> None:
        """Everything before `position` is safe."""
        self.safe[tp] = position

    def forget(self, tps: Iterable[TP]) -> None:
        """Partitions that are no longer ours."""
        for tp in tps:
            self.safe.pop(tp, None)


if TYPE_CHECKING:
    from faust.transport.consumer import Consumer as _MixedInto
else:
    _MixedInto = object


class Gated(_MixedInto):
    """Consumer behaviour shared by both transports; the app carries the gate as `app.gate`."""

    app: Any
    _buffered_partitions: set[TP]
    _unacked_messages: Any
    _committed_offset: Any
    _moving = False
    """Between a revoke and what is assigned next: what is still called assigned, or is not yet, starts nowhere."""

    @staticmethod
    def _stored(record: Any) -> StoredRecord:
        """What the transport fetched, as we know it."""
        stored: StoredRecord = record
        return stored

    async def _wait_next_records(self, timeout: float) -> Any:
        """Fetch on as soon as an agent has room: Faust looks again after a second, and what waits takes less."""
        while self._all_wait() and self.flow_active and not self.should_stop:
            await asyncio.sleep(FULL_SECONDS)
        return await super()._wait_next_records(timeout)

    def _all_wait(self) -> bool:
        return bool(self._buffered_partitions) and not self._get_active_partitions()

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> dict[TP, list[Any]]:
        """One bundle for each partition that something was fetched of; no long wait for some while others have more."""
        patience = min(timeout, FULL_SECONDS) if self._buffered_partitions else timeout
        fetched = await super()._getmany(active_partitions, patience)
        return {tp: [records] for tp, records in fetched.items() if records}

    def _to_message(self, tp: TP, records: Sequence[Any]) -> Bundle:
        return Bundle([self._stored(record) for record in records], self.app.consumer_generation_id)

    def ack(self, message: Any) -> bool:
        """Faust's bookkeeping of acknowledgements is replaced by the gate."""
        message.acked = True
        self._unacked_messages.discard(message)
        return True

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Gaps in offsets (compaction, batches of a transaction) need no bookkeeping either."""

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterable[TP]:
        return [tp for tp in self.app.gate.safe if topics is None or tp in topics or tp.topic in topics]

    def _filter_committable_offsets(self, tps: Iterable[TP]) -> dict[TP, int]:
        safe = self.app.gate.safe
        return {tp: safe[tp] for tp in tps if safe[tp] > (self._committed_offset[tp] or 0)}

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Seek to committed offsets, then to where the gate says each partition starts.

        Always seeks: Faust drops what was fetched while a rebalance stopped the flow and seeks back to what was
        committed, which moves nothing where nothing was; without this those messages would wait for a restart.
        It may do so in the middle of the rebalance too: nobody is asked then, or what was just let go would be opened.
        """
        committed: Mapping[TP, int] = await super().seek_to_committed()
        all_found = {TP(tp.topic, tp.partition): offset or 0 for tp, offset in committed.items()}
        found = {tp: offset for tp, offset in all_found.items() if tp in self.assignment()}
        if self._moving or not found:
            return found
        starts = await self.app.gate.starts(found, found)
        for tp, offset in starts.items():
            await self._seek(tp, offset)
        return {**found, **starts}

    async def commit_at(self, tp: TP, position: int) -> bool:
        """Commit one position now. False: the group is moving on, and the partition may be somebody else's."""
        return tp in self.assignment() and await self._commit({tp: position})

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Faust never asks where to start for a worker that is given nothing: the gate is told here."""
        self._moving = False
        await super().on_partitions_assigned(assigned, generation_id)
        if not assigned:
            await self.app.gate.starts((), {})

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Let them go; a failure ends the worker. aiokafka notes it and goes on, as if nothing had been left undone."""
        try:
            await self.let_go(revoked)
        except Exception as error:
            await self.app.crash(error)
            raise

    async def let_go(self, revoked: set[TP]) -> None:
        """Checkpoint and commit before the partitions go to somebody else.

        Faust's `commit` does nothing while one is under way, and that one may have begun before. Whoever has nothing
        is told as well: it may be given something now, and is not ready until that is restored.
        """
        self._moving = True
        await self.app.gate.revoke({TP(tp.topic, tp.partition) for tp in revoked})
        if revoked:
            await self.maybe_wait_for_commit_to_finish()
            await self.commit()
            self.app.gate.forget(revoked)
        await super().on_partitions_revoked(revoked)
