"""The town's time: three years, the business date of the scenario, and working days between holidays.

Rule: days are ordinals, both ends of a period count. Must not know: what happens on a day.
"""

from datetime import date
from functools import cache

from chinese_calendar import is_workday

FIRST = date(2023, 1, 1).toordinal()
LAST = date(2025, 12, 31).toordinal()
TODAY = date(2026, 1, 15).toordinal()
"""The business date: deadlines before it have passed."""


def on(year: int, month: int, day: int) -> int:
    """A day of the calendar."""
    return date(year, month, day).toordinal()


@cache
def works(day: int) -> bool:
    """Whether offices are open."""
    return bool(is_workday(date.fromordinal(day)))


@cache
def working_days(day: int, size: int) -> int:
    """The `size`-th working day after a day (before it, if negative)."""
    step = 1 if size > 0 else -1
    for _ in range(abs(size)):
        day += step
        while not works(day):
            day += step
    return day
