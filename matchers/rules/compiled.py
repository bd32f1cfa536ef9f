"""One rule in force, compiled: which anchors it asks about, what it finds, which anchors a change touches.

Rules: pure; the outcome of a check depends on the subject's facts, the business date and what is delivered.
Must not know: other rules, what was said before.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from matchers.rules.judge import CLEAR, Case, Judgement, Moment, judge
from matchers.rules.source import Found, Source, fits
from topics.calendar import WEEKENDS, Calendar
from topics.catalog import Rule
from topics.facts import Fact, Subject, source_of


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule with its sources resolved; `looks_at`: by source name, everything it looks at there."""

    rule: Rule
    anchor: str
    calendar: Calendar
    evidence: tuple[Source, ...]
    exculpating: tuple[Source, ...]
    looks_at: Mapping[str, tuple[Source, ...]]
    trial: bool

    @classmethod
    def of(cls, rule: Rule, calendar: Calendar | None = None, *, trial: bool = False) -> "CompiledRule":
        """Compile a declaration."""
        days, anchor = calendar or WEEKENDS, source_of(rule.anchor, rule.anchor_subject)
        earlier = rule.kind == "duplicate"
        evidence = tuple(Source.of(e, days, anchor=anchor, earlier=earlier) for e in rule.evidence)
        exculpating = tuple(Source.of(e, days, anchor=anchor, earlier=False) for e in rule.exculpations)
        looks_at: dict[str, tuple[Source, ...]] = {}
        for source in (*evidence, *exculpating):
            looks_at[source.name] = (*looks_at.get(source.name, ()), source)
        return cls(rule, anchor, days, evidence, exculpating, looks_at, trial)

    @property
    def sources(self) -> frozenset[str]:
        """Names of the sources whose changes concern it."""
        return frozenset({self.anchor, *self.looks_at})

    def asks(self, anchor: Fact) -> bool:
        """Whether a fact of the anchor's source is an anchor now."""
        where = self.rule.anchor_where
        return anchor.live and (not where or fits(where, anchor))

    def evaluate(self, subject: Subject, handle: str, anchor: Fact, moment: Moment) -> Judgement:
        """Outcome of the check on one anchor that `asks` holds for."""
        facts, found, speaks = subject.facts, list[Found](), list[Found]()
        for source in self.evidence:
            if held := facts.get(source.name):
                found += source.hits(held, handle, anchor)
        for source in self.exculpating:
            if held := facts.get(source.name):
                speaks += source.hits(held, handle, anchor)
        if not found and self.rule.kind != "missing":
            return CLEAR
        speaks.sort(key=lambda f: f.order)
        return judge(Case(self.rule, self.evidence, self.calendar, anchor, found, speaks, moment))

    def affected(self, subject: Subject, source: str, handle: str, facts: Iterable[Fact]) -> Iterator[str]:
        """Anchor handles whose outcome may have changed when `facts` of (source, handle) came or went."""
        if source == self.anchor:
            yield handle
        places, anchors = self.looks_at.get(source), subject.facts.get(self.anchor)
        if places and anchors:
            periods = [(fact.start, fact.end) for fact in facts if fact.live]
            for anchor_handle, anchor in anchors.items():
                if anchor.live and _touches(places, anchor, periods):
                    yield anchor_handle


def _touches(places: tuple[Source, ...], anchor: Fact, periods: list[tuple[int, int]]) -> bool:
    return any(place.holds(anchor.start, anchor.end, *period) for place in places for period in periods)
