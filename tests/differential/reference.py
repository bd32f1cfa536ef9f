"""The naive reference: after every record of the log everything is worked out again, day by day and fact by fact.

Rules: imports nothing of matchers, streams or stores; slow and obvious on purpose: a period is the set of its
days, a working day is found by walking there, a batch number is seen or not.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import NamedTuple

import msgspec

from tests.differential.world import BANDS, HORIZON, RUNNING
from topics.batch import ChangeBatch, Row
from topics.calendar import Calendar
from topics.catalog import Condition, EvidenceSource, ExculpatingSource, Rule, Temporal
from topics.control import Control, RuleChange, Tick

Period = tuple[int | None, int | None]
"""First and last day; an unknown first makes the period unknown, no last means it is still running."""
CLEAR, EXPLAINED, OPEN = 0, 1, 2


class Piece(NamedTuple):
    """One piece of evidence, in the words of stores.factbase."""

    resource: str
    field: str
    handle: str
    exculpation: str | None
    absent: bool
    code: str | None
    first: int | None
    last: int | None
    epoch: int
    seq: int


class Said(NamedTuple):
    """What a check comes to."""

    version: int
    trial: bool
    state: int
    anchor: tuple[int, ...]
    evidence: tuple[Piece, ...]
    speaks: tuple[Piece, ...]
    waits: tuple[str, ...]

    @property
    def words(self) -> tuple[object, ...]:
        """What is told of it, fields not being told; a clear check is just clear."""
        if self.state == CLEAR:
            return self.version, self.trial, CLEAR
        evidence = [p._replace(field="") for p in self.evidence]
        speaks = [p._replace(field="", exculpation=None) for p in self.speaks]
        return self.version, self.trial, self.state, self.anchor, evidence, speaks


@dataclass(frozen=True)
class Fact:
    """The newest version of what one record says of one person."""

    version: int
    period: Period
    codes: dict[str, str]
    epoch: int
    seq: int
    live: bool = True


@dataclass
class Epoch:
    """Batch numbers of one epoch of one resource: all, and those that ended a full run."""

    seen: set[int] = field(default_factory=set)
    full: set[int] = field(default_factory=set)

    def whole_up_to(self, number: int) -> bool:
        return all(n in self.seen for n in range(1, number + 1))

    @property
    def delivered(self) -> bool:
        return any(self.whole_up_to(number) for number in self.full)

    @property
    def whole(self) -> bool:
        return bool(self.full) and self.whole_up_to(max(self.seen))


@dataclass
class Reference:
    """One partition, told record by record."""

    facts: dict[tuple[str, str, bytes, str], Fact] = field(default_factory=dict)
    epochs: dict[tuple[str, int], Epoch] = field(default_factory=dict)
    floors: dict[str, int] = field(default_factory=dict)
    words: dict[str, RuleChange] = field(default_factory=dict)
    day: int = 0
    position: int = -1
    said: dict[str, dict[str, tuple[Said, int]]] = field(default_factory=dict)

    def hear(self, record: tuple[ChangeBatch, list[Row]] | Control) -> None:
        """Take in the next record, and work everything out again."""
        self.position += 1
        if isinstance(record, tuple):
            self._batch(*record)
        elif isinstance(record, Tick):
            self.day = max(self.day, record.day.toordinal())
        else:
            self._rule(record)
        for name, change in self.words.items():
            if change.until is not None and change.until.toordinal() < self.day:
                self.words[name] = _suspended(change)
        self._say()

    def _batch(self, batch: ChangeBatch, rows: list[Row]) -> None:
        if batch.epoch < self.floors.get(batch.resource, 0):
            return
        epoch = self.epochs.setdefault((batch.resource, batch.epoch), Epoch())
        if batch.seq in epoch.seen:
            return
        epoch.seen.add(batch.seq)
        if batch.ends_run and batch.mode == "full":
            epoch.full.add(batch.seq)
        for row in rows:
            self._row(row, batch)
        if epoch.whole:
            self._end_older_epochs(batch)

    def _row(self, row: Row, batch: ChangeBatch) -> None:
        place = (batch.resource, row.field, row.subject, row.handle)
        before = self.facts.get(place)
        if before is not None and row.version <= before.version:
            return
        first = row.start.toordinal() if row.start else None
        last = row.end.toordinal() if row.end else None
        self.facts[place] = Fact(
            row.version, (first, last), row.codes, batch.epoch, batch.seq, live=row.op != "d"
        )

    def _end_older_epochs(self, batch: ChangeBatch) -> None:
        self.floors[batch.resource] = batch.epoch
        for resource, epoch in list(self.epochs):
            if resource == batch.resource and epoch < batch.epoch:
                del self.epochs[resource, epoch]
        for place, fact in self.facts.items():
            if place[0] == batch.resource and fact.epoch < batch.epoch:
                self.facts[place] = replace(fact, live=False)

    def _rule(self, change: RuleChange) -> None:
        last = self.words.get(change.rule.id)
        if last is not None and change.rule.version < last.rule.version:
            return
        if last is not None and change.rule.version == last.rule.version:
            further = _reach(change) > _reach(last)
            if not further and (change.force, change.until) == (last.force, last.until):
                return
            change = change if further else msgspec.structs.replace(change, calendar=last.calendar)
        self.words[change.rule.id] = change

    def delivered(self, resource: str) -> bool:
        """Whether some epoch of a resource that still counts holds a full run without a gap."""
        return any(epoch.delivered for (name, _), epoch in self.epochs.items() if name == resource)

    def _say(self) -> None:
        """Compare what every check comes to with what was last said; what is new is said here."""
        for rule_id, change in self.words.items():
            said = self.said.get(rule_id, {})
            found = {} if change.force == "suspended" else dict(self._checks(change))
            self.said[rule_id] = {
                name: (
                    now,
                    said[name][1] if name in said and said[name][0].words == now.words else self.position,
                )
                for name, now in found.items()
            }

    def _checks(self, change: RuleChange) -> Iterator[tuple[str, Said]]:
        rule = change.rule
        for (resource, name, subject, handle), fact in self.facts.items():
            if (
                (resource, name) == (rule.anchor, rule.anchor_subject)
                and fact.live
                and _fits(rule.anchor_where, fact)
            ):
                text = f"{rule.id}\x1f{rule.anchor}\x1f{handle}\x1f{subject.hex()}"
                asked = _Asked(self, change, subject, handle, fact)
                yield hashlib.sha256(text.encode()).hexdigest()[:32], asked.said()


@dataclass(frozen=True)
class _Asked:
    """One check at one moment."""

    world: Reference
    change: RuleChange
    subject: bytes
    handle: str
    anchor: Fact

    def said(self) -> Said:
        rule = self.change.rule
        speaks = [p for source in rule.exculpations for p, _ in self.found(source)]
        waits: list[str] = []
        state, evidence = self.missing(speaks, waits) if rule.kind == "missing" else self.counted(speaks)
        silent = {s.resource: s for s in rule.exculpations if not self.world.delivered(s.resource)}
        if state == OPEN and silent:
            state, evidence, waits = CLEAR, [], [f"resource:{resource}" for resource in silent]
        anchor = (*_shown(self.anchor.period), self.anchor.epoch, self.anchor.seq)
        told = sorted(speaks, key=lambda p: p[:3]) if state else []
        trial, found = self.change.force == "trial", tuple(sorted(evidence))
        return Said(rule.version, trial, state, anchor, found, tuple(told), tuple(waits))

    def found(self, source: EvidenceSource | ExculpatingSource) -> Iterator[tuple[Piece, Fact]]:
        """Facts of a source that count beside the anchor."""
        calendar = self.change.calendar or Calendar()
        for (resource, name, subject, handle), fact in self.world.facts.items():
            there = (resource, name, subject) == (source.resource, source.subject_field, self.subject)
            may_count = there and fact.live and self._may_count(source, handle, fact)
            if may_count and counts(source, calendar, self.anchor, fact):
                yield _piece(source, handle, fact), fact

    def _may_count(self, source: EvidenceSource | ExculpatingSource, handle: str, fact: Fact) -> bool:
        """A record says nothing against itself; of two alike the one that began first stands."""
        rule = self.change.rule
        if (source.resource, source.subject_field) != (rule.anchor, rule.anchor_subject):
            return True
        if rule.kind == "duplicate" and isinstance(source, EvidenceSource):
            theirs, ours = _shown(fact.period)[0], _shown(self.anchor.period)[0]
            return theirs < ours or (theirs == ours and handle < self.handle)
        return handle != self.handle

    def counted(self, speaks: list[Piece]) -> tuple[int, list[Piece]]:
        """Conflict, mismatch, duplicate, threshold: enough is there, and enough that nothing speaks against."""
        reaches = self._mark()
        found = [pair for source in self.change.rule.evidence for pair in self.found(source)]
        if not reaches(found):
            return CLEAR, []
        free = [(piece, fact) for piece, fact in found if piece.exculpation is None]
        state = OPEN if not speaks and reaches(free) else EXPLAINED
        return state, [piece for piece, _ in found]

    def _mark(self) -> Callable[[list[tuple[Piece, Fact]]], bool]:
        rule, threshold = self.change.rule, self.change.rule.threshold
        if rule.kind == "duplicate":
            return lambda found: len(found) >= rule.allowed
        if threshold is None:
            return lambda found: len({(p.resource, p.field) for p, _ in found}) >= rule.require
        line = threshold.line
        if threshold.anchor is not None:
            upper = BANDS.get(self.anchor.codes.get(threshold.anchor, ""), (0, None))[1]
            if upper is None:
                return lambda found: False
            line += upper
        if threshold.measure == "count":
            return lambda found: len(found) > 0 and len(found) >= line
        return lambda found: len(found) > 0 and sum(_lower_edge(rule, p, f) for p, f in found) >= line

    def missing(self, speaks: list[Piece], waits: list[str]) -> tuple[int, list[Piece]]:
        """What should be there by a day, is not, and would be known if it were; or what to wait for."""
        rule, deadline = self.change.rule, self.change.rule.deadline
        assert deadline is not None
        first, last = self.anchor.period
        edge = first if deadline.edge == "start" else last
        if first is None or edge is None:
            return CLEAR, []
        in_time = _walk(edge, deadline.size, deadline.unit, self.change.calendar or Calendar(), 1)
        absent = [source for source in rule.evidence if not list(self.found(source))]
        if len(rule.evidence) - len(absent) >= rule.require:
            return CLEAR, []
        if self.world.day <= max(in_time):
            waits.append(f"day:{max(in_time) + 1:07}")
            return CLEAR, []
        perhaps = [source.resource for source in absent if not self.world.delivered(source.resource)]
        if len(rule.evidence) - len(absent) + len(perhaps) >= rule.require:
            waits += [f"resource:{resource}" for resource in dict.fromkeys(perhaps)]
            return CLEAR, []
        pieces = [Piece(s.resource, s.subject_field, "", None, True, None, None, None, 0, 0) for s in absent]
        return EXPLAINED if speaks else OPEN, pieces


def _reach(change: RuleChange) -> int:
    return max((*change.calendar.off, *change.calendar.worked), default=0) if change.calendar else 0


def _suspended(change: RuleChange) -> RuleChange:
    return RuleChange(
        change.rule, "suspended", change.until, change.calendar, change.reason, change.by, change.at
    )


def counts(source: EvidenceSource | ExculpatingSource, calendar: Calendar, anchor: Fact, fact: Fact) -> bool:
    """What the two records say to each other, whoever they are: period, codes, the compared attribute."""
    when = related(source.temporal, calendar, anchor.period, fact.period)
    compare = source.compare if isinstance(source, EvidenceSource) else None
    if not when or not _fits(source.where, fact) or compare is None:
        return when and _fits(source.where, fact)
    ours, theirs = anchor.codes.get(compare.anchor), fact.codes.get(compare.evidence)
    if ours is None or theirs is None:
        return False
    means_the_same = compare.agree.get(ours, {ours})
    return (theirs in means_the_same) if compare.hit == "same" else (theirs not in means_the_same)


def _fits(where: tuple[Condition, ...], fact: Fact) -> bool:
    return all(c.attribute in fact.codes and fact.codes[c.attribute] in c.values for c in where)


def _lower_edge(rule: Rule, piece: Piece, fact: Fact) -> int:
    (source,) = (s for s in rule.evidence if (s.resource, s.subject_field) == (piece.resource, piece.field))
    return BANDS.get(fact.codes.get(source.amount or "", ""), (0, None))[0]


def _piece(source: EvidenceSource | ExculpatingSource, handle: str, fact: Fact) -> Piece:
    if isinstance(source, EvidenceSource):
        fallen = [e.code for e in source.exculpations if fact.codes.get(e.attribute) in e.values]
        exculpation = fallen[0] if fallen else None
        code = fact.codes.get(source.discloses) if source.discloses else None
    else:
        exculpation, code = source.code, None
    about = (*_shown(fact.period), fact.epoch, fact.seq)
    return Piece(source.resource, source.subject_field, handle, exculpation, False, code, *about)


def _shown(period: Period) -> tuple[int, int]:
    first, last = period
    return (1, 0) if first is None else (first, RUNNING if last is None else last)


@lru_cache(maxsize=100_000)
def days(period: Period) -> frozenset[int]:
    """Every day of a period, as far as days are written; none of one that is unknown."""
    first, last = period
    return frozenset() if first is None else frozenset(range(first, (last or HORIZON) + 1))


_SHARING = {
    (-1, -1): "overlaps",
    (0, -1): "starts",
    (1, -1): "during",
    (1, 0): "finishes",
    (0, 0): "equals",
    (-1, 0): "finished_by",
    (-1, 1): "contains",
    (0, 1): "started_by",
    (1, 1): "overlapped_by",
}
"""Of two periods with a day in common: does the evidence begin and end earlier (-1), with, or later (1)?"""


@lru_cache(maxsize=100_000)
def relation(ours: Period, theirs: Period) -> str | None:
    """Allen's relation of the evidence to the anchor."""
    a, e = days(ours), days(theirs)
    if not a or not e:
        return None
    if a & e:
        begins, ends = min(e) - min(a), max(e) - max(a)
        return _SHARING[(begins > 0) - (begins < 0), (ends > 0) - (ends < 0)]
    if max(e) < min(a):
        return "before" if any(day not in e for day in range(min(e), min(a))) else "meets"
    return "after" if any(day not in a for day in range(min(a), min(e))) else "met_by"


def related(temporal: Temporal, calendar: Calendar, ours: Period, theirs: Period) -> bool:
    if relation(ours, theirs) not in temporal.relations:
        return False
    if temporal.days > 1 and len(days(ours) & days(theirs)) < temporal.days:
        return False
    window = temporal.window
    if window is None:
        return True
    edge = ours[0] if window.edge == "start" else ours[1]
    if edge is None:
        return False
    within = {edge}
    if window.side != "before":
        within |= _walk(edge, window.size, window.unit, calendar, 1)
    if window.side != "after":
        within |= _walk(edge, window.size, window.unit, calendar, -1)
    return theirs[0] in within


@lru_cache(maxsize=100_000)
def _walk(day: int, size: int, unit: str, calendar: Calendar, way: int) -> frozenset[int]:
    """Every day that is passed, `day` included, until `size` days (working days) have gone by."""
    passed, left = [day], size
    while left:
        day += way
        passed.append(day)
        if unit == "days" or _works(day, calendar):
            left -= 1
    return frozenset(passed)


def _works(day: int, calendar: Calendar) -> bool:
    return day in calendar.worked or ((day - 1) % 7 < 5 and day not in calendar.off)
