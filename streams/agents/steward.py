"""What a worker tells its partitions by itself: the business date, and the rules that its catalog declares.

Rules: only what a partition does not know yet; a rule that was suspended in the log comes back only with a new
version, with a renewed term, or by hand (`crosscheck rules activate`), never by a restart.
Must not know: how controls reach a partition, what they cause.
"""

from dataclasses import replace
from datetime import date

from msgspec import structs

from streams.clock import Clock, now
from streams.steps.rulebook import Rulebook
from topics.calendar import chinese_calendar
from topics.catalog import Catalog, Rule
from topics.control import Control, Force, RuleChange, Tick

LEAP_DAYS = 14
"""A clock this far ahead of the last business day is wrong, or the hub stood still: a person has to say which."""


def rule_change(catalog: Catalog, rule: Rule, force: Force, *, reason: str, by: str) -> RuleChange:
    """A rule's coming into force (or leaving it), complete: its term and the calendar it counts by."""
    calendar = chinese_calendar() if rule.counts_working_days else None
    return RuleChange(rule, force, catalog.valid_until(rule), calendar, reason, by, now())


class Steward:
    """Compares a partition's rulebook with the catalog and the clock."""

    def __init__(self, catalog: Catalog, today: Clock) -> None:
        self._today = today
        self._declared = [
            rule_change(
                catalog, rule, force, reason="activated" if force != "suspended" else force, by="catalog"
            )
            for _, rule in sorted(catalog.rules.items())
            if (force := _force(rule)) is not None
        ]

    def lacking(self, book: Rulebook) -> list[Control]:
        """Controls to append."""
        controls: list[Control] = []
        today = self._today()
        if today is not None and today.toordinal() > book.day and self.leap(book) is None:
            controls.append(Tick(today, now()))
        lacked = (_lacked(book, change) for change in self._declared)
        return controls + [change for change in lacked if change is not None]

    def leap(self, book: Rulebook) -> date | None:
        """What the clock says if that is not believed: a day that passes in error is never taken back."""
        today = self._today()
        ahead = today.toordinal() - book.day if today is not None and book.day else 0
        return today if ahead > LEAP_DAYS else None

    def drifted(self, book: Rulebook) -> list[str]:
        """Rules that the catalog declares otherwise than the log does, under one and the same version."""
        pairs = ((change, book.changes.get(change.rule.id)) for change in self._declared)
        return [
            ours.rule.id for ours, theirs in pairs if theirs is not None and _drifted(ours.rule, theirs.rule)
        ]


def _drifted(ours: Rule, theirs: Rule) -> bool:
    return ours.version == theirs.version and replace(ours, status=theirs.status) != theirs


def _force(rule: Rule) -> Force | None:
    return None if rule.status == "draft" else rule.status


def _lacked(book: Rulebook, change: RuleChange) -> RuleChange | None:
    """What to append of a rule: the declaration, or its word in the log with a calendar that reaches further.

    Without, holidays announced since would count as working days, and a deadline pass too early.
    """
    if _lacks(book, change):
        return change
    known = book.changes.get(change.rule.id)
    if known is None or known.force == "suspended":
        return None
    if (known.force, known.rule.version) != (change.force, change.rule.version):
        return None
    return structs.replace(known, calendar=change.calendar, at=now()) if change.counts_on(known) else None


def _lacks(book: Rulebook, change: RuleChange) -> bool:
    known = book.changes.get(change.rule.id)
    if known is None:
        return change.force != "suspended"
    if change.rule.version != known.rule.version:
        return change.rule.version > known.rule.version
    if change.rule.status != known.rule.status:
        return True
    return known.reason == "expired" and _renewed(change.until, known.until, book.day)


def _renewed(until: date | None, before: date | None, day: int) -> bool:
    return until != before and (until is None or until.toordinal() >= day)
