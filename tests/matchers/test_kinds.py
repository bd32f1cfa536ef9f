"""What each kind of rule makes of a subject's facts: one table, read as sentences."""

from dataclasses import replace
from typing import Any

import pytest

from matchers.rules.compiled import CompiledRule
from matchers.rules.judge import Moment, band, waits_for_day, waits_for_resource
from matchers.rules.ruleset import RuleSet
from tests.matchers.making import (
    HOME,
    UNKNOWN,
    WORDS,
    day,
    excuse,
    fact,
    rule,
    source,
    subject,
    where,
)
from topics.catalog import Compare, Deadline, ExculpatingSource, Rule, Temporal, Threshold
from topics.catalog.rule import PREDICATES, SHARED_DAY
from topics.facts import Fact, State, Subject

CLEAR, EXPLAINED, OPEN = State.CLEAR, State.EXPLAINED, State.OPEN
NOW = Moment(day("12-31"), lambda resource: True)
MARCH = fact("03-01", "03-31")
GONE = Fact(2, MARCH.start, MARCH.end, {}, 1, 1, live=False)
OVERLAPS, PRECEDES = (Temporal(PREDICATES[name]) for name in ("overlaps", "precedes"))
TWO = (source(), source("c.also"))
THREE_DAYS = Temporal(SHARED_DAY, days=3)
DIFFER = Compare("status", "state", "different", {"open": frozenset({"active", "open"})})
SAME = replace(DIFFER, hit="same")
EXEMPT = ExculpatingSource("exempt", "c.also", "person", OVERLAPS, where("kind", "exempt"), WORDS)
IN_30_DAYS = Deadline(30, "days", "start")
COUNT_2 = Threshold("count", 2)
SUM_3000 = Threshold("sum", 3000)
OVER_OWN = Threshold("sum", 0, "pay")
PAID = source(amount="pay")


def pays(*bands: str) -> dict[str, Fact]:
    return {f"p{i}": fact("03-05", "03-05", pay=name) for i, name in enumerate(bands)}


def judged(declared: Rule, held: Subject, moment: Moment = NOW) -> Any:
    anchor = held.facts[HOME]["h"]
    return CompiledRule.of(declared).evaluate(held, "h", anchor, moment)


CASES: dict[str, tuple[Rule, Subject, State]] = {
    "conflict: nothing there": (rule(), subject(home={"h": MARCH}), CLEAR),
    "conflict: last day and first day meet": (
        rule(),
        subject(home={"h": MARCH}, there={"t": fact("03-31")}),
        OPEN,
    ),
    "conflict: the day after is no conflict": (
        rule(),
        subject(home={"h": MARCH}, there={"t": fact("04-01")}),
        CLEAR,
    ),
    "conflict: an unknown period never hits": (
        rule(),
        subject(home={"h": MARCH}, there={"t": UNKNOWN}),
        CLEAR,
    ),
    "conflict: nor does an unknown anchor": (rule(), subject(home={"h": UNKNOWN}, there={"t": MARCH}), CLEAR),
    "conflict: what was deleted is gone": (rule(), subject(home={"h": MARCH}, there={"t": GONE}), CLEAR),
    "conflict: evidence of the wrong code does not count": (
        rule("conflict", source(where=where("kind", "car"))),
        subject(home={"h": MARCH}, there={"t": fact("03-01", "03-02", kind="bike")}),
        CLEAR,
    ),
    "conflict: of the right one it does": (
        rule("conflict", source(where=where("kind", "car", "bus"))),
        subject(home={"h": MARCH}, there={"t": fact("03-01", "03-02", kind="bus")}),
        OPEN,
    ),
    "conflict: all evidence excused is explained": (
        rule("conflict", source(exculpations=excuse("kind", "old"))),
        subject(home={"h": MARCH}, there={"t": fact("03-01", "", kind="old")}),
        EXPLAINED,
    ),
    "conflict: one piece left is open": (
        rule("conflict", source(exculpations=excuse("kind", "old"))),
        subject(home={"h": MARCH}, there={"t": fact("03-01", "", kind="old"), "u": fact("03-01")}),
        OPEN,
    ),
    "conflict: both sources asked for, one there": (
        rule("conflict", *TWO, require=2),
        subject(home={"h": MARCH}, there={"t": MARCH, "u": MARCH}),
        CLEAR,
    ),
    "conflict: both there": (
        rule("conflict", *TWO, require=2),
        subject(home={"h": MARCH}, there={"t": MARCH}, also={"a": MARCH}),
        OPEN,
    ),
    "conflict: both there, one excused": (
        rule("conflict", source(exculpations=excuse("kind", "old")), source("c.also"), require=2),
        subject(home={"h": MARCH}, there={"t": fact("03-01", kind="old")}, also={"a": MARCH}),
        EXPLAINED,
    ),
    "conflict: a fact elsewhere excuses it all": (
        rule(exculpations=(EXEMPT,)),
        subject(home={"h": MARCH}, there={"t": MARCH}, also={"a": fact("03-31", "", kind="exempt")}),
        EXPLAINED,
    ),
    "conflict: not when it came too late": (
        rule(exculpations=(EXEMPT,)),
        subject(home={"h": MARCH}, there={"t": MARCH}, also={"a": fact("04-01", "", kind="exempt")}),
        OPEN,
    ),
    "conflict: evidence that ended before": (
        rule("conflict", source(temporal=PRECEDES)),
        subject(home={"h": MARCH}, there={"t": fact("02-10", "02-28")}),
        OPEN,
    ),
    "conflict: evidence of the first day does not precede": (
        rule("conflict", source(temporal=PRECEDES)),
        subject(home={"h": MARCH}, there={"t": fact("03-01", "03-01")}),
        CLEAR,
    ),
    "conflict: two days in common are not three": (
        rule("conflict", source(temporal=THREE_DAYS)),
        subject(home={"h": MARCH}, there={"t": fact("03-30", "")}),
        CLEAR,
    ),
    "conflict: three are": (
        rule("conflict", source(temporal=THREE_DAYS)),
        subject(home={"h": MARCH}, there={"t": fact("03-29", "")}),
        OPEN,
    ),
    "mismatch: the words differ, the meaning does not": (
        rule("mismatch", source(compare=DIFFER)),
        subject(home={"h": fact("03-01", status="open")}, there={"t": fact("03-01", state="active")}),
        CLEAR,
    ),
    "mismatch: a listed value agrees with what is listed only": (
        rule("mismatch", source(compare=DIFFER)),
        subject(home={"h": fact("03-01", status="open")}, there={"t": fact("03-01", state="closed")}),
        OPEN,
    ),
    "mismatch: a value not listed agrees with itself": (
        rule("mismatch", source(compare=DIFFER)),
        subject(home={"h": fact("03-01", status="shut")}, there={"t": fact("03-01", state="shut")}),
        CLEAR,
    ),
    "mismatch: what is not stated does not differ": (
        rule("mismatch", source(compare=DIFFER)),
        subject(home={"h": fact("03-01", status="open")}, there={"t": fact("03-01")}),
        CLEAR,
    ),
    "conflict: where the same is what counts": (
        rule("conflict", source(compare=SAME)),
        subject(home={"h": fact("03-01", status="open")}, there={"t": fact("03-01", state="active")}),
        OPEN,
    ),
    "duplicate: the later record is asked about": (
        rule("duplicate", source("a.home")),
        subject(home={"h": fact("03-02"), "g": fact("03-01")}),
        OPEN,
    ),
    "duplicate: the earlier stands": (
        rule("duplicate", source("a.home")),
        subject(home={"h": fact("03-01"), "g": fact("03-02")}),
        CLEAR,
    ),
    "duplicate: of one day the handle decides": (
        rule("duplicate", source("a.home")),
        subject(home={"h": fact("03-01"), "g": fact("03-01")}),
        OPEN,
    ),
    "duplicate: in another resource it always counts": (
        rule("duplicate"),
        subject(home={"h": fact("03-01")}, there={"t": fact("05-01")}),
        OPEN,
    ),
    "duplicate: two are allowed": (
        rule("duplicate", source("a.home"), allowed=2),
        subject(home={"h": fact("03-02"), "g": fact("03-01")}),
        CLEAR,
    ),
    "duplicate: a third is not": (
        rule("duplicate", source("a.home"), allowed=2),
        subject(home={"h": fact("03-03"), "g": fact("03-01"), "f": fact("03-02")}),
        OPEN,
    ),
    "threshold: one of two": (
        rule("threshold", threshold=COUNT_2),
        subject(home={"h": MARCH}, there={"t": MARCH}),
        CLEAR,
    ),
    "threshold: two of two": (
        rule("threshold", threshold=COUNT_2),
        subject(home={"h": MARCH}, there={"t": MARCH, "u": MARCH}),
        OPEN,
    ),
    "threshold: two, one of them excused": (
        rule("threshold", source(exculpations=excuse("kind", "old")), threshold=COUNT_2),
        subject(home={"h": MARCH}, there={"t": fact("03-01", kind="old"), "u": MARCH}),
        EXPLAINED,
    ),
    "threshold: lower edges reach the line": (
        rule("threshold", PAID, threshold=SUM_3000),
        subject(home={"h": MARCH}, there=pays("1000-2000", "2000-5000")),
        OPEN,
    ),
    "threshold: the true sum might, the lower edges do not": (
        rule("threshold", PAID, threshold=SUM_3000),
        subject(home={"h": MARCH}, there=pays("2000-5000", "0-1000")),
        CLEAR,
    ),
    "threshold: a band that is not stated adds nothing": (
        rule("threshold", PAID, threshold=SUM_3000),
        subject(home={"h": MARCH}, there=pays("2000-5000") | {"x": MARCH}),
        CLEAR,
    ),
    "threshold: more than the anchor's own band allows": (
        rule("threshold", PAID, threshold=OVER_OWN),
        subject(home={"h": fact("03-01", "03-31", pay="1000-2000")}, there=pays("2000-5000")),
        OPEN,
    ),
    "threshold: perhaps no more than the anchor's own": (
        rule("threshold", PAID, threshold=OVER_OWN),
        subject(home={"h": fact("03-01", "03-31", pay="2000-5000")}, there=pays("2000-5000")),
        CLEAR,
    ),
    "threshold: the highest band has no upper edge": (
        rule("threshold", PAID, threshold=OVER_OWN),
        subject(home={"h": fact("03-01", "03-31", pay="5000+")}, there=pays("5000+", "5000+")),
        CLEAR,
    ),
    "threshold: an anchor without the band": (
        rule("threshold", PAID, threshold=OVER_OWN),
        subject(home={"h": MARCH}, there=pays("5000+")),
        CLEAR,
    ),
    "missing: nothing there after the deadline": (
        rule("missing", deadline=IN_30_DAYS),
        subject(home={"h": MARCH}),
        OPEN,
    ),
    "missing: it came": (
        rule("missing", deadline=IN_30_DAYS),
        subject(home={"h": MARCH}, there={"t": fact("03-31")}),
        CLEAR,
    ),
    "missing: it came outside the anchor's period": (
        rule("missing", deadline=IN_30_DAYS),
        subject(home={"h": MARCH}, there={"t": fact("04-01")}),
        OPEN,
    ),
    "missing: one of two is enough": (
        rule("missing", *TWO, deadline=IN_30_DAYS),
        subject(home={"h": MARCH}, also={"a": MARCH}),
        CLEAR,
    ),
    "missing: unless both are required": (
        rule("missing", *TWO, deadline=IN_30_DAYS, require=2),
        subject(home={"h": MARCH}, also={"a": MARCH}),
        OPEN,
    ),
    "missing: excused from elsewhere": (
        rule("missing", deadline=IN_30_DAYS, exculpations=(EXEMPT,)),
        subject(home={"h": MARCH}, also={"a": fact("03-10", "", kind="exempt")}),
        EXPLAINED,
    ),
    "missing: an unknown beginning is never late": (
        rule("missing", deadline=IN_30_DAYS),
        subject(home={"h": UNKNOWN}),
        CLEAR,
    ),
    "missing: what still runs has no last day to count from": (
        rule("missing", deadline=Deadline(30, "days", "end")),
        subject(home={"h": fact("03-01")}),
        CLEAR,
    ),
}


@pytest.mark.parametrize(("declared", "held", "state"), CASES.values(), ids=CASES.keys())
def test_what_follows(declared: Rule, held: Subject, state: State) -> None:
    found = judged(declared, held)
    assert found.state is state
    assert bool(found.found) == (state is not CLEAR)


@pytest.mark.parametrize(("today", "state"), [("03-31", CLEAR), ("04-01", OPEN)])
def test_a_deadline_passes_at_the_end_of_its_day(today: str, state: State) -> None:
    found = judged(
        rule("missing", deadline=IN_30_DAYS), subject(home={"h": MARCH}), NOW._replace(day=day(today))
    )
    assert found.state is state
    assert list(found.waits) == ([waits_for_day(day("04-01"))] if state is CLEAR else [])


def test_before_the_first_tick_nothing_is_late() -> None:
    found = judged(rule("missing", deadline=IN_30_DAYS), subject(home={"h": MARCH}), NOW._replace(day=0))
    assert (found.state, found.waits) == (CLEAR, (waits_for_day(day("04-01")),))


def test_what_was_never_delivered_is_not_missing() -> None:
    moment = Moment(day("12-31"), lambda resource: resource != "b.there")
    found = judged(rule("missing", *TWO, deadline=IN_30_DAYS), subject(home={"h": MARCH}), moment)
    assert (found.state, list(found.waits)) == (CLEAR, [waits_for_resource("b.there")])
    both = rule("missing", *TWO, deadline=IN_30_DAYS, require=2)
    assert judged(both, subject(home={"h": MARCH}), moment).state is OPEN


def test_rules_come_in_the_order_of_their_ids() -> None:
    """Whatever order they came into force in: what a delivery or a day settles is said in one order."""
    declared = [CompiledRule.of(replace(rule("conflict"), id=name)) for name in ("b", "c", "a")]
    assert [found.rule.id for found in RuleSet.of(declared).rules.values()] == ["a", "b", "c"]


def test_evidence_comes_in_canonical_order() -> None:
    held = subject(home={"h": MARCH}, also={"z": MARCH, "a": MARCH}, there={"m": MARCH})
    found = judged(rule("conflict", source("c.also"), source()), held)
    assert [(f.source.resource, f.handle) for f in found.found] == [
        ("b.there", "m"),
        ("c.also", "a"),
        ("c.also", "z"),
    ]


def test_what_is_missing_is_named() -> None:
    (found,) = judged(rule("missing", deadline=IN_30_DAYS), subject(home={"h": MARCH})).found
    assert (found.source.resource, found.handle, found.fact) == ("b.there", "", None)


@pytest.mark.parametrize(
    ("name", "edges"),
    [
        ("0-500", (0, 500)),
        ("500-1000", (500, 1000)),
        ("1000+", (1000, None)),
        (None, (0, None)),
        ("", (0, None)),
    ],
)
def test_bands_have_edges(name: str | None, edges: tuple[int, int | None]) -> None:
    assert band(name) == edges


def test_an_anchor_of_another_code_is_not_asked_about() -> None:
    compiled = CompiledRule.of(rule(anchor_where=where("kind", "paid")))
    assert compiled.asks(fact("03-01", kind="paid"))
    assert not compiled.asks(fact("03-01", kind="void"))
    assert not compiled.asks(fact("03-01"))


@pytest.mark.parametrize(
    ("declared", "source_name", "kind", "handles"),
    [
        (rule(), HOME, "", ["h"]),
        (rule(), "b.there.person", "", ["h"]),
        (rule(), "c.also.person", "", []),
        (rule(exculpations=(EXEMPT,)), "c.also.person", "exempt", ["h"]),
        (rule(exculpations=(EXEMPT,)), "c.also.person", "other", []),
        (rule("duplicate", source("a.home")), HOME, "", ["g", "h"]),
        (rule("conflict", source(temporal=PRECEDES)), "b.there.person", "", []),
    ],
)
def test_which_checks_a_change_touches(
    declared: Rule, source_name: str, kind: str, handles: list[str]
) -> None:
    held = subject(home={"h": MARCH, "g": fact("03-20", "04-20")} if len(handles) > 1 else {"h": MARCH})
    rules = RuleSet.of([CompiledRule.of(declared)])
    changed = fact("03-25", "03-26", kind=kind) if kind else fact("03-25", "03-26")
    touched = rules.affected(held, source_name, "h", [changed])
    assert sorted({handle for _, handle in touched}) == handles
