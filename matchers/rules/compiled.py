"""One rule in force, compiled: which anchors it asks about, what it finds, which anchors a change touches.

Rules: pure; the outcome of a check depends on the subject's facts, the business date and what is delivered.
Must not know: other rules, what was said before.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from matchers.rules.judge import CLEAR, Case, Judgement, Moment, judge
from matchers.rules.source import Found, Source, fits
from topics.calendar import WEEKENDS, Calendar
from topics.catalog import Rule
from topics.facts import Fact, Outcome, State, Subject, source_of
from topics.held import Held


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule with its sources resolved; `looks_at`: by source name, everything it looks at there.

    `clear`: what is kept of a check that came out clear, the same for each of this version and force.
    """

    rule: Rule
    anchor: str
    calendar: Calendar
    evidence: tuple[Source, ...]
    exculpating: tuple[Source, ...]
    looks_at: Mapping[str, tuple[Source, ...]]
    trial: bool
    clear: Outcome

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
        clear = Outcome(int(State.CLEAR), b"%dt" % rule.version if trial else b"%d" % rule.version)
        return cls(rule, anchor, days, evidence, exculpating, looks_at, trial, clear)

    def asks(self, anchor: Fact) -> bool:
        """Whether a fact of the anchor's source is an anchor now."""
        where = self.rule.anchor_where
        return anchor.live and (not where or fits(where, anchor))

    def evaluate(self, subject: Subject, handle: str, anchor: Fact, moment: Moment) -> Judgement:
        """Outcome of the check on one anchor that `asks` holds for."""
        facts = subject.facts
        found: list[Found] = []
        for source in self.evidence:
            if held := facts.get(source.name):
                found += source.hits(held, handle, anchor)
        if not found and self.rule.kind != "missing":
            return CLEAR
        speaks: list[Found] = []
        for source in self.exculpating:
            if held := facts.get(source.name):
                speaks += source.hits(held, handle, anchor)
        speaks.sort(key=lambda f: f.order)
        return judge(Case(self.rule, self.evidence, self.calendar, anchor, found, speaks, moment))

    def touched(self, subject: Subject, source: str, facts: Iterable[Fact]) -> list[str]:
        """Anchor handles whose outcome may have changed when `facts` of a source it looks at came or went.

        The subject has anchors.
        """
        anchors = subject.facts[self.anchor]
        places, live = self.looks_at[source], [fact for fact in facts if fact.live]
        nearby = anchors
        if isinstance(anchors, Held) and all(place.shares_day for place in places):
            nearby = dict(found for fact in live for found in anchors.near(fact.start, fact.end))
        return [handle for handle, anchor in nearby.items() if anchor.live and _touches(places, anchor, live)]


def _touches(places: tuple[Source, ...], anchor: Fact, facts: list[Fact]) -> bool:
    for place in places:
        for fact in facts:
            if place.counts(anchor, fact):
                return True
    return False
