"""A rule as SQL: text that means what the evaluator means, also at the edges of time and for hostile names."""

import ast
import inspect
from collections.abc import Iterator
from itertools import product
from typing import get_args

import duckdb
import pytest

from matchers.rules import sql, sql_predicates
from matchers.rules.compiled import CompiledRule
from matchers.rules.judge import band
from matchers.rules.sql_predicates import band_edge, calendar_name, literal, reckoned, related
from matchers.temporal import due, holds_of
from stores.factbase import FactBase
from tests.differential.world import CALENDARS, DAY, MAY
from topics.calendar import FIRST, LAST, Calendar
from topics.catalog import Deadline, Temporal, Window
from topics.catalog.rule import PREDICATES, SHARED_DAY, Allen
from topics.facts import FOREVER

WEEK = (*range(DAY + 3, DAY + 9), DAY + 13)
EDGES = (1, 2, FIRST - 1, FIRST, FIRST + 1, LAST - 1, LAST, LAST + 1, FOREVER - 1, FOREVER)
PERIODS = {"week": WEEK, "edge": EDGES}
WINDOWS = [
    Window(size, unit, edge, side)
    for size, unit, edge, side in product(
        (0, 1, 3), ("days", "working_days"), ("start", "end"), ("after", "before", "either")
    )
]


@pytest.fixture(scope="module")
def base() -> Iterator[FactBase]:
    """A fact base that knows the calendars, and some periods, unknown ones too."""
    with FactBase.create(threads=1) as made:
        for calendar in CALENDARS:
            made.know_calendar(calendar_name(calendar), calendar)
        for name, days in PERIODS.items():
            made.query(f"CREATE TABLE {name} AS SELECT unnest(?)::INTEGER AS day", [list(days)])
            made.query(f"CREATE VIEW {name}s AS SELECT a.day AS first, b.day AS last FROM {name} a, {name} b")
        yield made


def check(base: FactBase, temporal: Temporal, calendar: Calendar, *, may_be_none: bool = False) -> None:
    """All pairs of periods, by the evaluator and by SQL."""
    holds, asked = holds_of(temporal, calendar), related(temporal, calendar)
    joins, where = " ".join(asked.joins), " AND ".join(asked.conditions)
    for name, days in PERIODS.items():
        rows = base.query(
            f"SELECT a.first, a.last, v.first, v.last FROM {name}s a {joins} JOIN {name}s v ON true WHERE {where}"
        )
        assert sorted(rows) == sorted(pair for pair in product(days, repeat=4) if holds(*pair))
        assert rows or may_be_none or name == "edge"


@pytest.mark.parametrize("relation", get_args(Allen))
def test_each_relation_is_the_evaluators(base: FactBase, relation: Allen) -> None:
    check(base, Temporal(frozenset({relation})), MAY)


@pytest.mark.parametrize("name", PREDICATES)
@pytest.mark.parametrize("days", [1, 2, 3])
def test_each_predicate_is_the_evaluators(base: FactBase, name: str, days: int) -> None:
    check(base, Temporal(PREDICATES[name], days), MAY, may_be_none=days > 1)


@pytest.mark.parametrize("window", WINDOWS, ids=lambda w: f"{w.size}-{w.unit}-{w.edge}-{w.side}")
@pytest.mark.parametrize("calendar", CALENDARS, ids=["weekends", "may"])
def test_each_window_is_the_evaluators(base: FactBase, window: Window, calendar: Calendar) -> None:
    for name in ("any", "overlaps"):
        check(base, Temporal(PREDICATES[name], 1, window), calendar, may_be_none=True)


@pytest.mark.parametrize("calendar", CALENDARS, ids=["weekends", "may"])
@pytest.mark.parametrize("edge", ["start", "end"])
@pytest.mark.parametrize("unit", ["days", "working_days"])
@pytest.mark.parametrize("size", [0, 1, 2, 7])
def test_each_deadline_is_the_evaluators(
    base: FactBase, calendar: Calendar, edge: str, unit: str, size: int
) -> None:
    asked = reckoned(edge, size, unit, calendar, "due")
    deadline = Deadline(size, unit, edge)
    where = " AND ".join(("a.first <= a.last", *asked.conditions))
    periods = [(a, b) for days in (WEEK, EDGES) for a, b in product(days, repeat=2)]
    base.query(
        "CREATE OR REPLACE TABLE periods AS SELECT unnest(?)::INTEGER AS first, unnest(?)::INTEGER AS last",
        [list(column) for column in zip(*periods, strict=True)],
    )
    rows = base.query(f"SELECT first, last, {asked.day} FROM periods a {' '.join(asked.joins)} WHERE {where}")
    expected = {(a, b): due(deadline, a, b, calendar) for a, b in periods}
    assert {(a, b): last for a, b, last in rows} == {k: v for k, v in expected.items() if v is not None}


@pytest.mark.parametrize("name", ["0-5", "5-10", "500-1000", "1000+", "0+", "", None])
def test_band_edges_are_the_evaluators(base: FactBase, name: str | None) -> None:
    ((lower, upper),) = base.query(
        f"SELECT coalesce({band_edge('x', 'lower')}, 0), {band_edge('x', 'upper')} FROM (SELECT ? AS x)",
        [name],
    )
    assert (lower, upper) == band(name)


@pytest.mark.parametrize(
    "text", ["", "plain", "it's", "''", "';DROP TABLE versions;--", "a\\'b", "核查", "a\nb", "\0"]
)
def test_a_literal_is_the_text_again(text: str) -> None:
    with duckdb.connect() as db:
        assert db.execute(f"SELECT {literal(text)}").fetchall() == [(text,)]


def test_calendars_have_names_of_their_own() -> None:
    names = {calendar_name(c) for c in (*CALENDARS, Calendar((1,), ()), Calendar((), (1,)))}
    assert len(names) == 4


def test_shared_day_is_the_default_condition() -> None:
    assert related(Temporal(SHARED_DAY), MAY).joins == ()


@pytest.mark.parametrize("module", [sql, sql_predicates])
def test_it_only_makes_text(module: object) -> None:
    tree = ast.parse(inspect.getsource(module))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not any("duckdb" in (name or "") for name in imported)


def test_working_days_are_counted_alike(base: FactBase) -> None:
    for calendar in CALENDARS:
        rows = base.query(
            "SELECT day, number FROM working_days WHERE works AND calendar = ? ORDER BY day",
            [calendar_name(calendar)],
        )
        assert [day for day, _ in rows] == list(calendar.working_days())
        assert [number for _, number in rows] == list(range(1, len(rows) + 1))


def test_a_rule_compiles_to_one_statement() -> None:
    from tests.streams.steps.world import CATALOG

    for rule in CATALOG.active_rules:
        text = sql.outcomes_sql(CompiledRule.of(rule))
        assert text.startswith("WITH ")
        assert ";" not in text
