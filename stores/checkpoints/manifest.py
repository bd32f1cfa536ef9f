"""What one checkpoint consists of: written last, as JSON that people can read too.

Rules: named by log, partition and position, zero-padded, so that names sort as positions do.
"""

import hashlib
import re
from datetime import UTC, datetime
from importlib import metadata

import msgspec

from topics.errors import CheckpointDamaged
from topics.names import FACTS

FORMAT = 1
_NAME = re.compile(r"manifest-(\d{20})\.json")
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class File(msgspec.Struct, frozen=True):
    """One file of the state folder; its content is the blob `sha256`."""

    name: str
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """A checkpoint of one partition, up to `position` (the next offset to read)."""

    format: int
    log: str
    partition: int
    position: int
    made_at: str
    version: str
    files: tuple[File, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def blobs(self) -> set[str]:
        """What it names."""
        return {file.sha256 for file in self.files}


def manifest(log: str, partition: int, position: int, files: tuple[File, ...]) -> Manifest:
    """A manifest made now, by this version."""
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    return Manifest(FORMAT, log, partition, position, made_at, _version(), files)


def _version() -> str:
    try:
        return metadata.version("crosscheck")
    except metadata.PackageNotFoundError:
        return "unknown"


def encode_manifest(made: Manifest) -> bytes:
    """As it is stored."""
    return msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n"


def decode_manifest(data: bytes, where: str, log: str, partition: int, position: int) -> Manifest:
    """Read one that must be of this log, partition and position. Raises CheckpointDamaged."""
    try:
        read = msgspec.json.decode(data, type=Manifest)
    except msgspec.DecodeError as error:
        raise _damaged(f"the manifest cannot be read ({error})", where) from None
    if read.format != FORMAT:
        raise _damaged(f"the manifest is of format {read.format}, this software reads {FORMAT}", where)
    if (read.log, read.partition, read.position) != (log, partition, position):
        raise _damaged("the manifest is of another log, partition or position", where)
    if not all(_PLAIN.fullmatch(file.name) and _SHA256.fullmatch(file.sha256) for file in read.files):
        raise _damaged("the manifest names a file that is none", where)
    return read


def _damaged(what: str, where: str) -> CheckpointDamaged:
    return CheckpointDamaged(what, where=where, remedy="an older checkpoint, or the log, takes its place")


def partition_folder(log: str, partition: int) -> str:
    """Where the checkpoints of a partition are; the readable part of a log's name need not be unique."""
    readable = re.sub(r"[^A-Za-z0-9.]+", "-", log).strip("-.")[:40]
    return f"{readable}-{hashlib.sha256(log.encode()).hexdigest()[:12]}/{FACTS}-{partition:04}"


def manifest_name(position: int) -> str:
    """File name of the manifest at a position."""
    return f"manifest-{position:020}.json"


def position_of(name: str) -> int | None:
    """The position that a file name says; None if it is no manifest's."""
    found = _NAME.fullmatch(name)
    return int(found[1]) if found else None
