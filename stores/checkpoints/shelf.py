"""The checkpoints of one partition: put one there, say which there are, bring one back.

Blobs go first, the manifest last and only if none stands under its name; so a crash on the way leaves blobs that
nobody names, and nothing else. What two owners at once (one of them paused, long replaced) may do to each other:

- the same position: one manifest is created, the other owner finds it there; both are good;
- a blob that the other is about to name is deleted: a blob is passed over as "there already" only if a manifest
  names it and it has its size; it is deleted only if this shelf has seen it unnamed for GRACE_SECONDS; and whoever has
  put a manifest looks again whether all its blobs are there and of their size. A checkpoint that is damaged
  nevertheless costs a warning and a step back to the one before.

Must not know: how state is opened, or what it means.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stores.checkpoints.manifest import (
    File,
    Manifest,
    decode_manifest,
    encode_manifest,
    manifest,
    manifest_name,
    partition_folder,
    position_of,
)
from stores.checkpoints.place import Place
from topics.errors import CheckpointDamaged

KEEP = 3
"""Checkpoints kept of each partition."""

GRACE_SECONDS = 600.0
"""How long a blob must have been seen unnamed: much longer than an upload takes to name what it has put."""

AT_ONCE = 4
"""Files on their way at the same time."""

_NOT_STATE = ("LOCK", "LOG", "LOG.old")
_Key = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Kept:
    """A checkpoint that stands; its manifest has not been looked at."""

    position: int
    path: str


@dataclass(frozen=True, slots=True)
class Shipped:
    """A checkpoint that was put: `sent` bytes of `size`, the rest was there."""

    position: int
    size: int
    sent: int


class Shelf:
    """All checkpoints of one partition of one log."""

    def __init__(
        self,
        place: Place,
        log_id: str,
        partition: int,
        *,
        keep: int = KEEP,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._place = place
        self._log_id = log_id
        self._partition = partition
        self._folder = partition_folder(log_id, partition)
        self._keep = keep
        self._clock = clock
        self._read: dict[str, Manifest] = {}
        self._hashes: dict[_Key, str] = {}
        self._unnamed: dict[str, float] = {}

    async def kept(self) -> list[Kept]:
        """What there is, newest first. Raises CheckpointsUnavailable."""
        return _manifests(self._folder, await self._place.sizes(self._folder))

    async def manifest(self, kept: Kept) -> Manifest:
        """What a checkpoint consists of. Raises CheckpointDamaged, CheckpointsUnavailable."""
        if kept.path not in self._read:
            data = await self._place.read(kept.path) or b""
            where = self.where(kept)
            read = decode_manifest(data, where, self._log_id, self._partition, kept.position)
            self._read[kept.path] = read
        return self._read[kept.path]

    def where(self, kept: Kept) -> str:
        """A checkpoint's place, for people."""
        return f"{self._place.name.rstrip('/')}/{kept.path}"

    async def ship(self, position: int, folder: Path) -> Shipped | None:
        """Store a copy of state at `position` that nobody writes to; None if one as new or newer stands."""
        there = await self._place.sizes(self._folder)
        kept = _manifests(self._folder, there)
        if kept and kept[0].position >= position:
            return None
        files = await asyncio.to_thread(self._hashed, folder)
        named = await self._named(kept)
        wanted = [file for file in files if file.sha256 not in named or not _is_whole(file, there)]
        sent = await self._put(folder, wanted)
        made = manifest(self._log_id, self._partition, position, files)
        path = f"{self._folder}/{manifest_name(position)}"
        if not await self._place.create(path, encode_manifest(made)):
            return None
        self._read[path] = made
        there = await self._place.sizes(self._folder)
        sent += await self._put(folder, [file for file in files if not _is_whole(file, there)])
        await self._prune()
        return Shipped(position, made.size, sent)

    def _hashed(self, folder: Path) -> tuple[File, ...]:
        """Content hashes; a table that was hashed for the last checkpoint is the same file, hard-linked again."""
        files, hashes = [], {}
        for path in sorted(folder.iterdir()):
            if path.name in _NOT_STATE:
                continue
            stat = path.stat()
            key = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
            known = self._hashes.get(key) if path.suffix == ".sst" else None
            hashes[key] = known or _sha256(path)
            files.append(File(path.name, stat.st_size, hashes[key]))
        self._hashes = hashes
        return tuple(files)

    async def _named(self, kept: Iterable[Kept]) -> set[str]:
        """Blobs that manifests name; one that cannot be read names nothing."""
        named: set[str] = set()
        for one in kept:
            try:
                named |= (await self.manifest(one)).blobs
            except CheckpointDamaged:
                continue
        return named

    async def _put(self, folder: Path, files: Iterable[File]) -> int:
        """Upload files by content, a few at a time; bytes sent."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def put(file: File) -> None:
            async with gate:
                await self._place.put(self._blob(file.sha256), folder / file.name)

        wanted = {file.sha256: file for file in files}.values()
        await _together(map(put, wanted))
        return sum(file.size for file in wanted)

    def _blob(self, sha256: str) -> str:
        return f"{self._folder}/{_blob_name(sha256)}"

    async def _prune(self) -> None:
        """Keep the newest; then delete the blobs that have had no name for long."""
        there = await self._place.sizes(self._folder)
        kept = _manifests(self._folder, there)
        readable = [one for one in kept if await self._is_readable(one)]
        floor = readable[self._keep - 1].position if len(readable) >= self._keep else 0
        dropped = [one for one in kept if one.position < floor]
        await self._place.delete(one.path for one in dropped)
        for one in dropped:
            self._read.pop(one.path, None)
        left = [one for one in kept if one not in dropped]
        if all(one.path in self._read for one in left):  # else: what an unreadable one names is unknown
            await self._sweep(there, await self._named(left))

    async def _is_readable(self, kept: Kept) -> bool:
        try:
            await self.manifest(kept)
        except CheckpointDamaged:
            return False
        return True

    async def _sweep(self, there: Iterable[str], named: set[str]) -> None:
        now = self._clock()
        blobs = {path.removeprefix("blobs/") for path in there if path.startswith("blobs/")}
        self._unnamed = {blob: self._unnamed.get(blob, now) for blob in blobs - named}
        old = [blob for blob, since in self._unnamed.items() if now - since >= GRACE_SECONDS]
        await self._place.delete(map(self._blob, old))

    async def discard(self, kept: Kept) -> None:
        """Delete a checkpoint that can never be right, such as one that is ahead of its log."""
        await self._place.delete([kept.path])
        self._read.pop(kept.path, None)

    async def restore(self, kept: Kept, folder: Path) -> Manifest:
        """Bring a checkpoint into a new folder, each content checked.

        Raises CheckpointDamaged or CheckpointsUnavailable; then the folder is not to be used.
        """
        whole = await self.manifest(kept)
        folder.mkdir(parents=True)
        gate = asyncio.Semaphore(AT_ONCE)

        async def fetch(file: File) -> None:
            async with gate:
                await self._check(file, kept, folder / file.name)

        await _together(map(fetch, whole.files))
        return whole

    async def verify(self, kept: Kept) -> Manifest:
        """Read a checkpoint to the last byte. Raises CheckpointDamaged, CheckpointsUnavailable."""
        whole = await self.manifest(kept)
        for file in whole.files:
            await self._check(file, kept, None)
        return whole

    async def _check(self, file: File, kept: Kept, into: Path | None) -> None:
        """Read one blob, and keep it; raises unless it is what the manifest says."""
        digest, size = hashlib.sha256(), 0
        if into is not None:
            into.touch()
        async for chunk in self._place.stream(self._blob(file.sha256)):
            await asyncio.to_thread(_take, chunk, digest.update, into)
            size += len(chunk)
        if digest.hexdigest() != file.sha256:
            what = "is missing or empty" if not size else f"is another ({size} bytes of {file.size})"
            raise CheckpointDamaged(
                f"the content of {file.name} {what}",
                where=self.where(kept),
                remedy="an older checkpoint, or the log, takes its place",
            )


async def _together(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """All of it, or nothing more of it once one has failed or nobody waits."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _blob_name(sha256: str) -> str:
    return f"blobs/{sha256}"


def _is_whole(file: File, there: Mapping[str, int]) -> bool:
    """Whether a blob is there with its size: one that was cut short would damage every checkpoint that shares it."""
    return there.get(_blob_name(file.sha256)) == file.size


def _manifests(folder: str, there: Iterable[str]) -> list[Kept]:
    positions = ((name, position_of(name)) for name in there)
    found = [Kept(position, f"{folder}/{name}") for name, position in positions if position is not None]
    return sorted(found, key=lambda kept: kept.position, reverse=True)


def _take(chunk: bytes, update: Callable[[bytes], None], into: Path | None) -> None:
    update(chunk)
    if into is not None:
        with into.open("ab") as file:
            file.write(chunk)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
