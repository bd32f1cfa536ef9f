"""The log port over the embedded log. All file work happens on one thread, in call order."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any, Self, TypeVar

from stores.embedded.groups import ConsumerGroups
from stores.embedded.log import EmbeddedLog
from streams.transport.port import Positions, check_sizes
from topics.errors import OwnerReplaced
from topics.names import TopicSpec
from topics.records import Record, StoredRecord

POLL_SECONDS = 0.01
IDLE_SECONDS = 0.25
CHUNK = 5_000

T = TypeVar("T")


class EmbeddedWriter:
    """See streams.transport.port.Writer. What is appended is final at once: this log has no compaction to wait for."""

    stale = False

    def __init__(self, name: str, client: "EmbeddedClient") -> None:
        self._name = name
        self._client = client
        self._epoch: int | None = None

    async def send(self, topic: str, partition: int, records: Sequence[Record]) -> "asyncio.Future[None]":
        check_sizes(topic, records)
        return self._client.call(self._append, topic, partition, records)

    async def take(self) -> None:
        await self._client.call(self._take)

    def _take(self) -> None:
        if self._epoch is None:
            self._epoch = self._client.groups.take(self._name)

    async def seal(self) -> None:
        if self._epoch is not None:
            await self._client.call(self._check)

    def _append(self, topic: str, partition: int, records: Sequence[Record]) -> None:
        self._take()
        self._check()
        self._client.append(topic, partition, records)

    def _check(self) -> None:
        if not self._client.groups.holds(self._name, self._epoch or 0):
            raise OwnerReplaced("another worker has taken over", where=self._name)


class EmbeddedClient:
    """See streams.transport.port.Log."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)
        self._log = EmbeddedLog(self._folder)
        self._thread = ThreadPoolExecutor(1, "embedded-log")

    @property
    def log_id(self) -> str:
        """Identity of this log, given when its folder was made."""
        return self._log.log_id

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.call(self._log.close)
        if "groups" in self.__dict__:
            await self.call(self.groups.close)
        self._thread.shutdown()

    @cached_property
    def groups(self) -> ConsumerGroups:
        """What was committed, and who holds which writer's name."""
        return ConsumerGroups(self._folder / "groups.sqlite")

    def call(self, function: Callable[..., T], *args: Any) -> "asyncio.Future[T]":
        """Do something on the log's thread."""
        return asyncio.get_running_loop().run_in_executor(self._thread, function, *args)

    async def ensure(self, specs: Iterable[TopicSpec]) -> list[str]:
        missing = [spec for spec in specs if not await self.call(self._log.partitions, spec.name)]
        for spec in missing:
            await self.call(self._log.create, spec.name, spec.partitions)
        return [spec.name for spec in missing]

    async def topics(self) -> set[str]:
        return set(await self.call(self._log.topics))

    async def send(self, topic: str, partition: int, records: Sequence[Record]) -> "asyncio.Future[None]":
        check_sizes(topic, records)
        return self.call(self.append, topic, partition, records)

    def append(self, topic: str, partition: int, records: Sequence[Record]) -> None:
        """Append, on the log's thread (within `call`)."""
        self._log.append(topic, partition, records)

    def writer(self, name: str) -> EmbeddedWriter:
        return EmbeddedWriter(name, self)

    async def ends(self, topic: str) -> dict[int, int]:
        return await self.call(self._ends, topic)

    def _ends(self, topic: str) -> dict[int, int]:
        self._log.end(topic, 0)
        return {p: self._log.end(topic, p) for p in range(self._log.partitions(topic))}

    async def committed(self, group: str, topic: str) -> dict[int, int]:
        return await self.call(self._committed, group, topic)

    def _committed(self, group: str, topic: str) -> dict[int, int]:
        return {p: offset for (name, p), offset in self.groups.committed(group).items() if name == topic}

    async def read(
        self, topic: str, start: Positions | None = None, *, follow: bool = False
    ) -> AsyncIterator[list[StoredRecord]]:
        stop = await self.ends(topic)
        at = {partition: (start or {}).get(partition, 0) for partition in stop}
        while follow or any(at[p] < stop[p] for p in stop):
            version = await self.call(self._log.version, topic)
            chunk = await self.call(self._chunk, topic, at)
            yield chunk
            if not chunk:
                await self._change(topic, version)

    async def _change(self, topic: str, version: int) -> None:
        """Wait until something was appended, or a while."""
        for _ in range(round(IDLE_SECONDS / POLL_SECONDS)):
            if await self.call(self._log.version, topic) != version:
                return
            await asyncio.sleep(POLL_SECONDS)

    def _chunk(self, topic: str, at: dict[int, int]) -> list[StoredRecord]:
        found: list[StoredRecord] = []
        for partition, offset in at.items():
            records = self._log.read(topic, partition, offset, CHUNK)
            if records:
                at[partition] = records[-1].offset + 1
                found.extend(records)
        return found
