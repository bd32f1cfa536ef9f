"""Counts what a rule says of a fact base: by month, by source, beside other rules, against the version in force.

Rules: the rule's own query fills a table, and plain SQL sums it up, so that no row leaves DuckDB; table names are
ours, never a rule's. Must not know: how the fact base was made, how figures are shown.
"""

from collections.abc import Sequence
from datetime import date

from matchers.rules.compiled import CompiledRule
from matchers.temporal import add
from stores.factbase import FactBase
from streams.backtest.sums import (
    AlertOf,
    Backtest,
    Change,
    Excuse,
    Load,
    Month,
    Overlap,
    SourceHits,
    SourceTurn,
    Turn,
)
from streams.readers.facts import evaluate_into, rulebook
from streams.steps.rulebook import Rulebook
from topics.calendar import chinese_calendar
from topics.catalog import Rule
from topics.control import Force

MINUTES = 30
"""What looking into one alert takes an officer, unless told otherwise."""

RECENT = 12
"""Months by which the work of a month is estimated."""

_ANY_MONTH = "9999-12"

_STATE: dict[int | None, AlertOf] = {2: "open", 1: "explained"}
_PROPOSED, _IN_FORCE, _OTHER = "proposed", "in_force", "other"

_MONTHS = """
SELECT coalesce(strftime(if("first" > "last", NULL, DATE '0001-01-01' + ("first" - 1)::INTEGER), '%Y-%m'), '') AS month,
    count(*), count(*) FILTER (state = 2), count(*) FILTER (state = 1)
FROM proposed GROUP BY month ORDER BY month
"""
_SOURCES = """
SELECT p.resource, p.field, count(DISTINCT check_id) FILTER (state = 2),
    count(DISTINCT check_id) FILTER (state = 1), count(*), count(p.exculpation)
FROM (SELECT check_id, state, unnest(evidence) AS p FROM proposed WHERE state > 0) GROUP BY ALL
"""
_EXCUSES = """
SELECT p.resource, p.exculpation, count(DISTINCT check_id)
FROM (SELECT check_id, unnest(evidence) AS p FROM proposed WHERE state > 0)
WHERE p.exculpation IS NOT NULL GROUP BY ALL ORDER BY ALL
"""
_SPOKEN_FOR = """
SELECT count(DISTINCT check_id) FROM (SELECT check_id, unnest(speaks) AS p FROM proposed WHERE state > 0)
WHERE p.resource = ? AND p.field = ?
"""
_OVERLAP = """
SELECT count(*) FILTER (subject IN (SELECT subject FROM other WHERE state = 2)),
    count(*) FILTER ((subject, handle) IN (SELECT (subject, handle) FROM other WHERE state = 2))
FROM proposed WHERE state = 2
"""
_TURNS = """
SELECT nullif(f.state, 0) AS before, nullif(p.state, 0) AS after, count(*)
FROM proposed p FULL JOIN in_force f USING (check_id)
WHERE coalesce(f.state, 0) <> coalesce(p.state, 0) GROUP BY ALL ORDER BY before NULLS FIRST, after NULLS FIRST
"""
_OPENS = """
SELECT 'opens', e.resource, e.field, count(DISTINCT check_id)
FROM (SELECT p.check_id, unnest(p.evidence) AS e FROM proposed p LEFT JOIN in_force f USING (check_id)
      WHERE p.state = 2 AND coalesce(f.state, 0) <> 2) GROUP BY ALL ORDER BY ALL
"""
_WITHDRAWS = """
SELECT 'withdraws', e.resource, e.field, count(DISTINCT check_id)
FROM (SELECT f.check_id, unnest(f.evidence) AS e FROM in_force f LEFT JOIN proposed p USING (check_id)
      WHERE f.state > 0 AND coalesce(p.state, 0) = 0) GROUP BY ALL ORDER BY ALL
"""


def compiled(rule: Rule) -> CompiledRule:
    """A declaration that is not in force yet, with the calendar that it would count by."""
    return CompiledRule.of(rule, chinese_calendar() if rule.counts_working_days else None)


def backtest(base: FactBase, rule: Rule, *, minutes: int = MINUTES, day: date | None = None) -> Backtest:
    """What a rule would say of everything that is known; `day`: as if that were the business date."""
    book, asked = rulebook(base), compiled(rule)
    evaluate_into(base, asked, _PROPOSED, day=day)
    checks, open_, explained = base.query(
        "SELECT count(*), count(*) FILTER (state = 2), count(*) FILTER (state = 1) FROM proposed"
    )[0]
    months = tuple(Month(*row) for row in base.query(_MONTHS))
    today = day or (date.fromordinal(book.day) if book.day else None)
    judged = [m for m in months if m.month and m.month <= _newest(asked, today)]
    return Backtest(
        rule=rule.id,
        version=rule.version,
        day=today,
        records=base.query("SELECT coalesce(sum(position + 1), 0) FROM ends")[0][0],
        checks=checks,
        open=open_,
        explained=explained,
        months=months,
        sources=_sources(base, rule),
        excuses=_excuses(base, rule),
        overlaps=_overlaps(base, rule, book, day),
        load=_load(open_, judged, rule.volume_cap, minutes),
        change=_change(base, rule.id, book, None, day),
        incomplete=_incomplete(base, rule),
    )


def change(base: FactBase, rule: Rule | None, rule_id: str, force: Force | None = None) -> Change:
    """What would become of a rule's alerts if this came into force (None: if it is suspended).

    `force`: as which it would come. A rule has one version in force, and trial alerts are no cases: where the last came
    as the other, all its alerts are withdrawn, and all of the new one's are new.
    """
    if rule is None:
        base.query(_NO_CHECKS.format(_PROPOSED))
    else:
        evaluate_into(base, compiled(rule), _PROPOSED)
    return _change(base, rule_id, rulebook(base), force, None)


def open_alerts(base: FactBase) -> int:
    """How many alerts the rule that was asked last would have open."""
    found: int = base.query("SELECT count(*) FROM proposed WHERE state = 2")[0][0]
    return found


_NO_CHECKS = """CREATE OR REPLACE TEMP TABLE {} AS SELECT ''::VARCHAR AS check_id, 0::TINYINT AS state,
    []::STRUCT("resource" VARCHAR, field VARCHAR)[] AS evidence WHERE false"""


_NOT_THE_SAME = "UPDATE in_force SET check_id = 'before ' || check_id"


def _change(base: FactBase, rule_id: str, book: Rulebook, force: Force | None, day: date | None) -> Change:
    last, now = book.changes.get(rule_id), book.compiled(rule_id)
    if last is None or now is None:
        base.query(_NO_CHECKS.format(_IN_FORCE))
        version, known = None, None
    else:
        evaluate_into(base, now, _IN_FORCE, day=day)
        version, known = last.rule.version, last.force
        if force not in (None, known):
            base.query(_NOT_THE_SAME)
    turns = (Turn(_STATE.get(before), _STATE.get(after), n) for before, after, n in base.query(_TURNS))
    by_source = (SourceTurn(*row) for row in (*base.query(_OPENS), *base.query(_WITHDRAWS)))
    return Change(version, known, tuple(turns), tuple(by_source))


def _sources(base: FactBase, rule: Rule) -> tuple[SourceHits, ...]:
    """In the order of the declaration, those without a hit too."""
    found = {(row[0], row[1]): SourceHits(*row) for row in base.query(_SOURCES)}
    declared = dict.fromkeys((e.resource, e.subject_field) for e in rule.evidence)
    return tuple(found.get(place, SourceHits(*place, 0, 0, 0, 0)) for place in declared)


def _excuses(base: FactBase, rule: Rule) -> tuple[Excuse, ...]:
    """Of the evidence itself, then of facts elsewhere; two of those in one place count together."""
    found = [Excuse(*row) for row in base.query(_EXCUSES)]
    elsewhere: dict[tuple[str, str], list[str]] = {}
    for e in rule.exculpations:
        elsewhere.setdefault((e.resource, e.subject_field), []).append(e.code)
    for place, codes in elsewhere.items():
        alerts = base.query(_SPOKEN_FOR, place)[0][0]
        found += [Excuse(place[0], " / ".join(codes), alerts)] if alerts else []
    return tuple(found)


def _overlaps(base: FactBase, rule: Rule, book: Rulebook, day: date | None) -> tuple[Overlap, ...]:
    """Rules with which it has nothing in common are left out."""
    found = []
    for name, known in sorted(book.changes.items()):
        other = book.compiled(name)
        if name == rule.id or other is None:
            continue
        evaluate_into(base, other, _OTHER, day=day)
        same_subject, same_record = base.query(_OVERLAP)[0]
        if known.rule.anchor != rule.anchor:
            same_record = 0
        if same_subject:
            found.append(Overlap(name, known.rule.version, known.force, same_record, same_subject))
    return tuple(sorted(found, key=lambda o: (-o.same_subject, o.rule)))


def _newest(asked: CompiledRule, today: date | None) -> str:
    """The newest month whose records can be judged: of this one, or, where something may still come, before that."""
    if today is None:
        return _ANY_MONTH
    day, deadline = today.toordinal(), asked.rule.deadline
    if deadline is not None:
        day = add(day, -deadline.size, deadline.unit, asked.calendar) or day
    return date.fromordinal(day).isoformat()[:7]


def _load(open_now: int, months: Sequence[Month], cap: int, minutes: int) -> Load:
    """Per month over the last year that there are records of, or as far back as they reach."""
    known = {_number(m.month): m for m in months}
    last = max(known, default=0)
    recent = {number: m for number, m in known.items() if number > last - RECENT}
    busiest = max(recent.values(), key=lambda m: m.open, default=Month("", 0, 0, 0))
    span = last - min(recent, default=0) + 1
    return Load(
        open_now, cap, sum(m.open for m in recent.values()) / span, busiest.month, busiest.open, minutes
    )


def _number(month: str) -> int:
    year, _, number = month.partition("-")
    return int(year) * 12 + int(number)


def _incomplete(base: FactBase, rule: Rule) -> tuple[str, ...]:
    lacking = base.query(
        "SELECT r.resource FROM (SELECT unnest(?) AS resource) r CROSS JOIN ends e "
        "LEFT JOIN delivered d ON d.resource = r.resource AND d.bucket = e.bucket "
        "WHERE d.resource IS NULL GROUP BY r.resource",
        [list(rule.resources)],
    )
    found = {resource for (resource,) in lacking}
    return tuple(resource for resource in rule.resources if resource in found)
