"""What a backtest says, as figures: nothing here points at a record.

Rules: frozen; a check is one record asked about; a state of None is no alert. Must not know: how it is counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from topics.control import Force

AlertOf = Literal["open", "explained"] | None


class Month(NamedTuple):
    """Checks on records whose period begins in a month ('2008-05'; '' where it is unknown)."""

    month: str
    checks: int
    open: int
    explained: int


LONG = 36
"""Months that a table or chart can show; a longer span is shown by year."""


def periods(months: Sequence[Month]) -> list[Month]:
    """The months with hits or between them, or the years where there are too many; unknown periods last."""
    known, unknown = ([m for m in months if bool(m.month) == held] for held in (True, False))
    if len(known) <= LONG:
        return known + unknown
    years: dict[str, Month] = {}
    for m in known:
        year = m.month[:4]
        before = years.get(year, Month(year, 0, 0, 0))
        sums = (ours + more for ours, more in zip(before[1:], m[1:], strict=True))
        years[year] = Month(year, *sums)
    return [*years.values(), *unknown]


class SourceHits(NamedTuple):
    """Alerts with evidence from one source (resource and field), and pieces of it that are exculpated."""

    resource: str
    field: str
    open: int
    explained: int
    pieces: int
    exculpated: int


class Excuse(NamedTuple):
    """Alerts in which an exculpation holds."""

    resource: str
    code: str
    alerts: int


class Overlap(NamedTuple):
    """Open alerts that another rule in force asks about as well: the same record, the same subject."""

    rule: str
    version: int
    force: Force
    same_record: int
    same_subject: int


class Turn(NamedTuple):
    """Checks whose alert would be another than the version in force has."""

    before: AlertOf
    after: AlertOf
    checks: int


class SourceTurn(NamedTuple):
    """The same by evidence source: what opens and why, what is withdrawn and what it stood on."""

    turn: Literal["opens", "withdraws"]
    resource: str
    field: str
    checks: int


class Load(NamedTuple):
    """What it would ask of officers. `open_now`: all at once on the day it comes into force; `per_month` and
    `busiest`: by the records of the last twelve months that can be judged: none of the future, and where something
    is missed, those whose deadline has passed.
    """

    open_now: int
    cap: int
    per_month: float
    busiest: str
    busiest_open: int
    minutes: int

    @property
    def over_cap(self) -> bool:
        """Whether more would be open at once than officers can look into."""
        return self.open_now > self.cap

    @property
    def hours_now(self) -> float:
        """Hours to look into all that is open at once."""
        return self.open_now * self.minutes / 60

    @property
    def hours_per_month(self) -> float:
        """Hours a month, on average."""
        return self.per_month * self.minutes / 60


@dataclass(frozen=True, slots=True)
class Change:
    """Against the version that is in force; all that is open opens where none is."""

    version: int | None
    force: Force | None
    turns: tuple[Turn, ...]
    by_source: tuple[SourceTurn, ...]

    @property
    def opens(self) -> int:
        """Alerts that would be open and are not."""
        return sum(t.checks for t in self.turns if t.after == "open")

    @property
    def withdraws(self) -> int:
        """Alerts, open or explained, that would be withdrawn."""
        return sum(t.checks for t in self.turns if t.before is not None and t.after is None)

    @property
    def explains(self) -> int:
        """Open alerts that would be explained."""
        return sum(t.checks for t in self.turns if (t.before, t.after) == ("open", "explained"))


@dataclass(frozen=True, slots=True)
class Backtest:
    """One rule on the fact log as it was; `incomplete`: sources that were never delivered in full everywhere."""

    rule: str
    version: int
    day: date | None
    records: int
    checks: int
    open: int
    explained: int
    months: tuple[Month, ...]
    sources: tuple[SourceHits, ...]
    excuses: tuple[Excuse, ...]
    overlaps: tuple[Overlap, ...]
    load: Load
    change: Change
    incomplete: tuple[str, ...]

    @property
    def hits(self) -> int:
        """Open and explained."""
        return self.open + self.explained

    @property
    def explained_share(self) -> float | None:
        """Share of the hits that exculpations explain."""
        return self.explained / self.hits if self.hits else None
