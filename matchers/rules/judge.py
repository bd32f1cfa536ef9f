"""What follows for one anchor from what was found, by kind of rule: clear, explained or open.

Rules: explained means that what was found would be open, were it not for exculpations; sums of bands are of
lower edges, so that a line is crossed only where that is certain; a counterpart is missed only when its deadline
has passed and its source has been delivered in full at least once; nothing is open before the sources that could
speak for the person have been.
Must not know: where facts came from.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec

from matchers.rules.source import Found, Source
from matchers.temporal import due
from topics.calendar import Calendar
from topics.catalog import EvidenceSource, Rule, Threshold
from topics.facts import Fact, State


class Moment(NamedTuple):
    """What an outcome depends on beside facts: the business date (ordinal, 0 before the first tick) and sources."""

    day: int
    delivered: Callable[[str], bool]


class Judgement(msgspec.Struct, frozen=True):
    """`found` is empty where clear; `speaks`: facts that excuse everything; `waits`: what may change it by itself."""

    state: State
    found: Sequence[Found] = ()
    speaks: Sequence[Found] = ()
    waits: Sequence[str] = ()


class Case(msgspec.Struct, frozen=True):
    """One anchor, and what its rule found in each source."""

    rule: Rule
    sources: Sequence[Source]
    calendar: Calendar
    anchor: Fact
    found: list[Found]
    speaks: list[Found]
    moment: Moment


CLEAR = Judgement(State.CLEAR)


def waits_for_day(day: int) -> str:
    """Name of the wait for the beginning of a business date; names sort as days do."""
    return f"day:{day:07}"


def waits_for_resource(resource: str) -> str:
    """Name of the wait for a resource to be delivered in full."""
    return f"resource:{resource}"


def judge(case: Case) -> Judgement:
    """Judge by the rule's kind."""
    return _KINDS[case.rule.kind](case)


def _settled(case: Case, reaches: Callable[[Sequence[Found]], bool]) -> Judgement:
    """Clear unless what was found reaches the mark; explained unless it does without what is exculpated."""
    if not reaches(case.found):
        return CLEAR
    found = sorted(case.found, key=lambda f: f.order)
    counts = reaches([f for f in found if f.exculpation is None])
    return _weighed(case, found) if counts else Judgement(State.EXPLAINED, found, case.speaks)


def _weighed(case: Case, found: Sequence[Found]) -> Judgement:
    """Explained by a fact elsewhere, or open; or to be asked once every source of such facts was delivered."""
    if case.speaks:
        return Judgement(State.EXPLAINED, found, case.speaks)
    elsewhere = dict.fromkeys(e.resource for e in case.rule.exculpations)
    silent = [waits_for_resource(name) for name in elsewhere if not case.moment.delivered(name)]
    return Judgement(State.CLEAR, waits=silent) if silent else Judgement(State.OPEN, found)


def _conflict(case: Case) -> Judgement:
    return _settled(case, lambda found: _sources(found) >= case.rule.require)


def _sources(found: Sequence[Found]) -> int:
    return len({(f.source.resource, f.source.subject_field) for f in found})


def _duplicate(case: Case) -> Judgement:
    return _settled(case, lambda found: len(found) >= case.rule.allowed)


def _threshold(case: Case) -> Judgement:
    threshold = case.rule.threshold
    assert threshold is not None  # topics.catalog.kind_checks
    line = _line(threshold, case.anchor)
    if line is None:
        return CLEAR
    measure = len if threshold.measure == "count" else _sum
    return _settled(case, lambda found: bool(found) and measure(found) >= line)


def _line(threshold: Threshold, anchor: Fact) -> int | None:
    if threshold.anchor is None:
        return threshold.line
    upper = band(anchor.codes.get(threshold.anchor))[1]
    return None if upper is None else upper + threshold.line


def _sum(found: Sequence[Found]) -> int:
    return sum(_amount(f) for f in found)


def _amount(found: Found) -> int:
    assert isinstance(found.source, EvidenceSource)
    return band(found.fact.codes.get(found.source.amount or ""))[0] if found.fact else 0


@lru_cache(maxsize=4_096)
def band(name: str | None) -> tuple[int, int | None]:
    """Lower edge and (excluded) upper edge of '500-1000' or '1000+'; (0, None) where nothing is known."""
    if not name:
        return 0, None
    low, _, high = name.rstrip("+").partition("-")
    return int(low), int(high) if high else None


def _missing(case: Case) -> Judgement:
    required = case.rule.require
    if len(case.found) >= required == 1:
        return CLEAR
    there = {(f.source.resource, f.source.subject_field) for f in case.found}
    absent = [s for s in case.sources if (s.declared.resource, s.declared.subject_field) not in there]
    last = _last_day(case)
    if len(there) >= required or last is None:
        return CLEAR
    if case.moment.day <= last:
        return Judgement(State.CLEAR, waits=(waits_for_day(last + 1),))
    unsure = [s.declared.resource for s in absent if not case.moment.delivered(s.declared.resource)]
    if len(there) + len(unsure) >= required:
        return Judgement(State.CLEAR, waits=[waits_for_resource(name) for name in dict.fromkeys(unsure)])
    lacking = sorted((Found(s.declared, "", None, None) for s in absent), key=lambda f: f.order)
    return _weighed(case, lacking)


def _last_day(case: Case) -> int | None:
    assert case.rule.deadline is not None  # topics.catalog.kind_checks
    return due(case.rule.deadline, case.anchor.start, case.anchor.end, case.calendar)


_KINDS: dict[str, Callable[[Case], Judgement]] = {
    "conflict": _conflict,
    "mismatch": _conflict,
    "duplicate": _duplicate,
    "threshold": _threshold,
    "missing": _missing,
}
