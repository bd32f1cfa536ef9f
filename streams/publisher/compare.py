"""Full compare: what changed since the last publish, record by record.

Rules: a record whose crossing part is unchanged is not sent; a refused row leaves what was published in
place; a handle met twice with the same content is a repeat, with other content a refusal; a record that
moves to another subject is deleted from the old one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from streams.publisher.memory import FrontMemory, Published
from streams.publisher.record import Fact
from streams.publisher.remedies import refuse
from topics.batch import Operation, Row
from topics.errors import RowRefused


@dataclass(slots=True)
class Tally:
    """Records of a run by what became of them."""

    read: int = 0
    insert: int = 0
    update: int = 0
    delete: int = 0
    unchanged: int = 0
    repeated: int = 0
    refused: int = 0


@dataclass(slots=True)
class Delta:
    """What one chunk of records changes: rows to send, what to remember, and unchanged handles that were met."""

    rows: list[Row] = field(default_factory=list)
    published: dict[str, Published | None] = field(default_factory=dict)
    met: set[str] = field(default_factory=set)


class Candidate(NamedTuple):
    """One row of the file as read: a fact with its digest, a handle to delete, or one to leave alone (refused)."""

    line: int
    handle: str | None
    fact: Fact | None
    digest: bytes = b""
    delete: bool = False


class Compare:
    """Compares chunks of candidates with the memory; `refuse` is told of repeats that disagree."""

    def __init__(self, memory: FrontMemory, tally: Tally, *, changes: bool) -> None:
        self._memory = memory
        self._tally = tally
        self._changes = changes
        self.refused: list[tuple[int, RowRefused]] = []
        self.kept: set[str] = set()
        """Handles of refused rows: what was published of them stays."""

    def chunk(self, candidates: Sequence[Candidate]) -> Delta:
        """What a chunk changes."""
        handles = list({c.handle for c in candidates if c.handle is not None})
        known = self._memory.find(handles)
        delta = Delta()
        for candidate in candidates:
            if candidate.handle is None:
                continue
            if self._changes:
                self._change(candidate, known, delta)
            else:
                self._meet(candidate, known, delta)
        return delta

    def _change(self, candidate: Candidate, known: dict[str, Published], delta: Delta) -> None:
        """A change file is applied in its own order; the last word on a handle counts."""
        handle = candidate.handle or ""
        if candidate.fact is not None:
            self._upsert(candidate.fact, candidate.digest, known, delta)
        elif candidate.delete:
            self._delete(handle, known.pop(handle, None), delta)

    def _meet(self, candidate: Candidate, known: dict[str, Published], delta: Delta) -> None:
        """A row of a full file: the first of its handle counts, unless it was refused."""
        handle = candidate.handle or ""
        before = known.get(handle)
        if candidate.fact is None:
            self.kept.add(handle)
        elif before is not None and before.met == self._memory.run:
            self._repeat(candidate, before.digest == candidate.digest)
        else:
            self._upsert(candidate.fact, candidate.digest, known, delta)

    def _repeat(self, candidate: Candidate, same: bool) -> None:
        if same:
            self._tally.repeated += 1
        else:
            self._tally.refused += 1
            fault = refuse("key", "duplicate_key")
            self.refused.append((candidate.line, fault))

    def _upsert(self, fact: Fact, digest: bytes, known: dict[str, Published], delta: Delta) -> None:
        before = known.get(fact.handle)
        if before is not None and before.digest == digest:
            self._tally.unchanged += 1
            known[fact.handle] = before._replace(met=self._memory.run)
            delta.met.add(fact.handle)
            return
        version = self._memory.version()
        if before is None:
            self._tally.insert += 1
            delta.rows += [_row("i", fact, version, subject) for subject in fact.subjects]
        else:
            self._tally.update += 1
            old = before.subjects
            delta.rows += _removals(fact.handle, version, [s for s in old if s not in fact.subjects])
            delta.rows += [_row("u" if s in old else "i", fact, version, s) for s in fact.subjects]
        known[fact.handle] = delta.published[fact.handle] = Published(digest, fact.subjects, self._memory.run)

    def _delete(self, handle: str, before: Published | None, delta: Delta) -> None:
        if before is None:
            self._tally.unchanged += 1
            return
        self._tally.delete += 1
        delta.rows += _removals(handle, self._memory.version(), before.subjects)
        delta.published[handle] = None

    def vanished(self, published: Iterable[tuple[str, Published]]) -> Delta:
        """Records that a full file no longer has."""
        delta = Delta()
        for handle, before in published:
            self._delete(handle, before, delta)
        return delta


def _row(op: Operation, fact: Fact, version: int, subject: tuple[str, bytes]) -> Row:
    return Row(op, fact.handle, version, subject[0], subject[1], fact.start, fact.end, fact.codes)


def _removals(handle: str, version: int, subjects: Iterable[tuple[str, bytes]]) -> list[Row]:
    return [Row("d", handle, version, name, token) for name, token in subjects]
