"""What a worker tells its partitions by itself: the business date, and the rules that its catalog declares.

Rules: only what a partition does not know yet, and nothing against what was said there since the catalog was read. A
rule that was suspended in the log comes back with a new version, with a renewed term, with another status in its file
if that had suspended it, or by hand (`crosscheck rules activate`); what a person or its precision stopped, never by a
restart. A rule in force hears of a term that was cut short or prolonged, and of a newer notice of holidays, under its
version. Other words are another version: under one that is known they are not taken.
Must not know: how controls reach a partition, what they cause.
"""

from dataclasses import replace
from datetime import date

import msgspec

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
            ours.rule.id
            for ours, theirs in pairs
            if theirs is not None and ours.rule.drifted_from(theirs.rule)
        ]


def _force(rule: Rule) -> Force | None:
    return None if rule.status == "draft" else rule.status


def _lacking(book: Rulebook, change: RuleChange) -> RuleChange | None:
    known = book.changes.get(change.rule.id)
    if known is None:
        return None if change.force == "suspended" else change
    if change.rule.version != known.rule.version:
        return change if change.rule.version > known.rule.version else None
    if change.at <= known.at:  # somebody who has read a later catalog has spoken
        return None
    if known.force == "suspended":
        return change if _comes_back(book, change, known) else None
    if change.rule.status == known.rule.status:
        return _with_terms(known, change)
    if change.force == "suspended":
        return msgspec.structs.replace(change, rule=replace(known.rule, status="suspended"))
    return None if change.rule.drifted_from(known.rule) else change


def _comes_back(book: Rulebook, change: RuleChange, known: RuleChange) -> bool:
    """Only what ended with its term, or by a status in the catalog that is another now; never what a person stopped."""
    if change.force == "suspended" or change.rule.drifted_from(known.rule):
        return False
    if known.reason == "expired":
        return _renewed(change.until, known.until, book.day)
    return known.reason == "suspended" and change.rule.status != known.rule.status


def _renewed(until: date | None, before: date | None, day: int) -> bool:
    return until != before and (until is None or until.toordinal() >= day)


def _with_terms(known: RuleChange, change: RuleChange) -> RuleChange | None:
    """What is in force, until the day and by the calendar that the catalog says now; None where nothing differs.

    Other words may stand on other grants: they cut a term short, but do not prolong it.
    """
    until = change.until
    if change.rule.drifted_from(known.rule):
        until = min((day for day in (until, known.until) if day is not None), default=None)
    if until == known.until and not change.counts_on(known):
        return None
    terms = {"until": until, "calendar": change.calendar}
    return msgspec.structs.replace(known, **terms, reason="term", by="catalog", at=change.at)
