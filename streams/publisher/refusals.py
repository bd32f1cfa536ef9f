"""The list of a run's refused rows: line, field, reason, remedy; never a value.

Rules: it lies beside the file that was read, and in the front node's own folder where nothing may be written there;
that of an earlier run goes away. Must not know: why a row was refused.
"""

import csv
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from topics.errors import RowRefused

HELD = 8_000
"""Refusals in memory before they are written."""


class Refusals:
    """One run's list. `counts`: how many rows were refused, by field and reason."""

    def __init__(self, beside: Path, instead: Path) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self._path = _first_writable(beside.with_name(f"{beside.name}.refused.csv"), instead)
        self._rows: list[tuple[int, RowRefused]] = []

    def write(self, refused: Iterable[tuple[int, RowRefused]]) -> None:
        """Add rows, by line."""
        for line, fault in refused:
            self.counts[fault.field, fault.reason] += 1
            self._rows.append((line, fault))
        if len(self._rows) >= HELD:
            self._flush()

    def _flush(self) -> None:
        new = not self._path.exists()
        with self._path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(("line", "field", "reason", "remedy"))
            writer.writerows((line, f.field, f.reason, f.remedy) for line, f in self._rows)
        self._rows.clear()

    def close(self) -> Path | None:
        """The file, if any row was refused."""
        if self._rows:
            self._flush()
        return self._path if self._path.exists() else None


def _first_writable(path: Path, instead: Path) -> Path:
    """The first of two places where a file can be written, now cleared; found out before anything is sent."""
    instead.unlink(missing_ok=True)
    try:
        path.unlink(missing_ok=True)
        path.touch()
        path.unlink()
    except OSError:
        return instead
    return path
