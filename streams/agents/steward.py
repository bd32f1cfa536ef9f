"""What a worker tells its partitions by itself: the business date, and the rules that its catalog declares.

Rules: only what a partition does not know yet; a rule that was suspended in the log comes back only with a new
version, with a renewed term, or by hand (`crosscheck rules activate`), never by a restart. A rule in force hears of
a term that was cut short or prolonged, and of a newer notice of holidays, under its version.
Must not know: how controls reach a partition, what they cause.
"""

from datetime import date

import msgspec

from streams.clock import Clock, now
from streams.steps.rulebook import Rulebook, drifted
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
        return controls + [told for change in self._declared if (told := _lacking(book, change))]

    def leap(self, book: Rulebook) -> date | None:
        """What the clock says if that is not believed: a day that passes in error is never taken back."""
        today = self._today()
        ahead = today.toordinal() - book.day if today is not None and book.day else 0
        return today if ahead > LEAP_DAYS else None

    def drifted(self, book: Rulebook) -> list[str]:
        """Rules that the catalog declares otherwise than the log does, under one and the same version."""
        pairs = ((change, book.changes.get(change.rule.id)) for change in self._declared)
        return [
            ours.rule.id for ours, theirs in pairs if theirs is not None and drifted(ours.rule, theirs.rule)
        ]


def _force(rule: Rule) -> Force | None:
    return None if rule.status == "draft" else rule.status


def _lacking(book: Rulebook, change: RuleChange) -> RuleChange | None:
    known = book.changes.get(change.rule.id)
    if known is None:
        return None if change.force == "suspended" else change
    if change.rule.version != known.rule.version:
        return change if change.rule.version > known.rule.version else None
    if known.force == "suspended":
        return change if _comes_back(book, change, known) else None
    if change.rule.status == known.rule.status:
        return _with_terms(known, change)
    other_words = change.force != "suspended" and drifted(change.rule, known.rule)
    return None if other_words else change  # as `rules activate` has it: other words are a new version


def _comes_back(book: Rulebook, change: RuleChange, known: RuleChange) -> bool:
    """Only what ended with its term, or by a status in the catalog that is another now; never what a person stopped."""
    if change.force == "suspended":
        return False
    if known.reason == "expired":
        return _renewed(change.until, known.until, book.day)
    return known.reason == "suspended" and change.rule.status != known.rule.status


def _renewed(until: date | None, before: date | None, day: int) -> bool:
    return until != before and (until is None or until.toordinal() >= day)


def _with_terms(known: RuleChange, change: RuleChange) -> RuleChange | None:
    """What is in force, in the words of the log, until the day that the catalog says now and by the calendar that
    reaches further; None where nothing differs."""
    further = change.counts_on(known)
    if change.until == known.until and not further:
        return None
    calendar = change.calendar if further else known.calendar
    return msgspec.structs.replace(
        known, until=change.until, calendar=calendar, reason="term", by="catalog", at=change.at
    )
