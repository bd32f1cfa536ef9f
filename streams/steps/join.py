"""The join step: one admitted batch in, alert revisions, results and a receipt out.

`join(batch, rows, position, memory)` changes `memory` in place and yields what must be said. It is a function of
its arguments alone: replaying the same `facts` log says the same, to the byte.
Must not know: topics, brokers, disks, clocks.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from matchers.rules.compiled import CompiledRule
from matchers.rules.judge import waits_for_resource
from matchers.rules.ruleset import RuleSet
from streams.steps.apply import Change, apply_row, drop_stale, is_stale
from streams.steps.disclose import Check, Place
from streams.steps.ledger import Ledger
from streams.steps.memory import Effects, Memory
from streams.steps.settle import settle, settle_waiting
from topics.batch import ChangeBatch, Row, count
from topics.facts import Subject, source_of
from topics.receipts import Completeness, Receipt


@dataclass(slots=True)
class _Tally:
    applied: int = 0
    duplicate: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    def note(self, outcome: Change | str | None) -> None:
        if outcome is None:
            self.duplicate += 1
        elif isinstance(outcome, str):
            self.reasons[outcome] = self.reasons.get(outcome, 0) + 1
        else:
            self.applied += 1


def join(batch: ChangeBatch, rows: list[Row], position: int, memory: Memory) -> Iterator[Effects]:
    """Apply a batch at `position` (its offset in the `facts` partition) and say what follows from it."""
    ledger, place = memory.ledger, Place(position, batch.bucket, batch.produced_at)
    complete, delivered = ledger.newest(batch.resource)[1].complete, ledger.delivered(batch.resource)
    if not ledger.admit(batch):
        yield Effects(_receipt(batch, rows, position, _Tally(duplicate=len(rows)), seen=True))
        return
    replaced = ledger.replace(batch)
    tally = _Tally()
    touched = _apply(batch, rows, memory, tally)
    if replaced:
        for token, changes in touched.items():
            changes += drop_stale(memory.store.subjects[token], batch.resource, batch)
    effects = Effects(_receipt(batch, rows, position, tally), dirty=touched.keys())
    _recheck(touched, place, memory, effects)
    effects.completeness = _completeness(batch, position, ledger, complete)
    yield effects
    if replaced:
        yield from _drop_older_epochs(batch, place, memory)
    if ledger.delivered(batch.resource) and not delivered:
        yield from _end_waits(batch.resource, place, memory)


def _apply(batch: ChangeBatch, rows: list[Row], memory: Memory, tally: _Tally) -> dict[bytes, list[Change]]:
    touched: dict[bytes, list[Change]] = {}
    sources: dict[str, str] = {}
    subjects = memory.store.subjects
    for row in rows:
        source = sources.get(row.field)
        if source is None:
            source = sources[row.field] = source_of(batch.resource, row.field)
        outcome = apply_row(subjects[row.subject], source, row, batch)
        tally.note(outcome)
        if isinstance(outcome, Change):
            touched.setdefault(row.subject, []).append(outcome)
    return touched


def _drop_older_epochs(batch: ChangeBatch, place: Place, memory: Memory) -> Iterator[Effects]:
    """Facts that a whole full run in a new epoch did not send again no longer hold."""
    resource, subjects = batch.resource, memory.store.subjects
    for chunk in memory.chunks(memory.store.everyone()):
        stale = [token for token in chunk if is_stale(subjects[token], resource, batch.epoch)]
        touched = {token: drop_stale(subjects[token], resource, batch) for token in stale}
        effects = Effects(dirty=touched.keys())
        _recheck(touched, place, memory, effects)
        yield effects


def _end_waits(resource: str, place: Place, memory: Memory) -> Iterator[Effects]:
    """The resource is delivered: what it lacks is missing, and whom it does not exempt is not exempt."""
    name = waits_for_resource(resource)
    rules = [rule for rule in memory.rules.waiting if resource in rule.rule.resources]
    for chunk in memory.chunks(memory.store.take(name, name)):
        yield settle_waiting(chunk, rules, place, memory)


def _recheck(touched: dict[bytes, list[Change]], place: Place, memory: Memory, effects: Effects) -> None:
    for token, changes in touched.items():
        subject = memory.store.subjects[token]
        for rule, handle in _affected(subject, changes, memory.rules):
            settle(Check(rule, token, handle, place), subject, memory, effects)


def _affected(subject: Subject, changes: list[Change], rules: RuleSet) -> list[tuple[CompiledRule, str]]:
    """Checks to look at again, in an order that does not hang on how the subject is kept in memory."""
    affected: dict[tuple[str, str], tuple[CompiledRule, str]] = {}
    for change in changes:
        facts = (change.after,) if change.before is None else (change.before, change.after)
        for rule, handle in rules.affected(subject, change.source, change.handle, facts):
            affected[rule.rule.id, handle] = (rule, handle)
    return [affected[check] for check in sorted(affected)]


def _receipt(
    batch: ChangeBatch, rows: list[Row], position: int, tally: _Tally, *, seen: bool = False
) -> Receipt:
    refused = sum(tally.reasons.values())
    return Receipt(
        batch=batch.batch_id,
        department=batch.department,
        resource=batch.resource,
        run=batch.run,
        bucket=batch.bucket,
        status="duplicate" if seen else "applied",
        sent=batch.counts,
        received=count(rows),
        applied=tally.applied,
        duplicate=tally.duplicate,
        refused=refused,
        reasons=tally.reasons,
        position=f"facts[{batch.bucket}]@{position}",
        at=batch.produced_at,
    )


def _completeness(
    batch: ChangeBatch, position: int, ledger: Ledger, was_complete: bool
) -> Completeness | None:
    epoch, stream = ledger.newest(batch.resource)
    if not batch.ends_run and stream.complete == was_complete:
        return None
    return Completeness(
        resource=batch.resource,
        bucket=batch.bucket,
        epoch=epoch,
        complete=stream.complete,
        as_of=stream.as_of,
        missing=stream.missing,
        position=position,
    )
