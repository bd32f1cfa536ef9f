"""The log port over the embedded log. All file work happens on one thread, in call order."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, Self, TypeVar

from stores.embedded.groups import ConsumerGroups
from stores.embedded.log import EmbeddedLog
from streams.transport.port import Positions, check_sizes
from topics.names import TopicSpec
from topics.records import Record, StoredRecord

POLL_SECONDS = 0.01
IDLE_SECONDS = 0.25
CHUNK = 5_000

T = TypeVar("T")


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
        await self._call(self._log.close)
        self._thread.shutdown()

    def _call(self, function: Callable[..., T], *args: Any) -> "asyncio.Future[T]":
        return asyncio.get_running_loop().run_in_executor(self._thread, function, *args)

    async def ensure(self, specs: Iterable[TopicSpec]) -> list[str]:
        missing = [spec for spec in specs if not await self._call(self._log.partitions, spec.name)]
        for spec in missing:
            await self._call(self._log.create, spec.name, spec.partitions)
        return [spec.name for spec in missing]

    async def topics(self) -> set[str]:
        return set(await self._call(self._log.topics))

    async def send(self, topic: str, partition: int, records: Sequence[Record]) -> "asyncio.Future[None]":
        check_sizes(topic, records)
        return self._call(self._append, topic, partition, records)

    def _append(self, topic: str, partition: int, records: Sequence[Record]) -> None:
        self._log.append(topic, partition, records)

    async def ends(self, topic: str) -> dict[int, int]:
        return await self._call(self._ends, topic)

    def _ends(self, topic: str) -> dict[int, int]:
        self._log.end(topic, 0)
        return {p: self._log.end(topic, p) for p in range(self._log.partitions(topic))}

    async def committed(self, group: str, topic: str) -> dict[int, int]:
        return await self._call(self._committed, group, topic)

    def _committed(self, group: str, topic: str) -> dict[int, int]:
        with closing(ConsumerGroups(self._folder / "groups.sqlite")) as groups:
            return {p: offset for (name, p), offset in groups.committed(group).items() if name == topic}

    async def read(
        self, topic: str, start: Positions | None = None, *, follow: bool = False
    ) -> AsyncIterator[list[StoredRecord]]:
        stop = await self.ends(topic)
        at = {partition: (start or {}).get(partition, 0) for partition in stop}
        while follow or any(at[p] < stop[p] for p in stop):
            version = await self._call(self._log.version, topic)
            chunk = await self._call(self._chunk, topic, at)
            yield chunk
            if not chunk:
                await self._change(topic, version)

    async def _change(self, topic: str, version: int) -> None:
        """Wait until something was appended, or a while."""
        for _ in range(round(IDLE_SECONDS / POLL_SECONDS)):
            if await self._call(self._log.version, topic) != version:
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
