"""Time and rules in the log: deadlines that pass, rules that come, change, go on trial, expire and are suspended."""

from dataclasses import replace
from datetime import date
from itertools import islice
from typing import Any

import msgspec
import pytest

from streams.steps import memory
from streams.steps.govern import govern
from streams.steps.ledger import Ledger
from streams.steps.memory import Effects
from streams.steps.rulebook import Rulebook
from tests.matchers.making import rule, source, where
from tests.streams.steps.world import BUCKET, TOKENS, Machine, batch_of, encoded, memory_of
from topics.alerts import Alert
from topics.batch import Row
from topics.calendar import Calendar, chinese_calendar
from topics.catalog import Deadline, ExculpatingSource, Exculpation, Rule, Temporal, Text
from topics.catalog.rule import SHARED_DAY
from topics.control import Force, RuleChange, Tick
from topics.facts import Subject

AT = "2025-01-01T00:00:00.000+00:00"
MISSING = rule("missing", deadline=Deadline(30, "days", "start"))
MARCH = (date(2025, 3, 1), date(2025, 3, 31))


class Subjects(dict[bytes, Subject]):
    def __missing__(self, token: bytes) -> Subject:
        return self.setdefault(token, Subject())


def machine(*changes: RuleChange) -> Machine:
    made = Machine(memory_of(Subjects(), Ledger(), Rulebook()))
    for change in changes:
        made.govern(change)
    return made


def change(declared: Rule, force: Force = "active", **more: Any) -> RuleChange:
    return replace_change(RuleChange(declared, force, None, None, "activated", "test", AT), **more)


def replace_change(made: RuleChange, **more: Any) -> RuleChange:
    fields = {name: getattr(made, name) for name in made.__struct_fields__}
    return RuleChange(**fields | more)


def tick(text: str) -> Tick:
    return Tick(date.fromisoformat(text), AT)


def told(made: Machine, resource: str, *handles: str, ends: bool = False, **codes: str) -> Effects:
    rows = [Row("i", handle, 1, "person", TOKENS[0], *MARCH, codes) for handle in handles]
    return made.tell(resource, *rows, ends_run=ends)


def gone(made: Machine, resource: str, handle: str) -> Effects:
    return made.tell(resource, Row("d", handle, 2, "person", TOKENS[0]))


def said(effects: Effects) -> list[tuple[str, str]]:
    return [(alert.handle, alert.state) for alert in effects.alerts]


def test_a_deadline_passes_once_the_source_is_delivered() -> None:
    made = machine(change(MISSING))
    told(made, "b.there", ends=True)
    assert said(told(made, "a.home", "h1")) == []
    assert said(made.govern(tick("2025-03-31"))) == []
    assert said(made.govern(tick("2025-04-01"))) == [("h1", "open")]
    assert said(made.govern(tick("2025-04-02"))) == []
    assert said(told(made, "b.there", "t1")) == [("h1", "withdrawn")]


def test_the_delivery_of_a_source_settles_those_who_waited_for_it() -> None:
    made = machine(change(MISSING))
    made.govern(tick("2025-06-01"))
    assert said(told(made, "a.home", "h1", "h2")) == []
    told(made, "b.there", "t9", ends=False)
    gone(made, "b.there", "t9")
    assert sorted(said(told(made, "b.there", ends=True))) == [("h1", "open"), ("h2", "open")]


def test_a_run_of_changes_delivers_nothing() -> None:
    made = machine(change(MISSING))
    made.govern(tick("2025-06-01"))
    told(made, "a.home", "h1")
    batch = batch_of("b.there", [], 1, ends_run=True, mode="changes")
    assert said(made.feed(batch, [])) == []


def test_a_late_record_is_judged_when_it_comes() -> None:
    made = machine(change(MISSING))
    told(made, "b.there", ends=True)
    made.govern(tick("2025-06-01"))
    assert said(told(made, "a.home", "h1")) == [("h1", "open")]


CONFLICT = rule()
TURNS = {
    "a trial becomes active": (change(CONFLICT, "trial"), change(CONFLICT)),
    "a rule goes on trial again": (change(CONFLICT), change(replace(CONFLICT, version=2), "trial")),
    "another anchor": (change(CONFLICT), change(replace(CONFLICT, version=2, anchor="c.also"))),
    "suspended": (change(CONFLICT), change(CONFLICT, "suspended")),
}


def three_subjects(before: RuleChange) -> Machine:
    """Two of them with something to say of each anchor, one with nothing."""
    made = machine(before)
    for resource in ("a.home", "b.there", "c.also"):
        rows = [
            Row("i", f"{resource}-{t[:1]!r}", 1, "person", t, *MARCH, {})
            for t in TOKENS[: 2 + (resource != "b.there")]
        ]
        made.tell(resource, *rows)
    return made


@pytest.mark.parametrize("done", [1, 2, 3])
@pytest.mark.parametrize("turn", TURNS)
def test_a_turn_that_was_broken_off_says_what_is_left(
    turn: str, done: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "CHUNK", 1)
    before, after = TURNS[turn]
    whole, broken = three_subjects(before), three_subjects(before)
    everything = [encoded(effects) for effects in govern(after, 9, BUCKET, whole.memory)]
    assert len(everything) == 3
    book = msgspec.msgpack.encode(broken.memory.book)
    step = govern(after, 9, BUCKET, broken.memory)
    first = [encoded(effects) for effects in islice(step, done)]
    assert broken.memory.done == done
    kept: Any = broken.memory.store.subjects
    again = memory_of(kept, broken.memory.ledger, msgspec.msgpack.decode(book, type=Rulebook))
    again.begin(done)
    rest = [encoded(effects) for effects in govern(after, 9, BUCKET, again)]
    assert first + rest == everything
    assert Machine(again).picture() == whole.picture()


def test_a_day_never_goes_back() -> None:
    made = machine(change(MISSING))
    told(made, "b.there", ends=True)
    told(made, "a.home", "h1")
    made.govern(tick("2025-04-01"))
    assert said(made.govern(tick("2025-03-01"))) == []
    assert made.memory.book.day == date(2025, 4, 1).toordinal()


def test_working_days_are_those_that_came_with_the_rule() -> None:
    counted = rule("missing", deadline=Deadline(5, "working_days", "end"))
    made = machine(change(counted, calendar=chinese_calendar()))
    told(made, "b.there", ends=True)
    told(made, "a.home", "h1")
    assert said(made.govern(tick("2025-04-08"))) == []
    assert said(made.govern(tick("2025-04-09"))) == [("h1", "open")]


def test_a_rule_that_comes_late_ends_where_one_from_the_start_does() -> None:
    early, late = machine(change(rule())), machine()
    for made in (early, late):
        told(made, "a.home", "h1", "h2")
        told(made, "b.there", "t1")
    effects = late.govern(change(rule()))
    assert sorted(said(effects)) == [("h1", "open"), ("h2", "open")]
    assert {a.alert_id for a in effects.alerts} == set(early.alerts())
    assert {a.revision for a in effects.alerts} == {late.position - 1}


def test_the_same_change_again_says_nothing() -> None:
    made = machine(change(rule()))
    told(made, "a.home", "h1")
    told(made, "b.there", "t1")
    again = made.govern(change(rule(), at="later"))
    assert (again.alerts, again.results, again.events, list(again.dirty)) == ([], [], [], [])


def test_a_new_version_revises_and_an_older_one_is_passed_over() -> None:
    made = machine(change(rule()))
    told(made, "a.home", "h1")
    told(made, "b.there", "t1", kind="old")
    stricter = rule("conflict", source(where=where("kind", "new")), version=2)
    assert said(made.govern(change(stricter))) == [("h1", "withdrawn")]
    assert said(made.govern(change(rule()))) == []
    assert made.memory.book.changes["r"].rule.version == 2


def test_a_version_that_asks_of_fewer_records_takes_back_the_others() -> None:
    made = machine(change(rule()))
    told(made, "a.home", "h1", kind="paid")
    told(made, "a.home", "h2", kind="void")
    told(made, "b.there", "t1")
    effects = made.govern(change(rule(anchor_where=where("kind", "paid"), version=2)))
    assert sorted(said(effects)) == [("h1", "open"), ("h2", "withdrawn")]
    assert sorted((r.handle, r.verdict) for r in effects.results) == [
        ("h1", "discrepancy"),
        ("h2", "withdrawn"),
    ]


def test_a_version_with_another_anchor_begins_anew() -> None:
    made = machine(change(rule()))
    told(made, "a.home", "h1")
    told(made, "b.there", "t1")
    turned = rule("conflict", source("a.home"), anchor="b.there", version=2)
    effects = made.govern(change(turned))
    assert sorted((a.resource, a.handle, a.state) for a in effects.alerts) == [
        ("a.home", "h1", "withdrawn"),
        ("b.there", "t1", "open"),
    ]


def test_suspension_withdraws_and_activation_brings_back() -> None:
    made = machine(change(rule()))
    told(made, "a.home", "h1")
    told(made, "b.there", "t1")
    (before,) = made.alerts()
    assert said(made.govern(change(rule(), "suspended"))) == [("h1", "withdrawn")]
    assert said(told(made, "b.there", "t2")) == []
    (alert,) = made.govern(change(rule())).alerts
    assert (alert.alert_id, alert.state, len(alert.evidence)) == (before, "open", 2)


def test_a_rule_on_trial_opens_no_case() -> None:
    made = machine(change(rule(), "trial"))
    told(made, "a.home", "h1")
    effects = told(made, "b.there", "t1")
    assert [(a.state, a.trial) for a in effects.alerts] == [("open", True)]
    assert not made.results()
    effects = made.govern(change(rule()))
    assert [(a.state, a.trial) for a in effects.alerts] == [("withdrawn", True), ("open", False)]
    assert [r.verdict for r in effects.results] == ["discrepancy"]


def test_a_rule_ends_on_the_day_after_its_last() -> None:
    made = machine(change(rule(), until=date(2025, 6, 30)))
    told(made, "a.home", "h1")
    told(made, "b.there", "t1")
    assert said(made.govern(tick("2025-06-30"))) == []
    effects = made.govern(tick("2025-07-01"))
    assert said(effects) == [("h1", "withdrawn")]
    assert not made.memory.rules.rules
    assert said(made.govern(change(rule(), until=date(2025, 6, 30)))) == []
    renewed = change(rule(), until=date(2026, 6, 30))
    assert said(made.govern(renewed)) == [("h1", "open")]


def events(**more: Any) -> list[tuple[str, str, date | None]]:
    made = machine()
    made.memory.book.day = date(2025, 7, 1).toordinal()
    from streams.steps.govern import govern

    return [
        (event.force, event.reason, event.day)
        for effects in govern(change(rule(), **more), 7, more.pop("bucket", 0), made.memory)
        for event in effects.events
    ]


def test_what_became_of_a_rule_is_said_once() -> None:
    today = date(2025, 7, 1)
    assert events() == [("active", "activated", today)]
    assert events(until=date(2025, 6, 30)) == [("suspended", "expired", today)]
    made = machine(change(rule()))
    assert BUCKET != 0
    assert all(not effects.events for effects in made.said)


def receivers(effects: Effects) -> list[tuple[str, str]]:
    return [(alert.department, alert.state) for alert in effects.alerts]


def test_each_department_is_told_in_its_own_forms() -> None:
    shown = source(discloses="kind")
    both = rule("conflict", shown, disclosure={"a": frozenset({"month", "code"}), "b": frozenset()})
    made = machine(change(both))
    told(made, "a.home", "h1")
    owner, other = told(made, "b.there", "t1", kind="car").alerts
    assert (owner.department, owner.period) == ("a", "2025-03")
    assert [(e.code, e.period) for e in owner.evidence] == [("car", "2025-03")]
    assert owner.batches
    assert (other.department, other.state, other.alert_id) == ("b", "open", owner.alert_id)
    assert (other.period, other.evidence, other.batches, other.exculpations) == ("", [], [], [])


EXEMPT = ExculpatingSource("exempt", "c.also", "person", Temporal(SHARED_DAY), (), Text("豁免", "exempted"))


@pytest.mark.parametrize("kind", ["conflict", "missing"])
def test_nobody_is_asked_before_what_may_speak_for_them_is_delivered(kind: str) -> None:
    made = machine(change(rule(kind, exculpations=(EXEMPT,), deadline=MISSING.deadline)))
    told(made, "b.there", *(["t1"] if kind == "conflict" else []), ends=True)
    made.govern(tick("2025-06-01"))
    assert said(told(made, "a.home", "h1")) == []
    assert said(told(made, "c.also", ends=True)) == [("h1", "open")]
    assert said(told(made, "c.also", "x1")) == [("h1", "explained")]


def test_a_deadline_follows_a_calendar_that_is_announced_later() -> None:
    declared = rule("missing", deadline=Deadline(5, "working_days", "start"))
    week = tuple(date(2025, 3, d).toordinal() for d in range(3, 8))
    made = machine(change(declared, calendar=Calendar()))
    told(made, "b.there", ends=True)
    told(made, "a.home", "h1")
    assert said(made.govern(tick("2025-03-10"))) == [("h1", "open")]
    assert said(made.govern(change(declared, calendar=Calendar(week)))) == [("h1", "withdrawn")]
    for until in (None, date(2026, 1, 1)):
        assert said(made.govern(change(declared, calendar=Calendar(), until=until))) == []
    assert said(made.govern(tick("2025-03-15"))) == [("h1", "open")]


def test_others_are_told_no_handle_and_exculpations_only_as_codes() -> None:
    shown = source(exculpations=(Exculpation("old", "kind", frozenset({"old"}), Text("旧", "old")),))
    told_to = {"a": frozenset({"month"}), "b": frozenset({"month"}), "c": frozenset({"month", "code"})}
    made = machine(change(rule("conflict", shown, disclosure=told_to)))
    told(made, "a.home", "h1")
    owner, month, code = told(made, "b.there", "t1", kind="old").alerts
    assert [a.handle for a in (owner, month, code)] == ["h1", "", ""]
    assert [[e.exculpation for e in a.evidence] for a in (owner, month, code)] == [["old"], [None], ["old"]]
    assert [len(a.exculpations) for a in (owner, month, code)] == [1, 0, 1]


def test_months_and_codes_are_disclosed_apart() -> None:
    shown = source(discloses="kind")
    pieces: dict[str, Alert] = {}
    forms: tuple[tuple[str, frozenset[Any]], ...] = (
        ("month", frozenset({"month"})),
        ("code", frozenset({"code"})),
        ("band", frozenset({"band"})),
    )
    for name, disclosed in forms:
        made = machine(change(rule("conflict", shown, disclosure={"a": disclosed})))
        told(made, "a.home", "h1")
        (pieces[name],) = told(made, "b.there", "t1", kind="car").alerts
    assert {n: [(e.code, e.period) for e in a.evidence] for n, a in pieces.items()} == {
        "month": [(None, "2025-03")],
        "code": [("car", "")],
        "band": [(None, "")],
    }


def test_a_department_that_is_told_no_more_sees_its_alerts_withdrawn() -> None:
    both = rule(disclosure={"a": frozenset(), "b": frozenset()})
    made = machine(change(both))
    told(made, "a.home", "h1")
    assert receivers(told(made, "b.there", "t1")) == [("a", "open"), ("b", "open")]
    alone = replace(both, version=2, disclosure={"a": frozenset()})
    assert receivers(made.govern(change(alone))) == [("b", "withdrawn"), ("a", "open")]


def test_the_rulebook_survives_a_restart() -> None:
    made = machine(change(MISSING))
    told(made, "b.there", ends=True)
    told(made, "a.home", "h1")
    made.govern(tick("2025-03-31"))
    made.save_and_restore()
    assert said(made.govern(tick("2025-04-01"))) == [("h1", "open")]
