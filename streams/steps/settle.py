"""Settle one check: compare its outcome with what was last said of it, and say what changed.

Rules: nothing is said twice; a rule on trial says nothing but trial alerts; what is withdrawn was said before.
Must not know: why the check is looked at again.
"""

from collections.abc import Iterable

from matchers.rules.compiled import CompiledRule
from streams.steps.disclose import ALERT_STATE, VERDICT, Check, Place, alerts, digest, result
from streams.steps.memory import Effects, Memory
from topics.alerts import Alert, Verdict
from topics.facts import Fact, Outcome, State, Subject

_NOTHING_LEFT = Fact(0, 1, 0, {}, 0, 0, live=False)


def settle_all(
    token: bytes, rules: Iterable[CompiledRule], place: Place, memory: Memory, effects: Effects
) -> bool:
    """Settle every check of some rules on one subject that is at hand; whether that changed the subject."""
    subject, changed = memory.store.subjects[token], False
    for rule in rules:
        for handle in list(subject.facts.get(rule.anchor, ())):
            changed |= settle(Check(rule, token, handle, place), subject, memory, effects)
    return changed


def settle_waiting(
    tokens: Iterable[bytes], rules: Iterable[CompiledRule], place: Place, memory: Memory
) -> Effects:
    """Settle the checks of rules that may wait, on subjects that do no longer: most find that they wait on."""
    effects = Effects()
    effects.dirty = [token for token in tokens if settle_all(token, rules, place, memory, effects)]
    return effects


def settle(check: Check, subject: Subject, memory: Memory, effects: Effects) -> bool:
    """Evaluate a check and say what is new, if anything is: whether it was.

    A record that is no anchor (any more) has its check withdrawn.
    """
    rule, handle = check.rule, check.handle
    anchors = subject.facts.get(rule.anchor)
    anchor = anchors.get(handle) if anchors else None
    if anchor is None or not rule.asks(anchor):
        return withdraw(check, subject, memory, effects)
    judgement = rule.evaluate(subject, handle, anchor, memory.moment)
    for name in judgement.waits:
        memory.store.wait(name, check.token)
    outcomes = subject.outcomes.setdefault(rule.rule.id, {})
    before, state = outcomes.get(handle), judgement.state
    clear = state is State.CLEAR
    outcome = rule.clear if clear else Outcome(int(state), digest(check, anchor, judgement))
    if outcome == before:
        return False
    outcomes[handle] = outcome
    _result(check, VERDICT[state], effects)
    if not clear or (before is not None and before.state != State.CLEAR):
        effects.alerts += alerts(check, anchor, ALERT_STATE[state], judgement, memory.ledger)
    return True


def withdraw(check: Check, subject: Subject, memory: Memory, effects: Effects) -> bool:
    """Take back what was said of a check, if anything was: whether it was."""
    outcomes = subject.outcomes.get(check.rule.rule.id, {})
    before = outcomes.pop(check.handle, None)
    if before is None:
        return False
    _result(check, "withdrawn", effects)
    if before.state != State.CLEAR:
        effects.alerts += withdrawn(check, subject, memory)
    return True


def withdrawn(check: Check, subject: Subject, memory: Memory) -> list[Alert]:
    """The alert taken back, for each department that was told."""
    anchor = subject.facts.get(check.rule.anchor, {}).get(check.handle, _NOTHING_LEFT)
    return alerts(check, anchor, "withdrawn", None, memory.ledger)


def _result(check: Check, verdict: Verdict, effects: Effects) -> None:
    if not check.rule.trial:
        effects.results.append(result(check, verdict))
