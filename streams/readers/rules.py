"""What became of every rule, and how it does: read from the log, laid beside what the catalog declares.

Rules: the audit topic says what is in force (bucket 0 says it once for all); alerts and decisions say how a rule
does, by version; without a log there is only the declaration. Must not know: screens.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import date

import msgspec

from streams.readers import current
from streams.readers.decide import Precision, precision
from streams.steps.rulebook import Rulebook
from streams.transport.port import Log
from topics.alerts import Alert
from topics.catalog import Catalog, Rule
from topics.codec import decode
from topics.control import Control, RuleChange, RuleEvent, Tick, control_of
from topics.names import AUDIT, FACTS
from topics.records import StoredRecord

_RULE_EVENT = ("ce_type", b"crosscheck.ruleevent.v1")


@dataclass(frozen=True, slots=True)
class Tally:
    """Alerts of one version of a rule, cases and on trial, and how often officers confirmed."""

    open: int
    explained: int
    trial_open: int
    trial_explained: int
    precision: Precision


NOTHING = Tally(0, 0, 0, 0, precision(()))


@dataclass(frozen=True, slots=True)
class Standing:
    """One rule. `declared`: by the catalog; `event`: the last that became of it in the log."""

    declared: Rule | None
    event: RuleEvent | None
    tally: Tally
    until: date | None

    @property
    def drifted(self) -> bool:
        """Whether the catalog declares the version in force with other words: what it says now is not in force."""
        return bool(self.declared and self.event and self.declared.drifted_from(self.event.declared))

    @property
    def rule(self) -> Rule:
        """As it is in force, else as declared."""
        found = self.event.declared if self.event else self.declared
        assert found is not None  # one of the two
        return found


async def standings(log: Log | None, catalog: Catalog) -> list[Standing]:
    """Every rule that the catalog declares or the log knows, by id."""
    known = await events(log) if log is not None else {}
    tallies: dict[tuple[str, int], Tally] = {}
    for department in sorted({e.department for e in known.values()}):
        assert log is not None  # or nothing is known
        tallies |= await _tallies(
            log, department, {e.rule for e in known.values() if e.department == department}
        )
    return [
        _standing(catalog, catalog.rules.get(name), known.get(name), tallies)
        for name in sorted({*catalog.rules, *known})
    ]


def _standing(
    catalog: Catalog,
    declared: Rule | None,
    event: RuleEvent | None,
    tallies: Mapping[tuple[str, int], Tally],
) -> Standing:
    place = (event.rule, event.version) if event else None
    tally = tallies.get(place, NOTHING) if place else NOTHING
    rule = event.declared if event else declared
    return Standing(declared, event, tally, catalog.valid_until(rule) if rule else None)


async def events(log: Log) -> dict[str, RuleEvent]:
    """The last that became of each rule; a new term leaves it as it was: since when, why and by whom."""
    newest: dict[str, RuleEvent] = {}
    async for chunk in log.read(AUDIT):
        for record in chunk:
            if _RULE_EVENT in record.headers:
                event = decode(record.value, RuleEvent, where=record.place)
                before = newest.get(event.rule)
                if before is None or before.position <= event.position:
                    newest[event.rule] = _in_force(before, event)
    return newest


def _in_force(before: RuleEvent | None, event: RuleEvent) -> RuleEvent:
    if event.reason != "term" or before is None or before.version != event.version:
        return event
    return msgspec.structs.replace(event, reason=before.reason, by=before.by, at=before.at)


async def _tallies(log: Log, department: str, own: Set[str]) -> dict[tuple[str, int], Tally]:
    """By version of the department's own rules; a decision counts for the version that it was made on."""
    cases = _states((await current.alerts(log, department)).values(), own)
    trials = _states((await current.alerts(log, department, trial=True)).values(), own)
    decided = [d for d in (await current.dispositions(log, department)).values() if d.rule in own]
    versions = {(d.rule, d.rule_version) for d in decided} | {place[:2] for place in (*cases, *trials)}
    return {
        version: Tally(
            open=cases[*version, "open"],
            explained=cases[*version, "explained"],
            trial_open=trials[*version, "open"],
            trial_explained=trials[*version, "explained"],
            precision=precision(d.decision for d in decided if (d.rule, d.rule_version) == version),
        )
        for version in versions
    }


def _states(alerts: Iterable[Alert], own: Set[str]) -> Counter[tuple[str, int, str]]:
    return Counter((alert.rule, alert.rule_version, alert.state) for alert in alerts if alert.rule in own)


async def newest_day(log: Log) -> date | None:
    """The business date that partition 0 was last told; None before the first tick. Reads that partition whole."""
    newest: date | None = None
    async for control in _controls(log):
        if isinstance(control, Tick) and (newest is None or control.day > newest):
            newest = control.day
    return newest


async def last_word(log: Log, rule: str) -> RuleChange | None:
    """What a rule is as partition 0 was last told, whether or not a worker has taken it; reads that partition whole."""
    book = Rulebook()
    async for control in _controls(log):
        if isinstance(control, Tick):
            book.day = max(book.day, control.day.toordinal())
            book.changes.update((change.rule.id, change) for change in book.expired())
        elif control.rule.id == rule and book.takes(control):
            book.changes[rule] = book.as_of_today(control)
    return book.changes.get(rule)


async def _controls(log: Log) -> AsyncIterator[Control]:
    """The controls of partition 0, which all partitions hear."""
    ends = await log.ends(FACTS)
    async for chunk in log.read(FACTS, {number: end for number, end in ends.items() if number}):
        for record in chunk:
            control = _control_at_home(record)
            if control is not None:
                yield control


def _control_at_home(record: StoredRecord) -> Control | None:
    return control_of(record) if record.partition == 0 else None
