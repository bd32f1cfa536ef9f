"""What a worker tells its partitions by itself, and when officers' decisions stop a rule."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import date, timedelta

from msgspec import structs

from streams.agents.steward import LEAP_DAYS, Steward, rule_change
from streams.agents.watch import Watch
from streams.clock import no_clock
from streams.steps.rulebook import Rulebook
from tests.matchers.making import rule
from topics.alerts import Disposition
from topics.calendar import Calendar, chinese_calendar
from topics.catalog import Catalog, Deadline, Grant, Rule, Text, load_catalog
from topics.codec import encode
from topics.control import Control, Force, RuleChange, Tick
from topics.records import StoredRecord

TODAY = date(2025, 6, 1)


def catalog(*rules: Rule, until: date | None = None) -> Catalog:
    grants = {}
    if until is not None:
        words = Text("", "")
        grants["g"] = Grant("g", "a", "b.there", words, "", "", "comparison", until, "")
    return replace(load_catalog(), rules={r.id: r for r in rules}, grants=grants)


def lacking(declared: Catalog, *known: RuleChange, day: date | None = None) -> list[Control]:
    book = Rulebook(day.toordinal() if day else 0, {change.rule.id: change for change in known})
    return Steward(declared, lambda: day).lacking(book)


def known(
    declared: Rule, force: Force = "active", reason: str = "activated", until: date | None = None
) -> RuleChange:
    return RuleChange(declared, force, until, None, reason, "test", "")


def forces(controls: list[Control]) -> list[tuple[str, int, str]]:
    return [(c.rule.id, c.rule.version, c.force) for c in controls if isinstance(c, RuleChange)]


def test_a_new_partition_is_told_the_day_and_the_rules() -> None:
    rules = [rule(id=name, status=name) for name in ("active", "trial", "draft", "suspended")]
    controls = Steward(catalog(*rules), lambda: TODAY).lacking(Rulebook())
    assert isinstance(controls[0], Tick)
    assert controls[0].day == TODAY
    assert forces(controls) == [("active", 1, "active"), ("trial", 1, "trial")]


def test_without_a_clock_no_day_is_told() -> None:
    assert Steward(catalog(rule()), no_clock).lacking(Rulebook(0, {"r": known(rule())})) == []


def test_a_clock_that_leaps_is_not_believed() -> None:
    """A deadline that passes in error accuses people, and a day is never taken back."""
    yesterday, declared = TODAY - timedelta(days=LEAP_DAYS), catalog(rule())
    book = Rulebook(yesterday.toordinal(), {"r": known(rule())})
    (tick,) = Steward(declared, lambda: TODAY).lacking(book)
    assert tick == Tick(TODAY, tick.at)
    leaping = Steward(declared, lambda: TODAY + timedelta(days=1))
    assert (leaping.lacking(book), leaping.leap(book)) == ([], TODAY + timedelta(days=1))
    assert Steward(declared, lambda: yesterday - timedelta(days=900)).lacking(book) == []
    assert Steward(declared, no_clock).leap(book) is None


def test_what_is_known_is_not_said_again() -> None:
    assert lacking(catalog(rule()), known(rule()), day=TODAY) == []


def test_a_calendar_that_reaches_further_is_said_in_the_words_of_the_log() -> None:
    """Holidays announced since would be working days until somebody made a new version."""
    declared = rule(kind="missing", deadline=Deadline(15, "working_days", "start"))
    full = chinese_calendar()
    worded = replace(declared, purpose=Text("旧", "as in the log"))
    old = structs.replace(known(worded), calendar=Calendar(full.off[:-20], full.worked[:-10]))
    (said,) = lacking(catalog(declared), old)
    assert isinstance(said, RuleChange)
    assert (said.rule, said.force, said.calendar) == (worded, "active", full)
    assert Rulebook(0, {"r": old}).takes(said)
    assert lacking(catalog(declared), said) == []
    assert lacking(catalog(declared), structs.replace(old, force="suspended", reason="precision")) == []
    further = Calendar((*full.off, full.off[-1] + 400), full.worked)
    assert lacking(catalog(declared), structs.replace(old, calendar=further)) == []


def test_a_new_version_is_said_and_an_old_one_is_not() -> None:
    assert forces(lacking(catalog(rule(version=2)), known(rule()))) == [("r", 2, "active")]
    assert lacking(catalog(rule()), known(rule(version=2))) == []


def test_a_restart_does_not_bring_back_what_was_suspended_in_the_log() -> None:
    assert lacking(catalog(rule()), known(rule(), "suspended", "precision")) == []


def test_nor_does_a_status_that_was_written_after_the_rule_was_activated_from_a_draft() -> None:
    """`rules activate` on a draft, `status: active` in the file as the guide says, `rules suspend`, a restart."""
    for reason in ("by-hand: wrong file", "precision"):
        assert lacking(catalog(rule()), known(rule(status="draft"), "suspended", reason)) == []
    by_catalog = known(rule(status="suspended"), "suspended", "suspended")
    assert forces(lacking(catalog(rule()), by_catalog)) == [("r", 1, "active")]


def test_a_grant_that_is_cut_short_or_prolonged_is_heard_of() -> None:
    """A rule went on by a grant that had been revoked, and stopped, for a night, by one that had been renewed."""
    granted, before = rule(grants=("g",)), date(2026, 5, 1)
    for until in (date(2025, 5, 1), date(2027, 5, 1)):
        (told,) = lacking(catalog(granted, until=until), known(granted, "trial", until=before), day=TODAY)
        assert isinstance(told, RuleChange)
        assert (told.force, told.until, told.reason) == ("trial", until, "term")
        assert lacking(catalog(granted, until=until), told, day=TODAY) == []
    cut = Rulebook(TODAY.toordinal()).as_of_today(known(granted, until=date(2025, 5, 1)))
    assert (cut.force, cut.reason) == ("suspended", "expired")


def test_a_worker_takes_nothing_back_that_was_said_after_it_read_its_catalog() -> None:
    """A grant is renewed, `rules activate` reads it, and a worker that began before knows the old day only."""
    granted, later = rule(grants=("g",)), date(2027, 5, 1)
    began_before = catalog(granted, until=date(2026, 5, 1))
    for by_hand in (
        known(granted, until=later),
        known(granted, "trial", until=later),
        known(granted, "suspended", "expired", until=date(2025, 5, 1)),
        known(rule(grants=("g",), status="trial"), until=later),
    ):
        assert lacking(began_before, by_hand, day=TODAY) != []
        assert lacking(began_before, structs.replace(by_hand, at="9999"), day=TODAY) == []


def test_other_words_under_one_version_neither_come_back_nor_prolong() -> None:
    granted, other = rule(grants=("g",)), rule(grants=("g",), volume_cap=7)
    before = date(2026, 5, 1)
    assert lacking(catalog(other), known(rule(status="suspended"), "suspended", "suspended")) == []
    expired = known(granted, "suspended", "expired", date(2025, 5, 1))
    assert lacking(catalog(other, until=before), expired, day=TODAY) == []
    assert lacking(catalog(other, until=date(2027, 5, 1)), known(granted, until=before), day=TODAY) == []
    (cut,) = lacking(catalog(other, until=date(2026, 1, 1)), known(granted, until=before), day=TODAY)
    assert isinstance(cut, RuleChange)
    assert (cut.rule, cut.until) == (granted, date(2026, 1, 1))


def test_a_status_that_the_steward_changed_is_said() -> None:
    assert forces(lacking(catalog(rule(status="suspended")), known(rule()))) == [("r", 1, "suspended")]
    assert forces(lacking(catalog(rule()), known(rule(status="trial"), "trial"))) == [("r", 1, "active")]
    assert lacking(catalog(rule(status="trial")), known(rule(status="trial"), "active", "by hand")) == []


def test_a_status_does_not_carry_other_words_into_a_version_that_is_in_force() -> None:
    """Decisions on the one would measure the other; `rules activate` refuses the same."""
    on_trial = known(rule(status="trial"), "trial")
    assert lacking(catalog(rule(volume_cap=7)), on_trial) == []
    assert forces(lacking(catalog(rule(volume_cap=7, version=2)), on_trial)) == [("r", 2, "active")]
    (stopped,) = lacking(catalog(rule(volume_cap=7, status="suspended")), on_trial)
    assert isinstance(stopped, RuleChange)
    assert (stopped.force, stopped.rule) == ("suspended", rule(status="suspended"))


def test_a_renewed_grant_brings_an_expired_rule_back() -> None:
    granted = rule(grants=("g",))
    expired = known(granted, "suspended", "expired", date(2025, 5, 1))
    assert lacking(catalog(granted, until=date(2025, 5, 1)), expired, day=TODAY) == []
    renewed = lacking(catalog(granted, until=date(2026, 5, 1)), expired, day=TODAY)
    assert forces(renewed) == [("r", 1, "active")]


def test_a_rules_term_is_the_shortest_of_its_own_and_its_grants() -> None:
    both = rule(grants=("g",), expires=date(2027, 1, 1))
    assert rule_change(catalog(both, until=date(2026, 1, 1)), both, "active", reason="", by="").until == date(
        2026, 1, 1
    )
    assert rule_change(catalog(both), both, "active", reason="", by="").until == date(2027, 1, 1)
    assert rule_change(catalog(rule()), rule(), "active", reason="", by="").until is None


class Decisions:
    """A log with one disposition topic."""

    def __init__(self) -> None:
        self.made: list[Disposition] = []
        self.reads = 0

    def add(self, confirmed: int, dismissed: int, version: int = 1) -> None:
        for decision, count in (("confirmed", confirmed), ("dismissed", dismissed)):
            for _ in range(count):
                name = str(len(self.made))
                self.made.append(Disposition(name, "r", 1, decision, "x", "Li", "", version))

    async def ends(self, topic: str) -> dict[int, int]:
        assert topic == "disposition.a"
        return {0: len(self.made)} if self.made else {}

    async def read(self, topic: str, start: Mapping[int, int]) -> AsyncIterator[list[StoredRecord]]:
        self.reads += 1
        first = start.get(0, 0)
        yield [
            StoredRecord(topic, 0, i, 0, b"", encode(d), ()) for i, d in enumerate(self.made[first:], first)
        ]


def failing(watch: Watch, change: RuleChange) -> list[tuple[str, str]]:
    found = asyncio.run(watch.failing(Rulebook(0, {"r": change})))
    return [(suspension.force, suspension.reason) for suspension in found]


def test_a_rule_is_suspended_when_its_interval_lies_under_the_floor() -> None:
    log = Decisions()
    watch, floored = Watch(log), known(rule(precision_floor=0.3))
    assert failing(watch, floored) == []
    log.add(confirmed=0, dismissed=8)
    assert failing(watch, floored) == []  # 0 of 8: the interval ends at 0.32
    log.add(confirmed=0, dismissed=1)
    assert failing(watch, floored) == [("suspended", "precision")]
    reads = log.reads
    assert failing(watch, floored) == [("suspended", "precision")]
    assert log.reads == reads


def test_decisions_count_for_the_version_they_were_made_on() -> None:
    log = Decisions()
    log.add(confirmed=0, dismissed=20)
    watch = Watch(log)
    assert failing(watch, known(rule(precision_floor=0.3, version=2))) == []
    assert failing(watch, known(rule(precision_floor=0.3))) == [("suspended", "precision")]


def test_only_active_rules_with_a_floor_are_watched() -> None:
    log = Decisions()
    log.add(confirmed=0, dismissed=20)
    watch = Watch(log)
    assert failing(watch, known(rule())) == []
    assert failing(watch, known(rule(precision_floor=0.3), "trial")) == []
    assert failing(watch, known(rule(precision_floor=0.3), "suspended")) == []
    assert log.reads == 0
