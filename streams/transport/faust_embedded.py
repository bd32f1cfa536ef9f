"""A Faust transport over the embedded log: embedded://FOLDER.

The consumer polls the topics' files on one thread, keeps its group membership alive, and calls Faust's
rebalance callbacks from a task of its own (never inside `subscribe`, which Faust awaits).
The producer exists because Faust wants one; our outputs go through streams.transport.port.
"""

import asyncio
import uuid
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from faust.transport import base
from faust.types import TP
from mode import Service

from stores.embedded.groups import ConsumerGroups, assign
from stores.embedded.log import EmbeddedLog
from streams.transport.gate import Gated
from topics.records import Record, StoredRecord

HEARTBEAT_SECONDS = 0.2
POLL_SECONDS = 0.005
FETCH_RECORDS = 200

T = TypeVar("T")


class _Poller:
    """Blocking reads of the assigned partitions; used from the consumer's thread only."""

    def __init__(self, log: EmbeddedLog) -> None:
        self.log = log
        self.positions: dict[TP, int] = {}
        self._versions: dict[str, int] = {}

    def fetch(self, wanted: set[TP]) -> dict[TP, list[StoredRecord]]:
        """New records of the wanted partitions, moving their positions."""
        found: dict[TP, list[StoredRecord]] = {}
        for tp in wanted:
            at = self.positions.get(tp)
            records = self.log.read(tp.topic, tp.partition, at, FETCH_RECORDS) if at is not None else ()
            if records:
                self.positions[tp] = records[-1].offset + 1
                found[tp] = list(records)
        return found

    def changed(self, topics: set[str]) -> bool:
        """Whether any topic was appended to since the last call."""
        now = {topic: self.log.version(topic) for topic in topics}
        changed = now != self._versions
        self._versions = now
        return changed


class EmbeddedConsumer(base.Consumer):
    """Consumer group member over ConsumerGroups and EmbeddedLog."""

    consumer_stopped_errors: ClassVar[tuple[type[BaseException], ...]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        folder = Path(self.transport.folder)
        self._log = EmbeddedLog(folder)
        self._poller = _Poller(self._log)
        self._groups = ConsumerGroups(folder / "groups.sqlite", session=self.app.conf.broker_session_timeout)
        self._thread = ThreadPoolExecutor(1, "embedded-consumer")
        self._member = uuid.uuid4().hex
        self._generation: int | None = None
        self._topics: set[str] = set()
        self._assignment: set[TP] = set()

    @property
    def _group(self) -> str:
        return str(self.app.conf.id)

    def _call(self, function: Callable[..., T], *args: Any) -> "asyncio.Future[T]":
        return asyncio.get_running_loop().run_in_executor(self._thread, function, *args)

    async def subscribe(self, topics: Iterable[str]) -> None:
        """Note the topics; the group task does the rest."""
        self._topics = set(topics)

    @Service.task
    async def _membership(self) -> None:
        """Join, keep alive, and take part in every rebalance."""
        while not self.should_stop:
            if self._topics:
                await self._keep_alive()
            await self.sleep(HEARTBEAT_SECONDS)

    async def _keep_alive(self) -> None:
        current = None
        if self._generation is not None:
            current = await self._call(self._groups.heartbeat, self._group, self._member)
        if current is None:
            current = await self._call(self._groups.join, self._group, self._member)
        if current != self._generation:
            await self._rebalance(current)

    async def _rebalance(self, generation: int) -> None:
        """Give up everything, wait until all members have, then take this member's share."""
        self.app.on_rebalance_start()
        await self.on_partitions_revoked(set(self._assignment))
        self._assignment = set()
        self._generation = generation
        self.app.consumer_generation_id = generation
        members = await self._synced(generation)
        if members is None:
            return  # a newer generation began; the next heartbeat finds it
        self._assignment = await self._call(self._share, members)
        await self.on_partitions_assigned(set(self._assignment), generation)

    async def _synced(self, generation: int) -> list[str] | None:
        while not self.should_stop:
            members = await self._call(self._groups.sync, self._group, self._member, generation)
            if members is not None:
                return members
            if await self._call(self._groups.heartbeat, self._group, self._member) != generation:
                return None
            await self.sleep(POLL_SECONDS)
        return None

    def _share(self, members: list[str]) -> set[TP]:
        partitions = [(t, p) for t in self._topics for p in range(self._log.partitions(t))]
        return {TP(*tp) for tp in assign(members, partitions, self._member)}

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:
        deadline = asyncio.get_running_loop().time() + timeout
        wanted = set(active_partitions or ()) & self._assignment
        while self.flow_active and not self.should_stop:
            records = await self._call(self._poller.fetch, wanted)
            if records:
                return records
            if not await self._wait_for_change(wanted, deadline):
                break
        return {}

    async def _wait_for_change(self, wanted: set[TP], deadline: float) -> bool:
        names = {tp.topic for tp in wanted}
        while asyncio.get_running_loop().time() < deadline and not self.should_stop:
            if await self._call(self._poller.changed, names):
                return True
            await asyncio.sleep(POLL_SECONDS)
        return False

    async def seek_to_committed(self) -> Mapping[TP, int]:
        committed = await self._call(self._groups.committed, self._group)
        positions = {tp: committed.get((tp.topic, tp.partition), 0) for tp in self._assignment}
        self._poller.positions.update(positions)
        return positions

    async def _seek(self, partition: TP, offset: int) -> None:
        self._poller.positions[TP(partition.topic, partition.partition)] = offset

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        for tp, offset in partitions.items():
            await self.seek(tp, offset)

    async def position(self, tp: TP) -> int | None:
        return self._poller.positions.get(tp)

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        plain = {(tp.topic, tp.partition): offset for tp, offset in offsets.items()}
        return await self._call(self._groups.commit, self._group, self._member, self._generation, plain)

    def assignment(self) -> set[TP]:
        return self._assignment

    def highwater(self, tp: TP) -> int:
        return self._poller.positions.get(tp, 0)

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        return {tp: await self._call(self._log.end, tp.topic, tp.partition) for tp in partitions}

    async def earliest_offsets(self, *partitions: TP) -> Mapping[TP, int]:
        return dict.fromkeys(partitions, 0)

    def topic_partitions(self, topic: str) -> int | None:
        return self._log.partitions(topic) or None

    def key_partition(self, topic: str, key: bytes | None, partition: int | None = None) -> int | None:
        return partition or 0

    def _new_topicpartition(self, topic: str, partition: int) -> TP:
        return TP(topic, partition)

    async def create_topic(self, topic: str, partitions: int, replication: int, **_: Any) -> None:
        await self._call(self._log.create, topic, partitions)

    async def on_stop(self) -> None:
        """Commit what is safe, leave the group, release the files."""
        await super().on_stop()
        await self._call(self._groups.leave, self._group, self._member)
        await self._call(self._log.close)
        self._groups.close()
        self._thread.shutdown(wait=False)

    def close(self) -> None:
        """Nothing beyond on_stop."""


class Consumer(Gated, EmbeddedConsumer):
    """Commits and starts where the gate says."""


class Producer(base.Producer):
    """Appends straight to the embedded log."""

    async def on_start(self) -> None:
        await super().on_start()
        self._log = EmbeddedLog(Path(self.transport.folder))

    async def on_stop(self) -> None:
        await super().on_stop()
        self._log.close()

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        partition: int | None,
        timestamp: float | None,
        headers: Any,
        *,
        transactional_id: str | None = None,
    ) -> Any:
        record = Record(key, value or b"", tuple(dict(headers or {}).items()))
        return asyncio.get_running_loop().run_in_executor(
            None, self._log.append, topic, partition or 0, [record]
        )

    async def send_and_wait(self, *args: Any, **kwargs: Any) -> Any:
        return await (await self.send(*args, **kwargs))

    async def create_topic(self, topic: str, partitions: int, replication: int, **_: Any) -> None:
        self._log.create(topic, partitions)

    def key_partition(self, topic: str, key: bytes) -> TP:
        return TP(topic, 0)


class Transport(base.Transport):
    """embedded:// for the worker."""

    Consumer = Consumer
    Producer = Producer
    driver_version = "embedded"
    default_port = 0

    @property
    def folder(self) -> str:
        """Where the log lives."""
        url = self.url[0]
        return f"{url.host or ''}{url.path}"
