"""Working days (工作日) as they are counted: Monday to Friday, but for the State Council's holiday notices.

Rules: a calendar travels with the rule that counts by it, so that a replay counts as the first run did, also
after next year's notice has come out; outside the years it covers only weekends are off.
Must not know: what a deadline is.
"""

from bisect import bisect_left, bisect_right
from datetime import date
from functools import lru_cache

import msgspec

FIRST, LAST = date(1949, 10, 1).toordinal(), date(2100, 12, 31).toordinal()
"""Days between which working days are counted; no deadline is stated outside."""

_SATURDAY = 5


class Calendar(msgspec.Struct, frozen=True, cache_hash=True):
    """Day ordinals: weekdays that are off, and weekend days that are worked."""

    off: tuple[int, ...] = ()
    worked: tuple[int, ...] = ()

    @property
    def last(self) -> int:
        """The last day on which it differs from plain weeks."""
        return max((*self.off[-1:], *self.worked[-1:]), default=0)

    @property
    def newest_year(self) -> int:
        """The last year of which holidays are known; 0 for none."""
        return date.fromordinal(self.last).year if self.last else 0

    def working_days(self) -> tuple[int, ...]:
        """Every working day from FIRST to LAST, in order."""
        return _working_days(self)

    def add(self, day: int, size: int) -> int | None:
        """The `size`-th working day after `day` (before it, if negative; 0: the day itself); None if unknown."""
        if size == 0:
            return day
        days = _working_days(self)
        at = bisect_right(days, day) + size - 1 if size > 0 else bisect_left(days, day) + size
        return days[at] if FIRST <= day <= LAST and 0 <= at < len(days) else None


@lru_cache(maxsize=16)
def _working_days(calendar: Calendar) -> tuple[int, ...]:
    off, worked = frozenset(calendar.off), frozenset(calendar.worked)
    return tuple(
        day
        for day in range(FIRST, LAST + 1)
        if (_weekday(day) < _SATURDAY and day not in off) or day in worked
    )


def _weekday(day: int) -> int:
    return (day + 6) % 7  # ordinal 1 was a Monday


WEEKENDS = Calendar()
"""Monday to Friday."""


def chinese_calendar() -> Calendar:
    """The mainland's calendar, as far as notices have been published (2004 on)."""
    from chinese_calendar.constants import holidays, workdays

    off = sorted(day.toordinal() for day in holidays if day.weekday() < _SATURDAY)
    worked = sorted(day.toordinal() for day in workdays if day.weekday() >= _SATURDAY)
    return Calendar(tuple(off), tuple(worked))
