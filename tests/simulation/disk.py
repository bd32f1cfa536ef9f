"""Disks of the simulated machines: state folders as sorted maps in memory, in the words of rocksdict.

Rules: what was written in one batch outlives its process; a folder has one holder at a time, and who ends lets go.
Must not know: what the bytes mean.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from topics.errors import StateHeld


class Batch:
    """A WriteBatch: puts, and deletes as None."""

    def __init__(self, raw_mode: bool = False) -> None:
        self.writes: dict[bytes, bytes | None] = {}

    def put(self, key: bytes, value: bytes) -> None:
        self.writes[key] = value

    def delete(self, key: bytes) -> None:
        self.writes[key] = None


class Folder:
    """What one process has open: the part of Rdict that stores.state uses."""

    def __init__(self, data: dict[bytes, bytes], release: Callable[[], object]) -> None:
        self.data = data
        self._release = release
        self._closed = False

    def close(self) -> None:
        self._closed = True
        self._release()

    def get(self, key: Any) -> Any:
        return [self.data.get(k) for k in key] if isinstance(key, list) else self.data.get(key)

    def keys(self, from_key: bytes = b"") -> Iterator[bytes]:
        return iter(sorted(key for key in self.data if key >= from_key))

    def items(self) -> Iterable[tuple[bytes, bytes]]:
        return self.data.items()

    def iter(self) -> "Folder":
        return self

    def seek_to_first(self) -> None:
        """There is nothing behind the last key."""

    def seek(self, key: bytes) -> None:
        """There is nothing behind the last key."""

    def valid(self) -> bool:
        return False

    def status(self) -> None:
        """No block is ever damaged here."""

    def write(self, batch: Batch) -> None:
        if self._closed:
            raise RuntimeError("DB instance is closed")  # in rocksdict's words, a plain Exception
        for key, value in batch.writes.items():
            if value is None:
                self.data.pop(key, None)
            else:
                self.data[key] = value

    def flush(self, wait: bool = True) -> None:
        """Everything is as safe as it gets."""


class Disks:
    """All folders of all machines, and who holds which. `process`: who is running just now."""

    def __init__(self) -> None:
        self.folders: dict[Path, dict[bytes, bytes]] = {}
        self.held: dict[Path, object] = {}
        self.process: object = None

    def open(self, folder: Path, access: object = None) -> Folder:
        """In the place of stores.state.open_folder."""
        if folder in self.held:
            raise StateHeld("state is held by another process", where=str(folder))
        self.held[folder] = self.process
        return Folder(self.folders.setdefault(folder, {}), lambda: self.held.pop(folder, None))

    def release(self, process: object) -> None:
        """A process has ended."""
        for folder in [folder for folder, holder in self.held.items() if holder is process]:
            del self.held[folder]

    def rmtree(self, folder: Path, ignore_errors: bool = False) -> None:
        """In the place of shutil.rmtree."""
        self.folders.pop(folder, None)

    def replace(self, folder: Path, new: Path) -> None:
        """In the place of streams.agents.recovery.replace_folder."""
        self.folders[folder] = self.folders.pop(new)

    def checkpoint(self, folder: Folder) -> "_Copy":
        """In the place of rocksdict.Checkpoint."""
        return _Copy(self, folder)


class _Copy:
    def __init__(self, disks: Disks, folder: Folder) -> None:
        self._disks = disks
        self._folder = folder

    def create_checkpoint(self, path: str) -> None:
        self._disks.folders[Path(path)] = dict(self._folder.data)
