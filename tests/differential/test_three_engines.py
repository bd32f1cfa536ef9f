"""Two engines and a reference: random declarations over random histories, and not one difference.

Each example is one rule in two versions and another rule, over several histories (some are the same story, delivered
in several ways); every history is one case for each rule. FUZZ_EXAMPLES (`make fuzz`): examples of each kind.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from matchers.rules.compiled import CompiledRule
from tests.differential.budget import search
from tests.differential.declarations import KINDS, Declared, declarations
from tests.differential.engines import (
    Check,
    Checks,
    Told,
    at_rest,
    fill,
    of_reference,
    of_sql,
    of_stream,
    reference,
    stream,
)
from tests.differential.histories import History, deliveries
from tests.differential.reference import CLEAR, EXPLAINED, OPEN
from tests.differential.world import RUNNING
from topics.alerts import Alert
from topics.catalog import Rule
from topics.catalog.rule import RuleKind

pytestmark = pytest.mark.timeout(1_800)  # a difference takes minutes to be made small
STORIES, TIMES = 36, 4
"""Stories of an example, and in how many ways each is delivered."""
VERDICTS = {CLEAR: "clear", EXPLAINED: "explained", OPEN: "discrepancy"}
STATES = {EXPLAINED: "explained", OPEN: "open"}
RULES = ("rule-a", "rule-b")


@dataclass(frozen=True)
class Example:
    """Declarations, and histories in which they come into force."""

    declared: tuple[Declared, ...]
    cases: list[History]

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        """As Hypothesis prints it: what histories are made of, not every record of them."""
        stories = "\n".join(map(repr, self.cases[::TIMES]))
        printer.text(f"{self.declared}\n{len(self.cases)} histories:\n{stories}"[:20_000])

    __repr__ = object.__repr__


@st.composite
def examples(draw: st.DrawFn, kind: RuleKind) -> Example:
    """One example, its first rule of one kind."""
    first = draw(declarations("rule-a", 1, (kind,)))
    declared = (first, draw(declarations("rule-b", 1)), draw(declarations("rule-a", 2)))
    count = draw(st.integers(1, STORIES))
    return Example(declared, [told for _ in range(count) for told in draw(deliveries(declared, TIMES))])


@pytest.mark.parametrize("kind", KINDS)
def test_stream_and_sql_and_reference_agree(kind: RuleKind) -> None:
    @search()
    @given(examples(kind))
    def agree(example: Example) -> None:
        compare(example.declared, example.cases)

    agree()


def compare(declared: tuple[Declared, ...], cases: list[History]) -> None:
    """All engines on all cases."""
    base = fill(cases)
    by_sql = {rule: of_sql(base, rule, len(cases)) for rule in RULES}
    resting = CompiledRule.of(declared[0].rule, declared[0].calendar)
    rested = at_rest(base, resting, len(cases))
    for number, history in enumerate(cases):
        machine, naive = stream(history), reference(history)
        told = Told.by(machine)
        for rule in RULES:
            expected = of_reference(naive, rule)
            assert by_sql[rule][number] == expected, f"sql\n{history}"
            outcomes = {name: check for name, (check, _) in expected.items()}
            waits = {name: said.waits for name, (said, _) in naive.said.get(rule, {}).items()}
            by_stream = {name: (check, waits[name]) for name, check in outcomes.items()}
            assert of_stream(machine, rule) == by_stream, f"stream\n{history}"
            change = naive.words.get(rule)
            assert told_of(told, rule) == expected_of(change.rule if change else None, expected), (
                f"told\n{history}"
            )
            if change and change.rule == resting.rule and change.force == "active":
                assert rested[number] == outcomes, f"sql at rest\n{history}"


def told_of(told: Told, rule: str) -> object:
    """What departments hold of a rule: verdicts and states that were not withdrawn, and their words."""
    results = {
        name: (r.verdict, r.revision, r.rule_version)
        for name, r in told.results.items()
        if r.rule == rule and r.verdict != "withdrawn"
    }
    alerts = {
        key: (a.state, a.revision, a.rule_version, words_of(a))
        for key, a in told.alerts.items()
        if a.rule == rule and a.state != "withdrawn"
    }
    return results, alerts


def expected_of(rule: Rule | None, expected: Checks) -> object:
    """The same from what the reference says: a rule on trial has no results, a clear check no alert."""
    results = {
        name: (VERDICTS[check.state], revision, check.version)
        for name, (check, revision) in expected.items()
        if not check.trial
    }
    alerts = {
        (name, department, check.trial): (
            STATES[check.state],
            revision,
            check.version,
            said_to(department, rule, check),
        )
        for name, (check, revision) in expected.items()
        if check.state and rule
        for department in rule.disclosure
    }
    return results, alerts


def words_of(alert: Alert) -> object:
    """What a department is told."""
    evidence = [(e.resource, e.code, e.period, e.exculpation, e.absent) for e in alert.evidence]
    checked = [(c.code, c.resource, c.holds) for c in alert.exculpations]
    return alert.period, evidence, checked, alert.batches


def said_to(department: str, rule: Rule, check: Check) -> object:
    """The same from what the reference found: everything, nothing, or everything but the owner's batches."""
    if not rule.disclosure[department]:
        return "", [], [], []
    told = [(p.resource, p.code, _months(p.first, p.last), p.exculpation, p.absent) for p in check.evidence]
    fallen = {(p.resource, p.exculpation) for p in check.evidence}
    asked = [
        (e.code, s.resource, (s.resource, e.code) in fallen) for s in rule.evidence for e in s.exculpations
    ]
    spoken = {(p.exculpation, p.resource) for p in check.speaks}
    asked += [(x.code, x.resource, (x.code, x.resource) in spoken) for x in rule.exculpations]
    first, last, epoch, seq = check.anchor
    batches = {f"{p.resource}/{p.epoch}/0/{p.seq}" for p in (*check.evidence, *check.speaks) if not p.absent}
    owner = sorted({f"{rule.anchor}/{epoch}/0/{seq}", *batches}) if department == rule.department else []
    return _months(first, last), told, asked, owner


def _months(first: int | None, last: int | None) -> str:
    if first is None or last is None or first > last:
        return ""
    begins = date.fromordinal(first).isoformat()[:7]
    ends = ".." if last == RUNNING else date.fromordinal(last).isoformat()[:7]
    return begins if begins == ends else f"{begins}/{ends}"


def test_examples_come_to_something() -> None:
    """Clear, explained and open checks of every kind, so that agreement means something."""
    states: Counter[tuple[str, int]] = Counter()

    @settings(search(), max_examples=150, derandomize=True, phases=[Phase.generate])
    @given(st.sampled_from(KINDS).flatmap(examples))
    def count(example: Example) -> None:
        for history in example.cases[::TIMES]:
            naive = reference(history)
            for rule, change in naive.words.items():
                states.update((change.rule.kind, c.state) for c, _ in of_reference(naive, rule).values())

    count()
    assert all(states[kind, CLEAR] > 30 and states[kind, OPEN] > 3 for kind in KINDS), states
    assert all(states[kind, EXPLAINED] for kind in KINDS), states
