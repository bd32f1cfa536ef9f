"""Days and months of the city's calendar, as plain numbers that are quick to compare and to print.

A day is its proleptic ordinal (`date.toordinal`), a month is year * 12 + month - 1.
Rule: every period is inclusive at both ends. Must not know: what happens on a day.
"""

from datetime import date
from functools import cache

YEAR_START = date(2008, 1, 1).toordinal()
YEAR_END = date(2008, 12, 31).toordinal()


def month_number(year: int, month: int) -> int:
    return year * 12 + month - 1


@cache
def first_day(month: int) -> int:
    return date(month // 12, month % 12 + 1, 1).toordinal()


@cache
def last_day(month: int) -> int:
    return first_day(month + 1) - 1


@cache
def month_of(day: int) -> int:
    on = date.fromordinal(day)
    return month_number(on.year, on.month)


@cache
def day_text(day: int | None) -> str:
    """ISO date; no day (still running) is an empty field."""
    return "" if day is None else date.fromordinal(day).isoformat()


@cache
def month_text(month: int) -> str:
    return f"{month // 12}-{month % 12 + 1:02d}"
