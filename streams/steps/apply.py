"""Apply rows to a subject: the newest version of each handle wins, whatever the order of arrival.

Rules: a delete is a version too and leaves a tombstone; a row that is not newer is a duplicate; a subject
that is full refuses new handles, and the refusal is counted.
"""

from collections.abc import Iterator

import msgspec

from topics.batch import ChangeBatch, Row
from topics.facts import Fact, Subject, period_of
from topics.held import MANY, held
from topics.limits import MAX_FACTS

FULL = "subject_full"
_NO_CODES: dict[str, str] = {}


class Change(msgspec.Struct, frozen=True):
    """A fact that came, went or was replaced on one subject."""

    source: str
    handle: str
    before: Fact | None
    after: Fact


def fact_of(row: Row, batch: ChangeBatch, before: Fact | None) -> Fact:
    """The stored form of a row; a tombstone remembers the period it ended, for the alert it withdraws."""
    if row.op == "d":
        start, end = (before.start, before.end) if before else (1, 0)
        return Fact(row.version, start, end, _NO_CODES, batch.epoch, batch.seq, live=False)
    return Fact(row.version, *period_of(row.start, row.end), row.codes, batch.epoch, batch.seq)


def apply_row(subject: Subject, source: str, row: Row, batch: ChangeBatch) -> Change | str | None:
    """Apply one row in place: the change, None for a duplicate, or the reason of a refusal."""
    facts = subject.facts.get(source)
    before = facts.get(row.handle) if facts else None
    if before is not None and row.version <= before.version:
        return None
    if before is None:
        if subject.size >= MAX_FACTS:
            return FULL
        subject.size += 1
    after = fact_of(row, batch, before)
    if facts is None:
        facts = subject.facts[source] = {}
    facts[row.handle] = after
    if before is None and len(facts) == MANY:
        subject.facts[source] = held(facts)
    return Change(source, row.handle, before, after)


def is_stale(subject: Subject, resource: str, epoch: int) -> bool:
    """Whether a subject holds live facts of a resource from before an epoch."""
    return any(True for _ in _stale(subject, resource, epoch))


def drop_stale(subject: Subject, resource: str, batch: ChangeBatch) -> list[Change]:
    """Replace facts from before the batch's epoch by tombstones of the same version."""
    changes = []
    for source, handle, before in list(_stale(subject, resource, batch.epoch)):
        after = msgspec.structs.replace(before, codes=_NO_CODES, epoch=batch.epoch, seq=batch.seq, live=False)
        subject.facts[source][handle] = after
        changes.append(Change(source, handle, before, after))
    return changes


def _stale(subject: Subject, resource: str, epoch: int) -> Iterator[tuple[str, str, Fact]]:
    for source, facts in subject.facts.items():
        if source.startswith(f"{resource}."):
            for handle, fact in facts.items():
                if fact.live and fact.epoch < epoch:
                    yield source, handle, fact
