"""Many facts of one source, kept in the order in which they begin, so that what may share a day is found at once.

A subject with few facts is looked through; one with many (an employer, a default identifier) would make each change
as dear as the subject is large. Rules: a plain dict to everybody else, on disk too; live facts only are ordered.
Must not know: rules, sources, why a day should be shared.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping

from topics.facts import Fact

MANY = 32
"""From here on order is kept: below it a look through all is faster."""

LONG = 400
"""Days; longer periods, and those that still run, are kept apart."""


class Held(dict[str, Fact]):
    """Facts by handle. Only item assignment changes it: a record that has gone leaves a tombstone."""

    __slots__ = ("_long", "_short")

    def __init__(self, facts: Mapping[str, Fact]) -> None:
        super().__init__(facts)
        found = [(fact.start, handle) for handle, fact in facts.items() if fact.live and not _is_long(fact)]
        self._short = sorted(found)
        self._long = {handle for handle, fact in facts.items() if fact.live and _is_long(fact)}

    def __setitem__(self, handle: str, fact: Fact) -> None:
        before = self.get(handle)
        super().__setitem__(handle, fact)
        if before is not None and before.live:
            self._forget(handle, before)
        if fact.live:
            if _is_long(fact):
                self._long.add(handle)
            else:
                insort(self._short, (fact.start, handle))

    def _forget(self, handle: str, fact: Fact) -> None:
        if _is_long(fact):
            self._long.discard(handle)
        else:
            del self._short[bisect_left(self._short, (fact.start, handle))]

    def near(self, first: int, last: int) -> Iterator[tuple[str, Fact]]:
        """Every live fact that shares a day with [first, last], and some that do not."""
        low, high = (bisect_left(self._short, (day, "")) for day in (first - LONG, last + 1))
        for _, handle in self._short[low:high]:
            yield handle, self[handle]
        for handle in self._long:
            yield handle, self[handle]


def _is_long(fact: Fact) -> bool:
    return fact.end - fact.start >= LONG


def held(facts: dict[str, Fact]) -> dict[str, Fact]:
    """The same facts of one source, in order if they are many."""
    return Held(facts) if len(facts) >= MANY else facts


def near(facts: Mapping[str, Fact], first: int, last: int) -> Iterable[tuple[str, Fact]]:
    """Every live fact that shares a day with [first, last], and maybe others."""
    return facts.near(first, last) if isinstance(facts, Held) else facts.items()
