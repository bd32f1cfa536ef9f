"""The three engines at work on one history, and what each says in the end, in the same words.

    stream (streams.steps, record by record) | sql (fact base and query) | reference (naive)

Rule: nothing is decided here; a difference between two of them is a finding.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from matchers.rules.compiled import CompiledRule
from matchers.rules.source import Found
from stores.factbase import FactBase
from streams.readers.facts import Gathering, evaluate, standing
from streams.steps.govern import govern
from streams.steps.ledger import Ledger
from streams.steps.memory import Effects, Memory
from streams.steps.rulebook import Rulebook
from tests.differential.histories import History, Record
from tests.differential.reference import Piece, Reference
from tests.streams.steps.world import Machine, Shelf
from topics.alerts import Alert, Result, check_id
from topics.catalog import EvidenceSource, ExculpatingSource
from topics.control import Control
from topics.facts import Fact


class Check(NamedTuple):
    """What one engine says of one check in the end."""

    state: int
    version: int
    trial: bool
    anchor: tuple[int, ...]
    evidence: tuple[Piece, ...]
    speaks: tuple[Piece, ...]


Checks = dict[str, tuple[Check, int]]
"""By check id: the outcome, and the revision it stands at."""


@cache
def shared_base() -> FactBase:
    """One fact base for all examples: to open one takes longer than to use it."""
    return FactBase.create(threads=1)


class Partition(Machine):
    """Partition 0, which also says what became of rules."""

    def govern(self, control: Control) -> Effects:
        """Apply a tick or a rule change at the next position."""
        return self._take(govern(control, self.position, 0, self.memory))


def machine_of() -> Machine:
    """A partition without any rule."""
    return Partition(Memory.of(Shelf(), Ledger(), Rulebook()))


def feed(machine: Machine, record: Record) -> Effects:
    """The next record of a partition."""
    return machine.feed(*record) if isinstance(record, tuple) else machine.govern(record)


def stream(history: History) -> Machine:
    """A partition that has heard everything."""
    machine = machine_of()
    for record in history.records:
        feed(machine, record)
    return machine


def reference(history: History) -> Reference:
    """The naive reference, having heard everything."""
    naive = Reference()
    for record in history.records:
        naive.hear(record)
    return naive


def fill(histories: Sequence[History]) -> FactBase:
    """The shared fact base with each history in a partition of its own."""
    base = shared_base()
    base.clear()
    gathering = Gathering(base)
    for bucket, history in enumerate(histories):
        for position, record in enumerate(history.records):
            if isinstance(record, tuple):
                gathering.join(bucket, position, *record)
            else:
                gathering.govern(bucket, position, record)
    gathering.finish()
    return base


def of_reference(naive: Reference, rule: str) -> Checks:
    """What the reference says."""
    return {
        name: (
            Check(s.state, s.version, s.trial, s.anchor, s.evidence if s.state else (), s.speaks),
            revision,
        )
        for name, (s, revision) in naive.said.get(rule, {}).items()
    }


def of_sql(base: FactBase, rule: str, count: int) -> list[Checks]:
    """What DuckDB says, by partition."""
    found: list[Checks] = [{} for _ in range(count)]
    for one in standing(base, rule):
        c = one.checked
        anchor = (c.first, c.last, c.epoch, c.seq)
        evidence, speaks = ((*map(Piece._make, pieces),) for pieces in (c.evidence, c.speaks))
        found[c.bucket][c.check_id] = (
            Check(c.state, one.version, one.trial, anchor, evidence, speaks),
            one.revision,
        )
    return found


def at_rest(base: FactBase, rule: CompiledRule, count: int) -> list[dict[str, Check]]:
    """What DuckDB says of a rule without its history, by partition."""
    found: list[dict[str, Check]] = [{} for _ in range(count)]
    for c in evaluate(base, rule):
        evidence, speaks = ((*map(Piece._make, pieces),) for pieces in (c.evidence, c.speaks))
        anchor = (c.first, c.last, c.epoch, c.seq)
        version, trial = rule.rule.version, rule.trial
        found[c.bucket][c.check_id] = Check(c.state, version, trial, anchor, evidence, speaks)
    return found


@dataclass
class Told:
    """What departments hold in the end: the newest of each alert and result, as readers keep them."""

    alerts: dict[tuple[str, str, bool], Alert] = field(default_factory=dict)
    results: dict[str, Result] = field(default_factory=dict)

    @classmethod
    def by(cls, machine: Machine) -> "Told":
        """Everything that a partition said; no revision is ever said twice of a check to one reader."""
        told = cls()
        for effects in machine.said:
            for alert in effects.alerts:
                key = (alert.alert_id, alert.department, alert.trial)
                assert key not in told.alerts or alert.revision > told.alerts[key].revision
                told.alerts[key] = alert
            for result in effects.results:
                before = told.results.get(result.check_id)
                assert before is None or result.revision > before.revision
                told.results[result.check_id] = result
        return told


def of_stream(machine: Machine, rule: str) -> dict[str, tuple[Check, tuple[str, ...]]]:
    """What the stream's own state comes to, and waits for; that this was said, and when, is for Told to show."""
    compiled = machine.memory.rules.rules.get(rule)
    return dict(_stored(machine, compiled)) if compiled else {}


def _stored(machine: Machine, compiled: CompiledRule) -> Iterator[tuple[str, tuple[Check, tuple[str, ...]]]]:
    rule = compiled.rule
    for token, subject in machine.memory.store.subjects.items():
        for handle, outcome in subject.outcomes.get(rule.id, {}).items():
            anchor = subject.facts[compiled.anchor][handle]
            said = compiled.evaluate(subject, handle, anchor, machine.memory.moment)
            assert said.state == outcome.state
            pieces = ((*map(piece_of, found),) for found in (said.found, said.speaks))
            about = (anchor.start, anchor.end, anchor.epoch, anchor.seq)
            name = check_id(rule.id, rule.anchor, handle, token)
            waits = tuple(said.waits)
            assert all((wait, token) in machine.memory.store.waits for wait in waits)
            yield name, (Check(said.state, rule.version, compiled.trial, about, *pieces), waits)


def piece_of(found: Found) -> Piece:
    """What the evaluator found, in the words of the others."""
    source, fact = found.source, found.fact or Fact(0, 0, 0, {}, 0, 0)
    code = found.exculpation
    shown = None
    if isinstance(source, ExculpatingSource):
        code = source.code
    elif isinstance(source, EvidenceSource) and source.discloses:
        shown = fact.codes.get(source.discloses)
    period = (fact.start, fact.end) if found.fact else (None, None)
    absent = found.fact is None
    return Piece(
        source.resource,
        source.subject_field,
        found.handle,
        code,
        absent,
        shown,
        *period,
        fact.epoch,
        fact.seq,
    )
