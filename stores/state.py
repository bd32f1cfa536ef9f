"""Subject state of one partition: RocksDB with a write-behind cache of decoded subjects.

State is a cache of the `facts` log. Changed subjects, who waits for what, the ledger with the rulebook (`meta`) and
the log position they stand for reach disk in one WriteBatch (`checkpoint`), so that state and position can never
disagree; a crash loses what came after the last checkpoint, and the log repeats it.
Must not know: rules, topics, who owns the partition.
"""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from rocksdict import BlockBasedOptions, Cache, Options, Rdict, WriteBatch

from topics.batch import TOKEN_BYTES
from topics.errors import StateError, StateOfAnotherLog
from topics.facts import Subject

CACHED_SUBJECTS = 50_000
"""Decoded subjects kept per partition, about 1 KB each; dirty ones always stay until a checkpoint."""

_POSITION = b"meta:position"
_META = b"meta:ledger"
_LOG = b"meta:log"
_WAIT = b"wait:"

_decode = msgspec.msgpack.Decoder(Subject).decode
_encode = msgspec.msgpack.encode


def _options() -> Options:
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_write_buffer_size(32 << 20)
    options.set_max_background_jobs(1)
    options.set_keep_log_file_num(2)
    options.set_max_open_files(256)
    table = BlockBasedOptions()
    table.set_block_cache(Cache(32 << 20))
    table.set_bloom_filter(10, False)
    options.set_block_based_table_factory(table)
    return options


def _open(folder: Path) -> Rdict:
    folder.mkdir(parents=True, exist_ok=True)
    known = (folder / "CURRENT").exists()
    # Reopened without column_families, rocksdict falls back to an 8 MB cache without a word.
    families: dict[str, Any] = {"column_families": {"default": _options()}} if known else {}
    try:
        return Rdict(str(folder), _options(), **families)
    except Exception as error:
        raise StateError(
            f"state cannot be opened ({type(error).__name__})",
            where=str(folder),
            remedy="is another worker using this data folder? else delete the folder: the log rebuilds it",
        ) from None


def _wait_key(name: str) -> bytes:
    return _WAIT + name.encode() + b"\0"


class PartitionState:
    """The subjects of one partition of `facts`, up to `position` (the next offset to read)."""

    def __init__(self, folder: Path, log_id: str, *, cached: int = CACHED_SUBJECTS) -> None:
        self._db = _open(folder)
        self._cached = cached
        self._dirty: set[bytes] = set()
        self._waits: dict[bytes, bool] = {}
        self.subjects: dict[bytes, Subject] = {}
        owner = self._db.get(_LOG)
        if owner is not None and owner != log_id.encode():
            self._db.close()
            raise StateOfAnotherLog("state of another log", where=str(folder), remedy="discard it")
        self._log_id = log_id.encode()
        self.position = int(self._db.get(_POSITION) or 0)
        self.meta: bytes | None = self._db.get(_META)

    def load(self, tokens: Iterable[bytes]) -> None:
        """Bring subjects into the cache; unknown ones begin empty."""
        wanted = [token for token in tokens if token not in self.subjects]
        if not wanted:
            return
        for token, data in zip(wanted, self._db.get(wanted), strict=True):
            self.subjects[token] = _decode(data) if data is not None else Subject()

    def everyone(self) -> list[bytes]:
        """Tokens of all subjects, in order; reads the keys of the whole partition."""
        stored = (token for token, _ in self._db.items() if len(token) == TOKEN_BYTES)
        return sorted({*stored, *(token for token, subject in self.subjects.items() if subject.facts)})

    def wait(self, name: str, token: bytes) -> None:
        """Note that a subject waits for `name`."""
        self._waits[_wait_key(name) + token] = True

    def take(self, first: str, last: str) -> list[bytes]:
        """Tokens of subjects that wait for a name from `first` to `last`, in order; they wait no longer."""
        low, high = _wait_key(first), _wait_key(last) + b"\xff" * (TOKEN_BYTES + 1)
        keys = {key for key in self._stored_waits(low, high) if self._waits.get(key, True)}
        keys |= {key for key, waits in self._waits.items() if waits and low <= key <= high}
        self._waits.update(dict.fromkeys(keys, False))
        return sorted({key[-TOKEN_BYTES:] for key in keys})

    def _stored_waits(self, low: bytes, high: bytes) -> Iterator[bytes]:
        for key in self._db.keys(from_key=low):
            if key > high:
                return
            yield key

    def mark(self, tokens: Iterable[bytes]) -> None:
        """Note subjects that changed since the last checkpoint."""
        self._dirty.update(tokens)

    @property
    def dirty(self) -> int:
        """Subjects waiting for the next checkpoint."""
        return len(self._dirty)

    def checkpoint(self, position: int, meta: bytes, *, halfway: bool = False) -> None:
        """Write changed subjects, waits, meta and position in one batch.

        `halfway` through a step nothing is written of waits: those taken are needed when it is begun again.
        """
        if position == self.position and not self._dirty and not self._waits:
            return
        batch = WriteBatch(raw_mode=True)
        for token in self._dirty:
            batch.put(token, _encode(self.subjects[token]))
        batch.put(_LOG, self._log_id)
        if not halfway:
            self._write_waits(batch)
        batch.put(_META, meta)
        batch.put(_POSITION, b"%d" % position)
        self._db.write(batch)
        self.position = position
        self._dirty.clear()
        self.trim()

    def _write_waits(self, batch: WriteBatch) -> None:
        for key, waits in self._waits.items():
            if waits:
                batch.put(key, b"")
            else:
                batch.delete(key)
        self._waits.clear()

    def trim(self) -> None:
        """Let go of the subjects that are in excess and have not changed."""
        excess = len(self.subjects) - self._cached
        if excess > 0:
            clean = (token for token in self.subjects if token not in self._dirty)
            for token in list(islice(clean, excess)):
                del self.subjects[token]

    def items(self) -> Mapping[bytes, Subject]:
        """Every checkpointed subject; for inspection and tests, not for the hot path."""
        pairs = ((key, value) for key, value in self._db.items() if len(key) == TOKEN_BYTES)
        return {key: _decode(value) for key, value in pairs}

    def close(self) -> None:
        """Release the folder; what was not checkpointed is dropped."""
        with contextlib.suppress(Exception):
            self._db.close()
