"""Subject state of one partition: RocksDB with a write-behind cache of subjects.

State is a cache of the `facts` log. Changed subjects, who waits for what, the ledger with the rulebook (`meta`) and
the log position they stand for reach disk in one WriteBatch (`checkpoint`), so that state and position can never
disagree; a crash loses what came after the last checkpoint, and the log repeats it.
Must not know: rules, topics, who owns the partition.
"""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rocksdict import (
    AccessType,
    BlockBasedOptions,
    Checkpoint,
    DBCompressionType,
    Options,
    Rdict,
    WriteBatch,
)

from stores.subjects import SubjectCache, unpack
from topics.batch import TOKEN_BYTES
from topics.errors import StateDamaged, StateError, StateHeld, StateOfAnotherLog
from topics.facts import Subject

CACHE_BYTES = 128_000_000
"""Of subjects that one partition keeps in memory, unless it is told otherwise (`room`)."""

TRIMMED = 0.75
"""The share of its room that a checkpoint leaves full; the rest is for what changes until the next one."""

POSITION = b"meta:position"
META = b"meta:ledger"
LOG = b"meta:log"
HALFWAY = b"meta:halfway"
_WAIT = b"wait:"

MARK = "DAMAGED"
"""A file that says that reading this folder failed; RocksDB opens what it can still open, and cannot tell."""


def _options() -> Options:
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_write_buffer_size(16 << 20)
    options.set_memtable_whole_key_filtering(True)
    options.set_memtable_prefix_bloom_ratio(0.1)
    options.set_level_zero_file_num_compaction_trigger(8)
    options.set_compression_type(DBCompressionType.none())
    options.set_max_background_jobs(1)
    options.set_keep_log_file_num(2)
    options.set_max_open_files(256)
    table = BlockBasedOptions()
    table.disable_cache()  # the system keeps blocks, SubjectCache subjects
    table.set_bloom_filter(10, False)
    options.set_block_based_table_factory(table)
    return options


def make_folder(folder: Path) -> None:
    """Raises StateError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        remedy = "may this user write there? is the disk full?"
        raise StateError(
            f"no folder can be made ({error.strerror})", where=str(folder), remedy=remedy
        ) from None


def open_folder(folder: Path, access: AccessType | None = None) -> Rdict:
    """RocksDB in a folder, a new one if need be. Raises StateHeld, StateDamaged or StateError."""
    make_folder(folder)
    known = (folder / "CURRENT").exists()
    # Reopened without column_families, rocksdict falls back to options of its own without a word.
    families: dict[str, Any] = {"column_families": {"default": _options()}} if known else {}
    try:
        if (folder / MARK).exists():
            raise OSError("Corruption: found by a reader")
        return Rdict(str(folder), _options(), access_type=access or AccessType.read_write(), **families)
    except Exception as error:
        raise _fault(error, folder) from None


def _fault(error: Exception, folder: Path) -> StateError:
    """What RocksDB says comes as a plain Exception: its words are all there is to go by."""
    words, where = str(error), str(folder)
    if "LOCK:" in words:
        remedy = "stop the worker that uses this data folder, or give this one another --data"
        return StateHeld("state is held by another process", where=where, remedy=remedy)
    if any(sign in words for sign in ("Corruption", "No such file", "Invalid argument")):
        remedy = "a worker puts it aside and recovers; `crosscheck state rebuild` does it by hand"
        return StateDamaged(f"state cannot be read ({words[:80]})", where=where, remedy=remedy)
    remedy = "is the disk full, or the folder another user's? else delete the folder: the log rebuilds it"
    return StateError(f"state cannot be opened ({words[:80]})", where=where, remedy=remedy)


def all_keys(db: Rdict, first: bytes = b"") -> Iterator[bytes]:
    """Keys in order. RocksDB's iterators end at a damaged block as if it were the last one, so look behind it."""
    last = first
    for last in db.keys(from_key=first):
        yield last
    behind = db.iter()
    behind.seek(last)
    if behind.valid():
        behind.next()
    behind.status()


def _write_waits(batch: WriteBatch, noted: Mapping[bytes, bool]) -> None:
    for key, waits in noted.items():
        if waits:
            batch.put(key, b"")
        else:
            batch.delete(key)


def _wait_key(name: str) -> bytes:
    return _WAIT + name.encode() + b"\0"


class PartitionState:
    """The subjects of one partition of `facts`, up to `position` (the next offset to read)."""

    def __init__(self, folder: Path, log_id: str, *, room: int = CACHE_BYTES) -> None:
        self.folder = folder
        self._log_id = log_id.encode()
        self._db = open_folder(folder)
        self.room = room
        self._cache = SubjectCache()
        self._dirty: set[bytes] = set()
        self._waits: dict[bytes, bool] = {}
        self._earlier: dict[bytes, bool] = {}
        self.subjects: dict[bytes, Subject] = {}
        try:
            self.position, self.meta, self.halfway = self._known()
        except StateError:
            self._db.close()
            raise

    def _known(self) -> tuple[int, bytes | None, int]:
        owner, position, meta, halfway = self._get([LOG, POSITION, META, HALFWAY])
        if owner is not None and owner != self._log_id:
            raise StateOfAnotherLog("state of another log", where=str(self.folder), remedy="discard it")
        return int(position or 0), meta, int(halfway or 0)

    def _get(self, key: Any) -> Any:
        """A value, or a list of them for a list of keys. Raises StateDamaged."""
        try:
            return self._db.get(key)
        except Exception as error:
            raise self._damaged(error) from None

    def _damaged(self, error: Exception) -> StateError:
        fault = _fault(error, self.folder)
        if isinstance(fault, StateDamaged):
            (self.folder / MARK).touch()
        return fault

    def load(self, tokens: Iterable[bytes]) -> None:
        """Bring subjects to hand until `put_away`; unknown ones begin empty."""
        subjects, cached = self.subjects, self._cache.get
        elsewhere: list[bytes] = []
        for token in tokens:
            if token not in subjects:
                subject = cached(token)
                if subject is None:
                    elsewhere.append(token)
                else:
                    subjects[token] = subject
        if elsewhere:
            for token, data in zip(elsewhere, self._get(elsewhere), strict=True):
                subjects[token] = Subject() if data is None else unpack(data)

    def everyone(self) -> list[bytes]:
        """Tokens of all subjects, in order; reads the keys of the whole partition."""
        stored = [token for token in self._keys() if len(token) == TOKEN_BYTES]
        return sorted({*stored, *self._dirty})

    def _keys(self) -> list[bytes]:
        try:
            return list(all_keys(self._db))
        except Exception as error:
            raise self._damaged(error) from None

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
        try:
            for key in all_keys(self._db, low):
                if key > high:
                    return
                yield key
        except Exception as error:
            raise self._damaged(error) from None

    def put_away(self, changed: Iterable[bytes]) -> None:
        """A step is done with the subjects at hand; those that it changed are kept for the next checkpoint."""
        put, subjects = self._cache.put, self.subjects
        for token in changed:
            put(token, subjects[token])
        self._dirty.update(changed)
        subjects.clear()

    def begin(self) -> None:
        """A step begins that may be saved half-way (`halfway`: how far it was when it was broken off)."""
        self._earlier = dict(self._waits)

    @property
    def dirty(self) -> int:
        """Subjects waiting for the next checkpoint."""
        return len(self._dirty)

    @property
    def cached(self) -> int:
        """Subjects in memory."""
        return len(self._cache)

    @property
    def size(self) -> int:
        """Bytes that they take, about."""
        return self._cache.size

    @property
    def full(self) -> bool:
        """Whether they have used up their room: a checkpoint is due, after which some can go."""
        return self._cache.size >= self.room

    def checkpoint(self, position: int, meta: bytes, *, halfway: int = 0) -> None:
        """Write changed subjects, waits, meta and position in one batch.

        `halfway`: how many subjects the step at `position` is done with. Those it has taken wait on in what is
        written: when the step is begun again, it takes the same.
        """
        if position == self.position and not self._dirty and not self._waits:
            return
        batch = WriteBatch(raw_mode=True)
        for token in self._dirty:
            batch.put(token, self._cache.packed(token))
        batch.put(LOG, self._log_id)
        if halfway:
            batch.put(HALFWAY, b"%d" % halfway)
        else:
            batch.delete(HALFWAY)
        _write_waits(batch, self._noted() if halfway else self._waits)
        batch.put(META, meta)
        batch.put(POSITION, b"%d" % position)
        self._write(batch)
        self.position, self.halfway = position, halfway
        self._dirty.clear()
        if not halfway:
            self._waits.clear()
        self._cache.trim(int(self.room * TRIMMED))

    def _noted(self) -> dict[bytes, bool]:
        """Waits as they were when the step began, and those it has noted."""
        return self._earlier | {key: True for key, waits in self._waits.items() if waits}

    def _write(self, batch: WriteBatch) -> None:
        try:
            self._db.write(batch)
        except Exception as error:
            remedy = "is the disk full? make room and start again: the log repeats what was not saved"
            what = f"state cannot be written ({str(error)[:80]})"
            raise StateError(what, where=str(self.folder), remedy=remedy) from None

    def items(self) -> Mapping[bytes, Subject]:
        """Every checkpointed subject; for inspection and tests, not for the hot path."""
        pairs = ((key, value) for key, value in self._db.items() if len(key) == TOKEN_BYTES)
        return {key: unpack(value) for key, value in pairs}

    def flush(self) -> None:
        """Let RocksDB put on disk what it has in memory, on a thread of its own: a link soon after has less to do."""
        try:
            self._db.flush(wait=False)
        except Exception as error:
            raise _fault(error, self.folder) from None

    def link(self, folder: Path) -> None:
        """A copy as of the last checkpoint in a new folder, in milliseconds: its big files are hard links."""
        try:
            Checkpoint(self._db).create_checkpoint(str(folder))
        except Exception as error:
            what = f"state cannot be linked ({str(error)[:80]})"
            raise StateError(what, where=str(folder), remedy="is the disk full?") from None

    def close(self) -> None:
        """Release the folder; what was not checkpointed is dropped."""
        with contextlib.suppress(Exception):
            self._db.close()
