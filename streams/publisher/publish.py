"""Publish one file of one resource: read, compare, batch, remember, send, reconcile.

Each chunk is remembered and queued in one transaction, then sent; what a crash left unsent goes first the
next time. Must not know: the command line, or which log it writes to.
"""

import asyncio
import gc
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Literal

from streams.publisher.batching import Batcher
from streams.publisher.columns import ColumnReader
from streams.publisher.compare import Candidate, Compare, Delta, Tally
from streams.publisher.keys import KEY_VERSION, KeyRing
from streams.publisher.memory import FrontMemory, Waiting
from streams.publisher.reading import SourceRow, read_rows
from streams.publisher.reconcile import Reconciliation, add, await_receipts
from streams.publisher.record import RecordReader
from streams.publisher.refusals import Refusals
from streams.publisher.remedies import refuse
from streams.transport.port import Log
from topics.batch import Counts, decode_batch
from topics.catalog import Catalog, Resource
from topics.errors import RowRefused
from topics.names import change_topic, receipt_topic
from topics.records import Record, event_headers

MASS_DELETE = 0.2
"""A full file that would delete more than this share of a resource is more likely cut short than right."""
MASS_DELETE_FLOOR = 100

REFUSED_SHARE = 0.01
"""With more of a full file's rows refused, nobody can say that what is not among the others is not there."""
REFUSED_FLOOR = 10

CHUNK_ROWS = 8_000
"""Records between two transactions: about 1,000 rows a bucket, so batches are near full."""

Mode = Literal["full", "changes"]


@dataclass(frozen=True, slots=True)
class Job:
    """What to publish and how."""

    catalog: Catalog
    resource: Resource
    file: Path
    mode: Mode
    encoding: str = "utf-8"
    patience: float = 30.0
    mass_delete: bool = False
    empty: bool = False
    """Whether a full file without a row is right."""


@dataclass(slots=True)
class Summary:
    """What a run did. `facts` are rows on the wire; one record may be several (a move is two)."""

    resource: str
    run: str
    tally: Tally = field(default_factory=Tally)
    facts: Counts = field(default_factory=Counts)
    batches: int = 0
    held_deletes: int = 0
    delivered: bool = True
    """Whether the run counts as a delivery of its source; see REFUSED_SHARE."""
    empty: bool = False
    """Whether a full file had no row, and nobody said that this is right."""
    refusals: Path | None = None
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Rows refused, by field and reason."""
    reconciliation: Reconciliation | None = None

    @property
    def changed(self) -> int:
        """Records sent."""
        return self.tally.insert + self.tally.update + self.tally.delete

    @property
    def useless(self) -> bool:
        """Whether the file had rows and none could be used."""
        return 0 < self.tally.read == self.tally.refused


@dataclass(frozen=True, slots=True)
class Progress:
    """Told of bytes read and of batches answered by the hub."""

    read: Callable[[int], None] = lambda _: None
    answered: Callable[[int, int], None] = lambda _, __: None


class Publisher:
    """One run."""

    def __init__(self, job: Job, keys: KeyRing, memory: FrontMemory, log: Log) -> None:
        self._job = job
        self._memory = memory
        self._log = log
        self._records = RecordReader(job.resource, keys.linkage(), keys.department(job.resource.department))
        self._columns = ColumnReader(self._records)
        self.summary = Summary(job.resource.id, secrets.token_hex(8))
        self._compare = Compare(memory, self.summary.tally, changes=job.mode == "changes")
        self._batcher = Batcher(
            job.resource,
            memory,
            partitions=job.catalog.partitions,
            key_version=KEY_VERSION,
            run=self.summary.run,
            mode=job.mode,
        )
        self._fresh: dict[str, bool] = {}
        self._receipts: dict[int, int] = {}
        self._unreadable = False
        self._refusals = Refusals(job.file, memory.path.with_suffix(".refused.csv"))
        self.summary.reasons = self._refusals.counts

    async def run(self, progress: Progress) -> Summary:
        """Publish and reconcile. Raises FileRefused, KeyMissing or BrokerUnavailable."""
        await self.send(progress)
        return await self.reconcile(progress)

    async def send(self, progress: Progress) -> None:
        """Publish, without waiting for the hub's receipts."""
        self._receipts = await self._log.ends(receipt_topic(self._job.resource.department))
        with _calm_collector():
            await self._publish(progress)
        self.summary.refusals = self._refusals.close()

    async def _publish(self, progress: Progress) -> None:
        self._memory.begin()
        await self._send(fresh=False)
        for chunk in _chunks(self._rows(), CHUNK_ROWS):
            self._commit(self._compare.chunk(self._candidates(chunk)), last=False)
            self._refusals.write(self._compare.refused)
            self._compare.refused.clear()
            progress.read(chunk[-1].bytes_read)
            await self._send(fresh=True)
        self._finish()
        await self._send(fresh=True)

    async def reconcile(self, progress: Progress) -> Summary:
        """Wait for the receipts of what `send` sent."""
        self.summary.reconciliation = await await_receipts(
            self._log,
            self._job.resource.department,
            self._fresh,
            self.summary.facts,
            self._receipts,
            self._job.patience,
            lambda answered: progress.answered(answered, len(self._fresh)),
        )
        return self.summary

    def _rows(self) -> Iterator[SourceRow]:
        job = self._job
        return read_rows(job.file, job.resource.header, changes=job.mode == "changes", encoding=job.encoding)

    def _candidates(self, rows: Sequence[SourceRow]) -> list[Candidate]:
        self.summary.tally.read += len(rows)
        whole = [row.values for row in rows if row.refused is None and not row.delete]
        read = iter(self._columns.read(whole))
        return [
            self._alone(row)
            if row.refused is not None or row.delete or (found := next(read)) is None
            else Candidate(row.line, found[0].handle, *found)
            for row in rows
        ]

    def _alone(self, row: SourceRow) -> Candidate:
        """A row that is not simply a good record."""
        try:
            if row.refused:
                raise row.refused
            if row.delete:
                return self._deletion(row)
            fact = self._records.read(row.values)
            return Candidate(row.line, fact.handle, fact, fact.digest())
        except RowRefused as fault:
            self.summary.tally.refused += 1
            # Its traceback would keep the whole chunk in memory.
            self._refusals.write([(row.line, fault.with_traceback(None))])
            handle = self._records.handle(row.values)
            self._unreadable = self._unreadable or handle is None
            return Candidate(row.line, handle, None)

    def _deletion(self, row: SourceRow) -> Candidate:
        handle = self._records.handle(row.values)
        if handle is None:
            raise refuse(self._job.resource.key_field.name, "bad_key")
        return Candidate(row.line, handle, None, delete=True)

    def _commit(self, delta: Delta, *, last: bool) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        with self._memory.commit():
            self._memory.publish(delta.published)
            self._memory.note(delta.met)
            self._memory.queue(self._batcher.batches(delta.rows, now, last=last))

    def _finish(self) -> None:
        """Deletes of what a full file no longer has, and the end of the run.

        A run without a row, with too many refused or with deletes held back does not end: its source stays as complete
        as it was, and no record is said to lack a counterpart that could not be read.
        """
        job = self._job
        self.summary.empty = job.mode == "full" and not (
            self.summary.tally.read or job.empty or job.mass_delete
        )
        unmet = self._memory.unmet() if job.mode == "full" else []
        vanished = [(handle, before) for handle, before in unmet if handle not in self._compare.kept]
        if vanished and self._hold(len(vanished)):
            self.summary.held_deletes, vanished = len(vanished), []
        doubts = (self.summary.empty, self._too_many_refused(), self.summary.held_deletes)
        self.summary.delivered = not any(doubts)
        self._commit(self._compare.vanished(vanished), last=self.summary.delivered)

    def _too_many_refused(self) -> bool:
        tally = self.summary.tally
        too_many = self._job.mode == "full" and tally.refused > max(REFUSED_FLOOR, tally.read * REFUSED_SHARE)
        return self.summary.useless or too_many

    def _hold(self, vanished: int) -> bool:
        """Whether deletes must wait: a row's key could not be read, or too much is gone to be true."""
        limit = max(MASS_DELETE_FLOOR, self._memory.count() * MASS_DELETE)
        too_much = self.summary.empty or vanished > limit
        return (self._unreadable or too_much) and not self._job.mass_delete

    async def _send(self, *, fresh: bool) -> None:
        """Empty the outbox. A batch leaves it when the log has it."""
        waiting = self._memory.waiting()
        self._fresh |= dict.fromkeys((batch.name for batch in waiting), fresh)
        sent = [await self._send_one(batch) for batch in waiting]
        await asyncio.gather(*sent)
        if waiting:
            self._memory.sent(waiting[-1].id)

    async def _send_one(self, waiting: Waiting) -> "asyncio.Future[None]":
        batch = decode_batch(waiting.message)
        self.summary.batches += 1
        self.summary.facts = add(self.summary.facts, batch.counts)
        resource = self._job.resource
        event = event_headers("change", f"/{resource.department}", waiting.name, batch.produced_at)
        record = Record(waiting.name.encode(), waiting.message, event)
        return await self._log.send(change_topic(resource.id), 0, [record])


@contextmanager
def _calm_collector() -> Iterator[None]:
    """Collect cycles seldom: what rows become are many small objects that hold none (a third of the time else)."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 50, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _chunks(rows: Iterator[SourceRow], size: int) -> Iterator[list[SourceRow]]:
    while chunk := list(islice(rows, size)):
        yield chunk
