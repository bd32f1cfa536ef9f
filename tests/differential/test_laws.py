"""Laws of the stream under any rules: order, a crash, and when a rule comes into force are no matter."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.steps.memory import Effects
from tests.differential.budget import search
from tests.differential.declarations import Declared, declarations
from tests.differential.engines import Told, feed, machine_of, of_stream, stream
from tests.differential.histories import History, Record, deliveries, in_force
from tests.streams.steps.world import Machine
from topics.control import RuleChange

pytestmark = pytest.mark.timeout(1_800)  # a broken law takes minutes to be made small
law = search(times=4)
STORIES = 6
RULES = ("rule-a", "rule-b")


@st.composite
def stories(draw: st.DrawFn, times: int = 4, *, tidy: bool = True) -> list[list[History]]:
    """Several stories, each delivered in several ways."""
    first = draw(declarations("rule-a", 1))
    declared = (first, draw(declarations("rule-b", 1)), draw(declarations("rule-a", 2)))
    count = draw(st.integers(1, STORIES))
    return [draw(deliveries(declared, times, tidy=tidy)) for _ in range(count)]


def outcome(machine: Machine) -> object:
    """Where a partition ends: every check, and every alert and result but for when it was said."""
    told = Told.by(machine)
    alerts = {
        key: (a.state, a.rule_version, a.period, a.evidence, a.exculpations, a.sources, a.batches)
        for key, a in told.alerts.items()
        if a.state != "withdrawn"
    }
    results = {
        name: (r.verdict, r.rule_version) for name, r in told.results.items() if r.verdict != "withdrawn"
    }
    return [of_stream(machine, rule) for rule in RULES], alerts, results


def said(effects: Effects) -> bytes:
    """One answer to the byte; sets have no order of their own."""
    told = (effects.receipt, effects.alerts, effects.results, effects.completeness, effects.events)
    return msgspec.json.encode(told, order="deterministic")


def without_sources(found: object) -> object:
    """But for how far sources were delivered when an alert was made: that is what arrival decides."""
    checks, alerts, results = found
    return checks, {key: (*said[:5], *said[6:]) for key, said in alerts.items()}, results


@law
@given(stories())
def test_order_and_repetition_are_no_matter(told: list[list[History]]) -> None:
    for ways in told:
        plain, *others = (without_sources(outcome(stream(history))) for history in ways)
        assert all(other == plain for other in others), f"\n{ways[0]}"


@law
@given(stories(2, tidy=False), st.integers(0, 60), st.integers(0, 60))
def test_a_replay_after_a_crash_says_the_same_to_the_byte(
    told: list[list[History]], crash: int, again: int
) -> None:
    for history in (one for ways in told for one in ways):
        first, second = stream(history), machine_of()
        for position, record in enumerate(history.records):
            if position in (crash, again):
                second.save_and_restore()
            feed(second, record)
        assert list(map(said, second.said)) == list(map(said, first.said))
        assert second.picture() == first.picture()


@law
@given(declarations("rule-a", 1), st.data())
def test_a_rule_that_comes_late_ends_in_the_same_place(declared: Declared, data: st.DataObject) -> None:
    change, late = in_force(declared), data.draw(st.integers(0, 60))
    for history in data.draw(deliveries((declared,), 4)):
        records = [record for record in history.records if not isinstance(record, RuleChange)]
        early = without_sources(outcome(_heard([change, *records])))
        assert without_sources(outcome(_heard([*records[:late], change, *records[late:]]))) == early
        assert without_sources(outcome(_heard([*records, change]))) == early


def _heard(records: list[Record]) -> Machine:
    machine = machine_of()
    for record in records:
        feed(machine, record)
    return machine
