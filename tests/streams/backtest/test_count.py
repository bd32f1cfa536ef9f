"""The figures of a backtest, on a log small enough to count by hand, and beside the same counted row by row."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from stores.factbase import FactBase
from streams.backtest.count import backtest, change, compiled, open_alerts
from streams.backtest.sums import Backtest, Excuse, Load, Month, Overlap, SourceHits, SourceTurn, Turn
from streams.readers.facts import evaluate
from tests.streams.backtest.conftest import ANN, BOB, MAY, Telling
from tests.streams.steps.world import CLAIM, ENTERPRISE, SPELL, WAGE, row
from topics.catalog import Deadline, ExculpatingSource, Rule, Temporal, Text
from topics.catalog.rule import SHARED_DAY
from topics.control import Force, Tick
from topics.facts import State

InForce = Callable[..., FactBase]


def test_what_is_counted(base: FactBase, rule: Rule) -> None:
    figures = backtest(base, rule)
    assert (figures.checks, figures.open, figures.explained, figures.hits) == (4, 2, 1, 3)
    assert figures.explained_share == pytest.approx(1 / 3)
    assert figures.months == (Month("2008-05", 2, 1, 1), Month("2008-06", 1, 1, 0), Month("2008-07", 1, 0, 0))
    assert figures.sources == (
        SourceHits(SPELL, "person_id", 0, 1, 1, 1),
        SourceHits(WAGE, "person_id", 2, 0, 2, 0),
        SourceHits(ENTERPRISE, "legal_rep_id", 1, 0, 1, 0),
    )
    assert figures.excuses == (Excuse(SPELL, "back_payment", 1),)
    assert (figures.rule, figures.version, figures.day, figures.records) == (rule.id, 1, None, 4)
    assert figures.incomplete == (WAGE,)


def test_the_sums_are_those_of_the_rows(base: FactBase, rule: Rule) -> None:
    """Counted again in Python from every check that the query gives."""
    checked = evaluate(base, compiled(rule))
    figures = backtest(base, rule)
    states = Counter(check.state for check in checked)
    assert (figures.checks, figures.open, figures.explained) == (
        len(checked),
        states[State.OPEN],
        states[State.EXPLAINED],
    )
    places = Counter(
        (place, check.state) for check in checked for place in {(p.resource, p.field) for p in check.evidence}
    )
    assert {(s.resource, s.field): (s.open, s.explained) for s in figures.sources} == {
        (e.resource, e.subject_field): (
            places[(e.resource, e.subject_field), State.OPEN],
            places[(e.resource, e.subject_field), State.EXPLAINED],
        )
        for e in rule.evidence
    }


def test_load(base: FactBase, rule: Rule) -> None:
    load = backtest(base, replace(rule, volume_cap=1), minutes=45).load
    assert load == Load(2, 1, pytest.approx(2 / 3), "2008-05", 1, 45)
    assert load.over_cap
    assert load.hours_now == 1.5
    assert load.hours_per_month == pytest.approx(0.5)


def test_the_work_of_a_month_is_that_of_the_last_year(telling: Telling, rule: Rule) -> None:
    """A record of 1995 says nothing about next month; a month without any counts as one."""
    old = row(rule.anchor, "old", 1, ANN, start=date(1995, 3, 1), end=date(1995, 3, 31))
    late = row(rule.anchor, "late", 1, ANN, start=date(2009, 4, 1), end=date(2009, 4, 30))
    telling.rows(rule.anchor, old, late)
    telling.rows(WAGE, row(WAGE, "w3", 1, ANN, start=date(1995, 3, 1), end=date(1995, 3, 31)))
    load = backtest(telling.finished(), rule).load
    assert (load.open_now, load.busiest, load.per_month) == (3, "2008-05", pytest.approx(2 / 12))


def test_the_last_year_ends_where_records_can_be_judged(telling: Telling, rule: Rule) -> None:
    """A rule that gives a year to do something had no work a month: nobody of the last year was late yet."""
    gone = replace(rule, kind="missing", evidence=rule.evidence[:1], deadline=Deadline(365, "days", "start"))
    for n in range(12):
        first = date(2009 + n // 12, n % 12 + 1, 1)
        telling.rows(CLAIM, row(CLAIM, f"late-{n}", 1, BOB, start=first, end=first))
    telling.control(Tick(date(2009, 12, 31), ""))
    load = backtest(telling.finished(), gone).load
    assert load.open_now > 0
    assert load.per_month == pytest.approx(load.open_now / 3)  # May to July of 2008
    assert backtest(telling.base, rule, day=date(2008, 6, 30)).load.per_month == pytest.approx(2 / 2)


def test_nothing_is_known(rule: Rule) -> None:
    with Telling().finished() as empty:
        figures = backtest(empty, rule)
    assert (figures.checks, figures.hits, figures.explained_share, figures.months) == (0, 0, None, ())
    assert figures.load == Load(0, rule.volume_cap, 0, "", 0, 30)
    assert [s.resource for s in figures.sources] == [e.resource for e in rule.evidence]


def test_a_fact_elsewhere_that_excuses(telling: Telling, rule: Rule) -> None:
    source = ExculpatingSource(
        "owns", ENTERPRISE, "legal_rep_id", Temporal(SHARED_DAY), (), Text("有", "owns")
    )
    figures = backtest(telling.finished(), replace(rule, exculpations=(source,)))
    assert (figures.open, figures.explained) == (1, 2)
    assert Excuse(ENTERPRISE, "owns", 1) in figures.excuses


def test_an_unknown_period_has_no_month(telling: Telling, rule: Rule) -> None:
    telling.rows(rule.anchor, row(rule.anchor, "when", 1, ANN))
    assert Month("", 1, 0, 0) in backtest(telling.finished(), rule).months


def test_new_rules_open_everything(base: FactBase, rule: Rule) -> None:
    found = backtest(base, rule).change
    assert (found.version, found.force, found.opens, found.withdraws) == (None, None, 2, 0)
    assert found.turns == (Turn(None, "explained", 1), Turn(None, "open", 2))


def test_against_itself_nothing_changes(in_force: InForce, rule: Rule) -> None:
    figures = backtest(in_force(rule), rule)
    assert figures.day == date(2008, 9, 1)
    assert (figures.change.version, figures.change.force) == (1, "active")
    assert (figures.change.turns, figures.change.by_source) == ((), ())


def test_against_the_version_in_force(in_force: InForce, rule: Rule) -> None:
    """Without wages and without the excuse of arrears: one alert goes, one opens, one stays on less evidence."""
    spells, _, firms = rule.evidence
    new = replace(rule, version=2, evidence=(replace(spells, exculpations=()), firms))
    found = change(in_force(rule), new, rule.id)
    assert found.turns == (Turn("explained", "open", 1), Turn("open", None, 1))
    assert (found.opens, found.withdraws, found.explains) == (1, 1, 0)
    assert found.by_source == (
        SourceTurn("opens", SPELL, "person_id", 1),
        SourceTurn("withdraws", WAGE, "person_id", 1),
    )


def test_an_excuse_more_explains(in_force: InForce, rule: Rule) -> None:
    source = ExculpatingSource(
        "owns", ENTERPRISE, "legal_rep_id", Temporal(SHARED_DAY), (), Text("有", "owns")
    )
    found = change(in_force(rule), replace(rule, version=2, exculpations=(source,)), rule.id)
    assert (found.opens, found.withdraws, found.explains) == (0, 0, 1)


def test_suspension_withdraws_everything(in_force: InForce, rule: Rule) -> None:
    base = in_force(rule)
    assert change(base, None, rule.id).withdraws == 3
    assert open_alerts(base) == 0


@pytest.mark.parametrize(("was", "comes"), [("trial", "active"), ("active", "trial")])
def test_trial_alerts_are_no_cases(in_force: InForce, rule: Rule, was: Force, comes: Force) -> None:
    """A rule has one version in force: what comes as the other opens everything, and ends what was there.

    `rules activate --trial` of a new version said "withdraws 0", and withdrew every case of the one before.
    """
    base = in_force(rule, force=was)
    found = change(base, rule, rule.id, comes)
    assert (found.version, found.force, found.opens, found.withdraws) == (1, was, 2, 3)
    assert open_alerts(base) == 2
    assert change(base, rule, rule.id, was).turns == ()


def test_overlap_with_rules_in_force(in_force: InForce, rule: Rule) -> None:
    """The same claims by wages alone, spells of the same people, and one that is suspended."""
    wages = replace(rule, id="by-wages", evidence=rule.evidence[1:2])
    spells = replace(rule, id="spells", anchor=SPELL, evidence=rule.evidence[1:2])
    spells = replace(
        spells, evidence=(replace(rule.evidence[1], temporal=Temporal(frozenset({"after", "met_by"}))),)
    )
    found = backtest(in_force(wages, (spells, "trial"), (replace(wages, id="gone"), "suspended")), rule)
    assert found.overlaps == (Overlap("by-wages", 1, "active", 2, 2), Overlap("spells", 1, "trial", 0, 1))


def test_another_business_date(telling: Telling, rule: Rule) -> None:
    """A deadline passes with the date that is asked about, not with the log's."""
    telling.rows(WAGE, ends_run=True)
    missing = replace(
        rule, kind="missing", evidence=rule.evidence[1:2], deadline=Deadline(10, "days", "end"), require=1
    )
    base = telling.finished()
    assert backtest(base, missing).open == 0
    assert backtest(base, missing, day=MAY[1]).open == 0
    late = backtest(base, missing, day=date(2008, 6, 11))
    assert (late.day, late.open) == (date(2008, 6, 11), 1)
    assert late.months[0] == Month("2008-05", 2, 1, 0)


def test_figures_point_at_nobody(base: FactBase, rule: Rule) -> None:
    said = repr(backtest(base, rule))
    assert isinstance(backtest(base, rule), Backtest)
    for name in ("ann", "bob", "cat", "s1", "w1", "e1", ANN.hex(), repr(ANN)):
        assert name not in said
