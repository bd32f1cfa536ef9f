"""Periods: inclusive day ordinals, compared at the sources' own granularity.

Rules: an unknown period never overlaps anything; nothing is averaged or extrapolated (Robodebt).
"""

from datetime import date

from topics.facts import FOREVER


def overlaps(start: int, end: int, other_start: int, other_end: int) -> bool:
    """At least one common day. Empty periods (start > end) overlap nothing."""
    return start <= other_end and other_start <= end and start <= end and other_start <= other_end


def months(start: int, end: int) -> str:
    """A period as months: '2008-05', '2008-03/2008-07', or '2008-03/..' while running; '' if unknown."""
    if start > end:
        return ""
    first = date.fromordinal(start).isoformat()[:7]
    if end == FOREVER:
        return f"{first}/.."
    last = date.fromordinal(end).isoformat()[:7]
    return first if first == last else f"{first}/{last}"
