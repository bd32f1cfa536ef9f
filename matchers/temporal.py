"""Periods: inclusive day ordinals, compared at the sources' own granularity.

Rules: an unknown period (start > end) stands in no relation to anything; nothing is averaged or extrapolated
(Robodebt). Relations read "the other ... this one", as in "the evidence lies during the anchor".
Sources: Allen, Maintaining Knowledge about Temporal Intervals (1983); SQL:2011 period predicates.
"""

from collections.abc import Callable, Mapping
from datetime import date

from topics.calendar import Calendar
from topics.catalog.rule import PREDICATES, SHARED_DAY, Allen, Deadline, Edge, Temporal, Unit, Window
from topics.facts import FOREVER

Holds = Callable[[int, int, int, int], bool]
"""(start, end) of the anchor, (start, end) of the evidence."""


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


ALLEN: Mapping[Allen, Holds] = {
    "before": lambda a, b, c, d: d + 1 < a,
    "meets": lambda a, b, c, d: d + 1 == a,
    "overlaps": lambda a, b, c, d: c < a <= d < b,
    "starts": lambda a, b, c, d: c == a and d < b,
    "during": lambda a, b, c, d: c > a and d < b,
    "finishes": lambda a, b, c, d: c > a and d == b,
    "equals": lambda a, b, c, d: c == a and d == b,
    "finished_by": lambda a, b, c, d: c < a and d == b,
    "contains": lambda a, b, c, d: c < a and d > b,
    "started_by": lambda a, b, c, d: c == a and d > b,
    "overlapped_by": lambda a, b, c, d: a < c <= b < d,
    "met_by": lambda a, b, c, d: c == b + 1,
    "after": lambda a, b, c, d: c > b + 1,
}
"""Exactly one holds of two known periods [a, b] and [c, d]."""


_SHORT: Mapping[frozenset[Allen], Holds] = {
    PREDICATES["overlaps"]: lambda a, b, c, d: c <= b and a <= d,
    PREDICATES["contains"]: lambda a, b, c, d: c <= a and b <= d,
    PREDICATES["precedes"]: lambda a, b, c, d: d < a,
    PREDICATES["succeeds"]: lambda a, b, c, d: c > b,
    PREDICATES["any"]: lambda a, b, c, d: True,
}
"""What the common sets of relations come to, for known periods."""


def holds_of(temporal: Temporal, calendar: Calendar) -> Holds:
    """The test that a temporal condition asks for."""
    if temporal == Temporal(SHARED_DAY):
        return overlaps
    related = _SHORT.get(temporal.relations) or _any_of(temporal.relations)
    days, within = temporal.days, _within(temporal.window, calendar) if temporal.window else None
    if days == 1 and within is None:
        return lambda a, b, c, d: a <= b and c <= d and related(a, b, c, d)

    def holds(start: int, end: int, other_start: int, other_end: int) -> bool:
        return (
            related(start, end, other_start, other_end)
            and start <= end
            and other_start <= other_end
            and (days == 1 or min(end, other_end) - max(start, other_start) + 1 >= days)
            and (within is None or within(start, end, other_start))
        )

    return holds


def _any_of(names: frozenset[Allen]) -> Holds:
    relations = tuple(ALLEN[name] for name in sorted(names))
    if len(relations) == 1:
        return relations[0]
    return lambda a, b, c, d: any(relation(a, b, c, d) for relation in relations)


def _within(window: Window, calendar: Calendar) -> Callable[[int, int, int], bool]:
    after, before = window.side != "before", window.side != "after"

    def within(start: int, end: int, other_start: int) -> bool:
        edge = edge_of(start, end, window.edge)
        last = add(edge, window.size, window.unit, calendar) if after else edge
        first = add(edge, -window.size, window.unit, calendar) if before else edge
        return first is not None and last is not None and first <= other_start <= last

    return within


def edge_of(start: int, end: int, edge: Edge) -> int:
    """The first or last day of a period."""
    return start if edge == "start" else end


def add(day: int, size: int, unit: Unit, calendar: Calendar) -> int | None:
    """Days or working days after (before, if negative) a day; None beyond the calendar."""
    if unit == "working_days":
        return calendar.add(day, size) if day < FOREVER else None
    found = day + size
    return found if 0 < found < FOREVER else None


def due(deadline: Deadline, start: int, end: int, calendar: Calendar) -> int | None:
    """The last day on which a counterpart is in time; None if that is unknown or never."""
    if start > end:
        return None
    return add(edge_of(start, end, deadline.edge), deadline.size, deadline.unit, calendar)
