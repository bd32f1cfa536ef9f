"""Periods: overlap is one common day, unknown periods never hit, and months are all that is said."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchers.temporal import ALLEN, due, holds_of, months, overlaps
from tests.matchers.making import day
from topics.calendar import WEEKENDS, Calendar, chinese_calendar
from topics.catalog import Deadline, Temporal, Window
from topics.catalog.rule import PREDICATES, SHARED_DAY, Allen
from topics.facts import FOREVER, period_of

ends = st.integers(1, 12)
periods = st.tuples(ends, ends)


@given(periods, periods)
def test_overlap_is_a_common_day(a: tuple[int, int], b: tuple[int, int]) -> None:
    common = set(range(a[0], a[1] + 1)) & set(range(b[0], b[1] + 1))
    assert overlaps(*a, *b) == bool(common) == overlaps(*b, *a)


@given(st.none() | st.dates(), st.integers(1, FOREVER), st.integers(1, FOREVER))
def test_an_unknown_start_overlaps_nothing(end: date | None, first: int, last: int) -> None:
    assert not overlaps(*period_of(None, end), first, last)
    assert months(*period_of(None, end)) == ""


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (date(2008, 5, 1), date(2008, 5, 31), "2008-05"),
        (date(2008, 5, 31), date(2008, 6, 1), "2008-05/2008-06"),
        (date(2007, 12, 31), date(2008, 1, 1), "2007-12/2008-01"),
        (date(2008, 5, 17), None, "2008-05/.."),
        (date(987, 5, 17), date(987, 5, 17), "0987-05"),
    ],
)
def test_months(start: date, end: date | None, said: str) -> None:
    assert months(*period_of(start, end)) == said


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.dates(date(1900, 1, 1), date(2100, 1, 1)))
def test_no_day_is_ever_said(start: date, end: date) -> None:
    assert all(len(part) == 7 for part in months(*period_of(start, end)).split("/") if part)


known = st.tuples(st.integers(1, 12), st.integers(0, 6)).map(lambda p: (p[0], p[0] + p[1]))


@given(known, known)
def test_exactly_one_of_allens_relations_holds(a: tuple[int, int], b: tuple[int, int]) -> None:
    (name,) = [name for name, relation in ALLEN.items() if relation(*a, *b)]
    (mirror,) = [name for name, relation in ALLEN.items() if relation(*b, *a)]
    assert INVERSE[name] == mirror
    assert (name in SHARED_DAY) == overlaps(*a, *b)


INVERSE: dict[Allen, Allen] = {
    "before": "after",
    "meets": "met_by",
    "overlaps": "overlapped_by",
    "starts": "started_by",
    "during": "contains",
    "finishes": "finished_by",
    "equals": "equals",
}
INVERSE |= {inverse: name for name, inverse in INVERSE.items()}
MARCH = (day("03-01"), day("03-31"))


@pytest.mark.parametrize(
    ("relation", "other"),
    [
        ("before", ("02-01", "02-27")),
        ("meets", ("02-01", "02-28")),
        ("overlaps", ("02-01", "03-01")),
        ("starts", ("03-01", "03-30")),
        ("during", ("03-02", "03-30")),
        ("finishes", ("03-02", "03-31")),
        ("equals", ("03-01", "03-31")),
        ("finished_by", ("02-28", "03-31")),
        ("contains", ("02-28", "")),
        ("started_by", ("03-01", "04-01")),
        ("overlapped_by", ("03-31", "04-01")),
        ("met_by", ("04-01", "04-30")),
        ("after", ("04-02", "")),
    ],
)
def test_how_evidence_lies_to_march(relation: Allen, other: tuple[str, str]) -> None:
    evidence = (day(other[0]), day(other[1]))
    assert [name for name, holds in ALLEN.items() if holds(*MARCH, *evidence)] == [relation]
    assert holds_of(Temporal(frozenset({relation})), WEEKENDS)(*MARCH, *evidence)


@given(known, st.integers(1, 12), st.integers(0, 12))
def test_the_short_overlap_is_the_long_one(a: tuple[int, int], start: int, end: int) -> None:
    short, long = holds_of(Temporal(SHARED_DAY), WEEKENDS), holds_of(Temporal(PREDICATES["any"], 1), WEEKENDS)
    assert short is overlaps
    assert overlaps(*a, start, end) <= long(*a, start, end)
    assert long(*a, start, end) == (start <= end)


@pytest.mark.parametrize(
    ("window", "days"),
    [
        (Window(2, "days", "start", "after"), ("03-01", "03-03")),
        (Window(2, "days", "start", "before"), ("02-27", "03-01")),
        (Window(2, "days", "end", "either"), ("03-29", "04-02")),
        (Window(0, "days", "end", "after"), ("03-31", "03-31")),
        # 1 March 2025 was a Saturday, 31 March a Monday; Qingming, 4 April, was off.
        (Window(1, "working_days", "start", "after"), ("03-01", "03-03")),
        (Window(1, "working_days", "start", "before"), ("02-28", "03-01")),
        (Window(4, "working_days", "end", "after"), ("03-31", "04-07")),
    ],
)
def test_a_window_includes_both_its_ends(window: Window, days: tuple[str, str]) -> None:
    holds = holds_of(Temporal(PREDICATES["any"], window=window), chinese_calendar())
    first, last = map(day, days)
    inside = [d for d in range(day("02-01"), day("05-01")) if holds(*MARCH, d, d)]
    assert (inside[0], inside[-1], len(inside)) == (first, last, last - first + 1)


@pytest.mark.parametrize(
    ("deadline", "last"),
    [
        (Deadline(30, "days", "start"), "03-31"),
        (Deadline(0, "days", "end"), "03-31"),
        (Deadline(5, "working_days", "end"), "04-08"),
        (Deadline(0, "working_days", "start"), "03-01"),
    ],
)
def test_when_a_counterpart_is_due(deadline: Deadline, last: str) -> None:
    assert due(deadline, *MARCH, chinese_calendar()) == day(last)


def test_nothing_is_due_at_an_unknown_or_endless_edge() -> None:
    assert due(Deadline(1, "days", "start"), 1, 0, WEEKENDS) is None
    assert due(Deadline(1, "days", "end"), day("03-01"), FOREVER, WEEKENDS) is None
    assert due(Deadline(1, "working_days", "end"), day("03-01"), FOREVER, WEEKENDS) is None


@pytest.mark.parametrize(
    ("start", "size", "end"),
    [
        ("2025-01-24", 1, "2025-01-26"),  # a Sunday worked before the Spring Festival
        ("2025-01-27", 1, "2025-02-05"),  # the festival itself
        ("2025-09-30", 1, "2025-10-09"),  # National Day and Mid-Autumn
        ("2025-10-10", 1, "2025-10-11"),  # a Saturday worked after it
        ("2025-10-09", -1, "2025-09-30"),
        ("1960-01-01", 1, "1960-01-04"),  # before the notices: weekends only
    ],
)
def test_working_days_follow_the_state_councils_notices(start: str, size: int, end: str) -> None:
    found = chinese_calendar().add(date.fromisoformat(start).toordinal(), size)
    assert found == date.fromisoformat(end).toordinal()


@given(st.dates(date(1950, 1, 1), date(2099, 1, 1)), st.integers(1, 400))
def test_counting_back_undoes_counting_forward(start: date, size: int) -> None:
    calendar = Calendar()
    there = calendar.add(start.toordinal(), size)
    assert there is not None
    back = calendar.add(there, -size)
    assert back is not None
    assert back <= start.toordinal()
    assert calendar.add(back, size) == there
