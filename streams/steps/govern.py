"""The steps of time and of rules: what a new business date, or a rule that comes into force or leaves it, causes.

Rules: everything a tick or a rule change causes happens at its own position in `facts`, so that a replay says
the same there; a rule that is suspended withdraws what it asked, since nobody may act on it any more.
Must not know: who ticks, who activates rules.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from matchers.rules.compiled import CompiledRule
from matchers.rules.judge import waits_for_day
from streams.steps.disclose import Check, Place
from streams.steps.memory import Effects, Memory
from streams.steps.settle import settle_all, settle_waiting, withdraw, withdrawn
from topics.control import Control, RuleChange, RuleEvent, Tick
from topics.facts import State, Subject


def govern(control: Control, position: int, bucket: int, memory: Memory) -> Iterator[Effects]:
    """Apply a tick or a rule change at `position` of partition `bucket`."""
    place = Place(position, bucket, control.at)
    if isinstance(control, Tick):
        yield from _tick(control, place, memory)
    elif memory.book.takes(control):
        yield from _change(memory.book.as_of_today(control), place, memory)


def _tick(tick: Tick, place: Place, memory: Memory) -> Iterator[Effects]:
    day = tick.day.toordinal()
    if day <= memory.book.day:
        return
    memory.book.day = day
    for change in memory.book.expired():
        yield from _change(change, place, memory)
    rules = [rule for rule in memory.rules.waiting if rule.rule.deadline]
    for chunk in memory.chunks(memory.store.take(waits_for_day(0), waits_for_day(day))):
        yield settle_waiting(chunk, rules, place, memory)


def _change(change: RuleChange, place: Place, memory: Memory) -> Iterator[Effects]:
    old = memory.rules.rules.get(change.rule.id)
    memory.book.changes[change.rule.id] = change
    new = memory.book.compiled(change.rule.id)
    memory.rules = memory.rules.turned(change.rule.id, new)
    if place.bucket == 0:
        yield Effects(events=[_event(change, place, memory)])
    turn = _Turn(*_parting(old, new), new)
    for chunk in memory.chunks(memory.store.everyone()):
        effects = Effects(dirty=[token for token in chunk if turn.concerns(memory.store.subjects[token])])
        for token in effects.dirty:
            _turn(token, turn, place, memory, effects)
        yield effects


@dataclass(frozen=True, slots=True)
class _Turn:
    """`gone`: the rule whose checks are withdrawn; `untold`: told to departments that are told no more."""

    gone: CompiledRule | None
    untold: CompiledRule | None
    new: CompiledRule | None

    def concerns(self, subject: Subject) -> bool:
        """Whether a subject has anything to do with the turn."""
        rules = (self.gone, self.untold, self.new)
        return any(rule is not None and rule.anchor in subject.facts for rule in rules)


def _parting(
    old: CompiledRule | None, new: CompiledRule | None
) -> tuple[CompiledRule | None, CompiledRule | None]:
    """What of the old rule does not live on in the new one."""
    if old is None:
        return None, None
    if new is None or (old.rule.anchor, old.trial) != (new.rule.anchor, new.trial):
        return old, None
    left = {name: f for name, f in old.rule.disclosure.items() if name not in new.rule.disclosure}
    untold = replace(old, rule=replace(old.rule, disclosure=left)) if left else None
    return (None if old.anchor == new.anchor else old), untold


def _turn(token: bytes, turn: _Turn, place: Place, memory: Memory, effects: Effects) -> None:
    if turn.gone is not None:
        _withdraw_all(token, turn.gone, turn.new, place, memory, effects)
    if turn.untold is not None:
        _untell(token, turn.untold, place, memory, effects)
    if turn.new is not None:
        settle_all(token, (turn.new,), place, memory, effects)


def _withdraw_all(
    token: bytes, rule: CompiledRule, new: CompiledRule | None, place: Place, memory: Memory, effects: Effects
) -> None:
    """All checks but those that the new rule asks under the same name: they are said once, when it is settled."""
    subject = memory.store.subjects[token]
    same = new is not None and (rule.rule.anchor, rule.trial) == (new.rule.anchor, new.trial)
    kept = subject.facts.get(new.anchor, {}) if new is not None and same else {}
    for handle in list(subject.outcomes.get(rule.rule.id, ())):
        if handle not in kept:
            check = Check(rule, token, handle, place)
            withdraw(check, subject, memory, effects)
    if not kept:
        subject.outcomes.pop(rule.rule.id, None)


def _untell(token: bytes, rule: CompiledRule, place: Place, memory: Memory, effects: Effects) -> None:
    """Departments that are told no more see their alerts withdrawn; the checks themselves live on."""
    subject = memory.store.subjects[token]
    for handle, outcome in subject.outcomes.get(rule.rule.id, {}).items():
        if outcome.state != State.CLEAR:
            check = Check(rule, token, handle, place)
            effects.alerts += withdrawn(check, subject, memory)


def _event(change: RuleChange, place: Place, memory: Memory) -> RuleEvent:
    return RuleEvent(
        rule=change.rule.id,
        version=change.rule.version,
        department=change.rule.department,
        force=change.force,
        reason=change.reason,
        day=date.fromordinal(memory.book.day) if memory.book.day else None,
        by=change.by,
        position=place.position,
        at=place.at,
        declared=change.rule,
    )
