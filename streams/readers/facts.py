"""The hub's own fact log as a fact base, and what rules say of it: DuckDB's answer beside the stream's.

    gather_facts (log -> fact base) -> evaluate (one rule at rest) | standing (and its revisions, as they must be)

Rules: batches are told new from repeated, and replaced epochs from current ones, by the same ledger as in the
stream; rules come into force by the same rulebook; what a rule makes of facts is SQL's alone.
Must not know: the command line, state folders.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from matchers.rules.compiled import CompiledRule
from matchers.rules.sql import calendar_name, outcomes_sql
from stores.factbase import Checked, FactBase, Standing, moments
from streams.steps.ledger import Ledger
from streams.steps.rulebook import Rulebook
from streams.transport.port import Log
from topics.batch import ChangeBatch, Row, decode_batch, decode_rows
from topics.calendar import Calendar
from topics.catalog import Rule
from topics.codec import decode
from topics.control import Control, RuleChange, Tick, control_of
from topics.errors import ContractError, DepartmentDataError
from topics.names import FACTS
from topics.records import StoredRecord

Progress = Callable[[int, int], None]
"""Told how many records of how many have been read."""


async def gather_facts(log: Log, base: FactBase, progress: Progress | None = None) -> None:
    """Read the `facts` topic up to its present end into a new fact base, and finish that."""
    ends = await log.ends(FACTS)
    gathering, read, total = Gathering(base), Counter[int](), sum(ends.values())
    async for chunk in log.read(FACTS):
        for record in chunk:
            if record.offset < ends[record.partition]:
                gathering.take(record)
                read[record.partition] = record.offset + 1
        if progress is not None:
            progress(read.total(), total)
    gathering.finish()


@dataclass(slots=True)
class _Partition:
    """What has been read of one partition; `terms`: since when each rule's last word stands."""

    ledger: Ledger = field(default_factory=Ledger)
    book: Rulebook = field(default_factory=Rulebook)
    terms: dict[str, int] = field(default_factory=dict)
    end: int = -1


class Gathering:
    """Fills a fact base from records of `facts`, in the order of each partition."""

    def __init__(self, base: FactBase) -> None:
        self._base = base
        self._partitions: dict[int, _Partition] = {}

    def take(self, record: StoredRecord) -> None:
        """One record; what is neither a batch nor a control is passed over, as in the stream."""
        bucket, position = record.partition, record.offset
        try:
            control = control_of(record)
            if control is not None:
                self.govern(bucket, position, control)
                return
            batch = decode_batch(record.value)
            rows = decode_rows(batch)
        except (ContractError, DepartmentDataError):
            self._at(bucket, position)
            return
        self.join(bucket, position, batch, rows)

    def _at(self, bucket: int, position: int) -> _Partition:
        partition = self._partitions.setdefault(bucket, _Partition())
        partition.end = position
        return partition

    def join(self, bucket: int, position: int, batch: ChangeBatch, rows: list[Row]) -> None:
        """A batch at a position: its rows, if it is new, and what it makes complete."""
        ledger = self._at(bucket, position).ledger
        delivered = ledger.delivered(batch.resource)
        if not ledger.admit(batch):
            return
        if ledger.replace(batch):
            self._base.note_replaced(bucket, position, batch)
        self._base.append(bucket, position, batch, rows)
        if ledger.delivered(batch.resource) and not delivered:
            self._base.note_delivered(bucket, position, batch.resource)

    def govern(self, bucket: int, position: int, control: Control) -> None:
        """A tick or a rule change at a position."""
        partition = self._at(bucket, position)
        book = partition.book
        if isinstance(control, RuleChange):
            if book.takes(control):
                self._turn(bucket, partition, book.as_of_today(control))
        elif control.day.toordinal() > book.day:
            self._tick(bucket, partition, control)

    def _tick(self, bucket: int, partition: _Partition, tick: Tick) -> None:
        partition.book.day = tick.day.toordinal()
        self._base.note_day(bucket, partition.end, partition.book.day)
        for change in partition.book.expired():
            self._turn(bucket, partition, change)

    def _turn(self, bucket: int, partition: _Partition, change: RuleChange) -> None:
        rule, position = change.rule.id, partition.end
        before = partition.book.changes.get(rule)
        if before is not None:
            self._base.note_term(bucket, partition.terms[rule], position, before)
        partition.book.changes[rule], partition.terms[rule] = change, position

    def finish(self) -> None:
        """Everything was taken: make the fact base ready to be asked."""
        for bucket, partition in sorted(self._partitions.items()):
            for rule, since in partition.terms.items():
                self._base.note_term(bucket, since, None, partition.book.changes[rule])
            self._base.note_end(bucket, partition.end)
        self._base.finish()


def evaluate(base: FactBase, rule: CompiledRule, *, day: date | None = None) -> list[Checked]:
    """Every check of a rule where the log ends, clear ones too, whether or not the rule is in force.

    `day`: take this for the business date, instead of that of the last tick.
    """
    _prepare(base, rule, day)
    return [Checked.of(row) for row in base.query(outcomes_sql(rule))]


def evaluate_into(base: FactBase, rule: CompiledRule, table: str, *, day: date | None = None) -> None:
    """The same as a temporary table with the columns of Checked, in their order, to be summed up in SQL."""
    _prepare(base, rule, day)
    name = table.replace('"', '""')
    base.query(f'CREATE OR REPLACE TEMP TABLE "{name}" AS {outcomes_sql(rule)}')


def _prepare(base: FactBase, rule: CompiledRule, day: date | None) -> None:
    _know_calendars(base, [rule])
    moments.at_rest(base, rule.anchor, day.toordinal() if day else None)


def _know_calendars(base: FactBase, rules: Iterable[CompiledRule]) -> None:
    for rule in rules:
        if rule.rule.counts_working_days:
            base.know_calendar(calendar_name(rule.calendar), rule.calendar)


def rulebook(base: FactBase) -> Rulebook:
    """The business date and the last word on each rule where the log ends (all partitions hear the same)."""
    days = base.query("SELECT coalesce(max(day), 0) FROM days")
    words = base.query(
        "SELECT change FROM terms WHERE until IS NULL AND bucket = (SELECT min(bucket) FROM ends) ORDER BY rule"
    )
    changes = [decode(change.encode(), RuleChange) for (change,) in words]
    return Rulebook(days[0][0], {change.rule.id: change for change in changes})


def standing(base: FactBase, rule_id: str) -> list[Standing]:
    """Every check of a rule as it stands, with the revision that the stream's newest alert or result must have.

    None while the rule is not in force. Looks at the whole history since the rule last came into force.
    """
    words: dict[int, list[_Term]] = {}
    decoded: dict[str, RuleChange] = {}
    for bucket, since, until, text in base.query(
        "SELECT bucket, since, until, change FROM terms WHERE rule = ? ORDER BY bucket, since", [rule_id]
    ):
        if text not in decoded:
            decoded[text] = decode(text.encode(), RuleChange)
        words.setdefault(bucket, []).append(_Term(bucket, since, until, decoded[text]))
    runs: dict[tuple[str, bool], list[_Term]] = {}
    for terms in words.values():
        for term in _last_run(terms):
            runs.setdefault(term.kind, []).append(term)
    return [check for (_, trial), run in sorted(runs.items()) for check in _standing(base, run, trial)]


class _Term(NamedTuple):
    bucket: int
    since: int
    until: int | None
    change: RuleChange

    @property
    def kind(self) -> tuple[str, bool]:
        """What must stay the same for checks to live on: whose they are, and whether they are on trial."""
        return self.change.rule.anchor, self.change.force == "trial"


def _last_run(terms: list[_Term]) -> Iterator[_Term]:
    """The terms since the checks of a rule last began, the newest first; none if it is suspended."""
    for term in reversed(terms):
        if term.change.force == "suspended" or term.kind != terms[-1].kind:
            return
        yield term


def _standing(base: FactBase, run: list[_Term], trial: bool) -> list[Standing]:
    forms: dict[tuple[Rule, Calendar | None], int] = {}
    spans = [
        moments.Span(
            t.bucket, t.since, t.until, forms.setdefault((t.change.rule, t.change.calendar), len(forms))
        )
        for t in run
    ]
    compiled = [CompiledRule.of(rule, calendar, trial=trial) for rule, calendar in forms]
    _know_calendars(base, compiled)
    anchors = {rule.anchor for rule in compiled}
    sources = anchors.union(*(rule.looks_at for rule in compiled))
    by_day, by_delivery = any(c.rule.deadline for c in compiled), any(c.rule.waits for c in compiled)
    moments.through_time(base, spans, anchors, sources, by_day=by_day, by_delivery=by_delivery)
    for form, rule in enumerate(compiled):
        moments.hear(base, outcomes_sql(rule), form, rule.rule.version, first=form == 0)
    return moments.standing(base, trial=trial)
