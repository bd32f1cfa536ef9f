"""Which rules are in force at a position of `facts`, and the business date there.

Rules: the newest version of a rule wins, of one version the last word, and a calendar that reaches further; a rule
whose term has run out is suspended that day. Must not know: subjects, what a rule's coming or going causes (govern).
"""

import msgspec

from matchers.rules.compiled import CompiledRule
from matchers.rules.ruleset import RuleSet
from topics.control import RuleChange


class Rulebook(msgspec.Struct, array_like=True):
    """`day`: business date as an ordinal, 0 before the first tick; `changes`: the last word on each rule."""

    day: int = 0
    changes: dict[str, RuleChange] = {}

    def takes(self, change: RuleChange) -> bool:
        """Whether a change says anything new."""
        last = self.changes.get(change.rule.id)
        if last is None:
            return True
        if change.rule.version != last.rule.version:
            return change.rule.version > last.rule.version
        ours, theirs = ((c.force, c.until, c.rule.status) for c in (last, change))
        return ours != theirs or change.counts_on(last)

    def as_of_today(self, change: RuleChange) -> RuleChange:
        """The change as it stands today: suspended, if its term has run out; by the calendar that reaches further."""
        last = self.changes.get(change.rule.id)
        if last is not None and last.rule.version == change.rule.version and last.counts_on(change):
            change = msgspec.structs.replace(change, calendar=last.calendar)
        if change.force == "suspended" or change.until is None or change.until.toordinal() >= self.day:
            return change
        return msgspec.structs.replace(change, force="suspended", reason="expired", by="crosscheck")

    def expired(self) -> list[RuleChange]:
        """Suspensions of the rules whose term has run out by today."""
        ended = ((change, self.as_of_today(change)) for _, change in sorted(self.changes.items()))
        return [after for before, after in ended if after is not before]

    def compiled(self, rule: str) -> CompiledRule | None:
        """A rule that is in force, compiled."""
        change = self.changes.get(rule)
        if change is None or change.force == "suspended":
            return None
        return CompiledRule.of(change.rule, change.calendar, trial=change.force == "trial")

    def rules(self) -> RuleSet:
        """All rules in force."""
        return RuleSet.of(rule for name in self.changes if (rule := self.compiled(name)))
