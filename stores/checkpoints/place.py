"""Where checkpoints are: a local folder, or an object store by URL (obstore speaks to all of them alike).

Rules: whatever goes wrong out there is CheckpointsUnavailable, with the place and a remedy; nothing is retried for
longer than half a minute. obstore is called on threads of ours: its own, which answer to an event loop, abort the
process if it ends at that moment (every third time on a busy machine, obstore 0.12). Credentials come from the
environment, as each cloud's own tools take them.
Must not know: what is in a file.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, MemoryStore, ObjectStore, from_url

from topics.errors import CheckpointsUnavailable

CHUNK = 4 << 20
REMOTE = ("s3", "s3a", "gs", "az", "azure", "abfs", "abfss")
_PATIENCE: dict[str, Any] = {"retry_config": {"max_retries": 4, "retry_timeout": timedelta(seconds=30)}}
"""No client options: they would put aside what the environment says of proxies and the like."""

_in_memory: dict[str, MemoryStore] = {}


def _store(text: str) -> ObjectStore:
    scheme, separator, rest = text.partition("://")
    if not separator or scheme == "file":
        return LocalStore(Path(rest if separator else text).expanduser().absolute(), mkdir=True)
    if scheme == "memory":
        return _in_memory.setdefault(rest, MemoryStore())
    if scheme in REMOTE:
        return from_url(text, **_PATIENCE)
    raise ValueError(f"{scheme}:// is not a place for checkpoints")


class Place:
    """Objects by path. Made from a folder, or from s3:// gs:// az:// file:// or memory://NAME (this process only)."""

    def __init__(self, text: str) -> None:
        self.name = text
        with self._said("open"):
            self._store = _store(text)

    @contextmanager
    def _said(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (BaseError, OSError, ValueError) as error:
            # The cause comes last on the first line, after URL and retries; what follows is for its authors.
            words = str(error).strip().splitlines()[0].rsplit(" - ", 1)[-1][:160]
            raise CheckpointsUnavailable(
                f"cannot {doing} checkpoints ({words})",
                where=self.name,
                remedy="a folder that may be written, or s3://, gs:// or az:// with its credentials; room left?",
            ) from None

    async def put(self, path: str, content: Path) -> None:
        """Store a file; nobody ever sees a part of it."""
        with self._said("write"):
            await asyncio.to_thread(obstore.put, self._store, path, content, chunk_size=CHUNK)

    async def create(self, path: str, content: bytes) -> bool:
        """Store what must not be there yet; False if it is."""
        with self._said("write"):
            try:
                await asyncio.to_thread(
                    obstore.put, self._store, path, content, mode="create", use_multipart=False
                )
            except AlreadyExistsError:
                return False
        return True

    async def read(self, path: str) -> bytes | None:
        """All of an object; None if there is none."""
        with self._said("read"):
            try:
                return await asyncio.to_thread(lambda: bytes(obstore.get(self._store, path).bytes()))
            except FileNotFoundError:
                return None

    async def stream(self, path: str) -> AsyncIterator[bytes]:
        """An object in chunks; none at all if it is not there."""
        with self._said("read"):
            try:
                found = await asyncio.to_thread(obstore.get, self._store, path)
            except FileNotFoundError:
                return
            chunks = iter(found.stream(min_chunk_size=CHUNK))
            while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
                yield bytes(chunk)

    async def sizes(self, folder: str) -> dict[str, int]:
        """Size of every object under a folder, by its path there."""
        with self._said("list"):
            listed = obstore.list(self._store, folder, chunk_size=1_000)
            found = await asyncio.to_thread(listed.collect)
        return {meta["path"].removeprefix(f"{folder}/"): meta["size"] for meta in found}

    async def delete(self, paths: Iterable[str]) -> None:
        """Delete objects; those that are gone already are no matter."""
        for path in paths:
            with self._said("delete"):
                try:
                    await asyncio.to_thread(obstore.delete, self._store, path)
                except FileNotFoundError:
                    continue
