"""Cost follows the changed fact: checks are looked at again where a change touches them, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchers.rules.compiled import CompiledRule
from matchers.rules.ruleset import RuleSet
from tests.differential import reference
from tests.differential.budget import search
from tests.differential.declarations import KINDS, Declared, declarations
from tests.differential.engines import stream
from tests.differential.histories import History, deliveries
from tests.differential.world import RUNNING, SOURCES
from topics.catalog.rule import RuleKind
from topics.facts import Fact, Subject, source_of

pytestmark = pytest.mark.timeout(1_800)


def plain(fact: Fact) -> reference.Fact:
    """A stored fact as the reference has it."""
    end = None if fact.end == RUNNING else fact.end
    period = (None, None) if fact.start > fact.end else (fact.start, end)
    return reference.Fact(fact.version, period, fact.codes, fact.epoch, fact.seq, fact.live)


def touched(declared: Declared, subject: Subject, source: str, handle: str, facts: list[Fact]) -> set[str]:
    """Anchors that a change of some facts may concern, found the long way."""
    rule = declared.rule
    anchor_source = source_of(rule.anchor, rule.anchor_subject)
    places = [
        s for s in (*rule.evidence, *rule.exculpations) if source_of(s.resource, s.subject_field) == source
    ]
    found = {handle} if source == anchor_source else set()
    for name, anchor in subject.facts.get(anchor_source, {}).items():
        for place in places:
            for fact in facts:
                ours, theirs = plain(anchor), plain(fact)
                if ours.live and theirs.live and reference.counts(place, declared.calendar, ours, theirs):
                    found.add(name)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_affects_what_it_touches(kind: RuleKind) -> None:
    @search()
    @given(declarations("rule-a", 1, (kind,)), st.lists(deliveries((), 1), min_size=1, max_size=8))
    def exact(declared: Declared, told: list[list[History]]) -> None:
        rules = RuleSet.of([CompiledRule.of(declared.rule, declared.calendar)])
        for (history,) in told:
            for subject in stream(history).memory.store.subjects.values():
                for source in (source_of(*pair) for pair in SOURCES):
                    for handle, fact in subject.facts.get(source, {}).items():
                        found = {name for _, name in rules.affected(subject, source, handle, [fact])}
                        assert found == touched(declared, subject, source, handle, [fact])

    exact()
