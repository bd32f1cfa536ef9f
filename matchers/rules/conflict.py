"""Conflict rules: an anchor fact and evidence facts that cannot both hold on one day.

Outcome: no overlapping evidence, CLEAR; every piece of it falls to an exculpation, EXPLAINED; else OPEN.
Rules: unknown periods never hit; several sources corroborate one check, they do not make several.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from matchers.temporal import overlaps
from topics.catalog import EvidenceSource, Rule
from topics.facts import Fact, State, Subject, source_of


@dataclass(frozen=True, slots=True)
class Found:
    """One evidence fact that overlaps an anchor, and the exculpation it falls to, if any."""

    source: EvidenceSource
    handle: str
    fact: Fact
    exculpation: str | None


@dataclass(frozen=True, slots=True)
class ConflictRule:
    """A rule with its sources resolved: evidence by source name."""

    rule: Rule
    anchor: str
    evidence: Mapping[str, EvidenceSource]

    @classmethod
    def of(cls, rule: Rule) -> "ConflictRule":
        """Compile a declaration."""
        evidence = {source_of(e.resource, e.subject_field): e for e in rule.evidence}
        return cls(rule, source_of(rule.anchor, rule.anchor_subject), evidence)

    def evaluate(self, subject: Subject, anchor: Fact) -> tuple[State, list[Found]]:
        """Outcome of the check on one live anchor, with the evidence in canonical order."""
        found = [
            Found(source, handle, fact, exculpation(source, fact))
            for name, source in self.evidence.items()
            for handle, fact in subject.facts.get(name, _NONE).items()
            if fact.live and overlaps(anchor.start, anchor.end, fact.start, fact.end)
        ]
        if not found:
            return State.CLEAR, found
        found.sort(key=lambda f: (f.source.resource, f.handle))
        explained = all(f.exculpation for f in found)
        return (State.EXPLAINED if explained else State.OPEN), found

    def affected(self, subject: Subject, source: str, handle: str, facts: Iterable[Fact]) -> Iterator[str]:
        """Anchor handles whose outcome may have changed when `facts` of (source, handle) came or went."""
        if source == self.anchor:
            yield handle
        if source in self.evidence:
            periods = [(fact.start, fact.end) for fact in facts if fact.live]
            for anchor_handle, anchor in subject.facts.get(self.anchor, _NONE).items():
                if anchor.live and any(overlaps(anchor.start, anchor.end, *p) for p in periods):
                    yield anchor_handle


_NONE: Mapping[str, Fact] = {}


def exculpation(source: EvidenceSource, fact: Fact) -> str | None:
    """The first declared exculpation that a fact falls to."""
    for candidate in source.exculpations:
        if fact.codes.get(candidate.attribute) in candidate.values:
            return candidate.code
    return None


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Active rules, found by the source that a changed fact belongs to."""

    rules: Mapping[str, ConflictRule]
    by_source: Mapping[str, tuple[ConflictRule, ...]]

    @classmethod
    def of(cls, rules: Iterable[Rule]) -> "RuleSet":
        """Compile every rule; cost per change then follows the rules that touch its source."""
        compiled = {rule.id: ConflictRule.of(rule) for rule in rules}
        by_source: dict[str, tuple[ConflictRule, ...]] = {}
        for rule in compiled.values():
            for name in {rule.anchor, *rule.evidence}:
                by_source[name] = (*by_source.get(name, ()), rule)
        return cls(compiled, by_source)
