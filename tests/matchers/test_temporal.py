"""Periods: overlap is one common day, unknown periods never hit, and months are all that is said."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchers.temporal import months, overlaps
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
