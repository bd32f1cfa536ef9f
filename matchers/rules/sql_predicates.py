"""What a declaration asks of two facts, as SQL: the evidence is `v`, the anchor `a`.

Rules: written from the declaration, not from the evaluator, so that each engine can find the other's mistakes;
every name and value is an escaped literal; a condition that is NULL counts as false.
Must not know: DuckDB's client, what follows from a fact that counts (sql).
"""

import hashlib
from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple

from topics.calendar import Calendar
from topics.catalog import Compare, Condition, Exculpation, Temporal, Window
from topics.catalog.rule import PREDICATES, SHARED_DAY, Edge, Unit
from topics.facts import FOREVER

_RELATION = """CASE
        WHEN v.last < a.first - 1 THEN 'before' WHEN v.last = a.first - 1 THEN 'meets'
        WHEN v.first = a.last + 1 THEN 'met_by' WHEN v.first > a.last THEN 'after'
        WHEN v.first = a.first AND v.last = a.last THEN 'equals'
        WHEN v.first = a.first THEN if(v.last < a.last, 'starts', 'started_by')
        WHEN v.last = a.last THEN if(v.first > a.first, 'finishes', 'finished_by')
        WHEN v.first > a.first THEN if(v.last < a.last, 'during', 'overlapped_by')
        WHEN v.last > a.last THEN 'contains' ELSE 'overlaps' END"""
"""The one relation of Allen's in which the evidence stands to the anchor, both periods being known."""

_COLUMN: dict[Edge, str] = {"start": "first", "end": "last"}


class Day(NamedTuple):
    """A day reckoned from another: an expression, the joins it needs, and the conditions under which it is one."""

    day: str
    joins: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()


def literal(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def attribute(fact: str, name: str) -> str:
    """A coded attribute; NULL where the fact has none of that name."""
    return f"{fact}.codes[{literal(name)}]"


def one_of(expression: str, values: Collection[str]) -> str:
    """Whether an expression has one of some values."""
    return f"{expression} IN ({', '.join(map(literal, sorted(values)))})" if values else "false"


def fits(fact: str, where: tuple[Condition, ...]) -> tuple[str, ...]:
    """The conditions on a fact's coded attributes."""
    return tuple(one_of(attribute(fact, c.attribute), c.values) for c in where)


def exculpation(declared: tuple[Exculpation, ...]) -> str:
    """The code of the first declared exculpation that the evidence falls to, or NULL."""
    cases = (f"WHEN {one_of(attribute('v', e.attribute), e.values)} THEN {literal(e.code)}" for e in declared)
    return f"CASE {' '.join(cases)} END" if declared else "NULL::VARCHAR"


def compared(compare: Compare) -> tuple[str, ...]:
    """The conditions under which the compared attributes count."""
    ours, theirs = attribute("a", compare.anchor), attribute("v", compare.evidence)
    cases = (
        f"WHEN {literal(value)} THEN {one_of(theirs, same)}" for value, same in sorted(compare.agree.items())
    )
    agree = (
        f"CASE {ours} {' '.join(cases)} ELSE {theirs} = {ours} END" if compare.agree else f"{theirs} = {ours}"
    )
    known = f"{ours} IS NOT NULL AND {theirs} IS NOT NULL"
    return known, agree if compare.hit == "same" else f"NOT {agree}"


def related(temporal: Temporal, calendar: Calendar) -> Day:
    """Whether the evidence's period stands to the anchor's as declared (`day` is not used)."""
    conditions = ["a.first <= a.last", "v.first <= v.last"]
    if temporal.relations == SHARED_DAY:
        conditions.append("v.first <= a.last AND v.last >= a.first")
    elif temporal.relations != PREDICATES["any"]:
        conditions.append(one_of(_RELATION, temporal.relations))
    if temporal.days > 1:
        common = "least(a.last, v.last) - greatest(a.first, v.first) + 1"
        conditions.append(f"{common} >= {temporal.days}")
    within = _within(temporal.window, calendar) if temporal.window else Day("")
    return Day("", within.joins, (*conditions, *within.conditions))


def _within(window: Window, calendar: Calendar) -> Day:
    edge = Day(f"a.{_COLUMN[window.edge]}")
    high = (
        reckoned(window.edge, window.size, window.unit, calendar, "high") if window.side != "before" else edge
    )
    low = (
        reckoned(window.edge, -window.size, window.unit, calendar, "low") if window.side != "after" else edge
    )
    between = f"v.first BETWEEN {low.day} AND {high.day}"
    return Day("", (*low.joins, *high.joins), (*low.conditions, *high.conditions, between))


def reckoned(edge: Edge, size: int, unit: Unit, calendar: Calendar, alias: str) -> Day:
    """The day that lies `size` days or working days after an edge of the anchor (before it, if negative)."""
    column = f"a.{_COLUMN[edge]}"
    if unit == "days":
        day = f"({column} + {size})"
        return Day(day, (), (f"{day} BETWEEN 1 AND {FOREVER - 1}",))
    if size == 0:
        return Day(column, (), (f"{column} < {FOREVER}",))
    name, origin = literal(calendar_name(calendar)), f"{alias}_from"
    # The working day before a working day is one number less, the one before a day off has the day off's own.
    number = f"number + {size}" if size > 0 else f"number - works::INTEGER - {-size - 1}"
    joins = (
        f"JOIN working_days {origin} ON {origin}.calendar = {name} AND {origin}.day = {column}",
        f"JOIN working_days {alias} ON {alias}.calendar = {name} AND {alias}.works"
        f" AND {alias}.number = {_of(origin, number)}",
    )
    return Day(f"{alias}.day", joins)


def _of(table: str, expression: str) -> str:
    return expression.replace("number", f"{table}.number").replace("works", f"{table}.works")


@lru_cache(maxsize=64)
def calendar_name(calendar: Calendar) -> str:
    """What the table working_days calls a calendar."""
    return hashlib.sha256(repr((calendar.off, calendar.worked)).encode()).hexdigest()[:16]


def band_edge(value: str, edge: str) -> str:
    """The lower or (excluded) upper edge of a band's name, '500-1000' or '1000+'; NULL where there is none."""
    part = 1 if edge == "lower" else 2
    return f"TRY_CAST(split_part(rtrim({value}, '+'), '-', {part}) AS BIGINT)"
