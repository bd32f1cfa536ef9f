"""The join step: one admitted batch in, alert revisions, results and a receipt out.

`join(batch, rows, position, memory, rules)` changes `memory` in place and returns what must be said. It is a
function of its arguments alone: replaying the same `facts` log says the same, to the byte.
Must not know: topics, brokers, disks, clocks.
"""

from collections.abc import Callable, Iterable, MutableMapping
from dataclasses import dataclass, field

from matchers.rules.conflict import ConflictRule, RuleSet
from streams.steps.apply import Change, apply_row, drop_stale, is_stale
from streams.steps.disclose import ALERT_STATE, VERDICT, Check, alert, digest, result
from streams.steps.ledger import Ledger
from topics.alerts import Alert, Result
from topics.batch import ChangeBatch, Row, count
from topics.facts import Outcome, State, Subject, source_of
from topics.receipts import Completeness, Receipt


@dataclass(slots=True)
class Memory:
    """What one partition remembers: the subjects a batch touches (loaded by the caller) and the ledger.

    `select` loads every subject that a predicate holds for, on disk too; their tokens.
    """

    subjects: MutableMapping[bytes, Subject]
    ledger: Ledger
    select: Callable[[Callable[[Subject], bool]], Iterable[bytes]]


@dataclass(slots=True)
class Effects:
    """What one batch causes. `dirty`: subjects the caller must save."""

    receipt: Receipt
    alerts: list[Alert] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    completeness: Completeness | None = None
    dirty: Iterable[bytes] = ()


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


def join(batch: ChangeBatch, rows: list[Row], position: int, memory: Memory, rules: RuleSet) -> Effects:
    """Apply a batch at `position` (its offset in the `facts` partition) and say what follows from it."""
    before = memory.ledger.newest(batch.resource)[1].complete
    if not memory.ledger.admit(batch):
        return Effects(_receipt(batch, rows, position, _Tally(duplicate=len(rows)), seen=True))
    tally = _Tally()
    touched = _apply(batch, rows, memory, tally)
    if memory.ledger.replace(batch):
        _drop_older_epochs(batch, memory, touched)
    effects = Effects(_receipt(batch, rows, position, tally), dirty=touched.keys())
    for token, changes in touched.items():
        _recheck(token, changes, batch, position, memory, rules, effects)
    effects.completeness = _completeness(batch, position, memory.ledger, before)
    return effects


def _apply(batch: ChangeBatch, rows: list[Row], memory: Memory, tally: _Tally) -> dict[bytes, list[Change]]:
    touched: dict[bytes, list[Change]] = {}
    sources: dict[str, str] = {}
    for row in rows:
        source = sources.get(row.field)
        if source is None:
            source = sources[row.field] = source_of(batch.resource, row.field)
        outcome = apply_row(memory.subjects[row.subject], source, row, batch)
        tally.note(outcome)
        if isinstance(outcome, Change):
            touched.setdefault(row.subject, []).append(outcome)
    return touched


def _drop_older_epochs(batch: ChangeBatch, memory: Memory, touched: dict[bytes, list[Change]]) -> None:
    """Facts that a whole full run in a new epoch did not send again no longer hold."""
    resource, epoch = batch.resource, batch.epoch
    for token in sorted(memory.select(lambda subject: is_stale(subject, resource, epoch))):
        touched.setdefault(token, []).extend(drop_stale(memory.subjects[token], resource, batch))


def _recheck(
    token: bytes,
    changes: list[Change],
    batch: ChangeBatch,
    position: int,
    memory: Memory,
    rules: RuleSet,
    effects: Effects,
) -> None:
    subject = memory.subjects[token]
    for rule, handle in _affected(subject, changes, rules):
        check = Check(rule, token, handle, position, batch.bucket, batch.produced_at)
        _settle(check, subject, memory.ledger, effects)


def _affected(subject: Subject, changes: list[Change], rules: RuleSet) -> list[tuple[ConflictRule, str]]:
    affected: dict[tuple[str, str], tuple[ConflictRule, str]] = {}
    for change in changes:
        facts = (change.after,) if change.before is None else (change.before, change.after)
        for rule in rules.by_source.get(change.source, ()):
            for handle in rule.affected(subject, change.source, change.handle, facts):
                affected[rule.rule.id, handle] = (rule, handle)
    return list(affected.values())


def _settle(check: Check, subject: Subject, ledger: Ledger, effects: Effects) -> None:
    """Compare a check's outcome with what was last said of it, and say what changed."""
    outcomes = subject.outcomes.setdefault(check.rule.rule.id, {})
    before = outcomes.get(check.handle)
    alerted = before is not None and before.state != State.CLEAR
    anchor = subject.facts[check.rule.anchor][check.handle]
    if not anchor.live:
        if before is not None:
            del outcomes[check.handle]
            effects.results.append(result(check, "withdrawn"))
        if alerted:
            effects.alerts.append(alert(check, anchor, "withdrawn", (), ledger))
        return
    state, found = check.rule.evaluate(subject, anchor)
    outcome = Outcome(int(state), digest(check, anchor, state, found))
    if outcome == before:
        return
    outcomes[check.handle] = outcome
    effects.results.append(result(check, VERDICT[state]))
    if alerted or state is not State.CLEAR:
        effects.alerts.append(alert(check, anchor, ALERT_STATE[state], found, ledger))


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
