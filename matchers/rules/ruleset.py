"""All rules in force, found by the source that a changed fact belongs to.

Rule: cost per change follows the rules that look at its source, not all rules. Must not know: how rules come
into force.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from matchers.rules.compiled import CompiledRule
from topics.facts import Fact, Subject


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Compiled rules by id; by the source of the anchors they ask about; by each source they look at."""

    rules: Mapping[str, CompiledRule]
    asking: Mapping[str, tuple[CompiledRule, ...]]
    looking: Mapping[str, tuple[CompiledRule, ...]]

    @classmethod
    def of(cls, rules: Iterable[CompiledRule]) -> "RuleSet":
        """Index rules, in the order of their ids."""
        compiled = {rule.rule.id: rule for rule in sorted(rules, key=lambda rule: rule.rule.id)}
        asking: dict[str, tuple[CompiledRule, ...]] = {}
        looking: dict[str, tuple[CompiledRule, ...]] = {}
        for rule in compiled.values():
            asking[rule.anchor] = (*asking.get(rule.anchor, ()), rule)
            for name in rule.looks_at:
                looking[name] = (*looking.get(name, ()), rule)
        return cls(compiled, asking, looking)

    @property
    def waiting(self) -> list[CompiledRule]:
        """Rules whose outcomes may change by themselves, with a day or with the delivery of a resource."""
        return [rule for rule in self.rules.values() if rule.rule.waits]

    def affected(
        self, subject: Subject, source: str, handle: str, facts: Iterable[Fact]
    ) -> Iterator[tuple[CompiledRule, str]]:
        """Checks (rule, anchor handle) whose outcome may have changed when `facts` of a record came or went."""
        for rule in self.asking.get(source, ()):
            yield rule, handle
        for rule in self.looking.get(source, ()):
            if rule.anchor in subject.facts:
                for other in rule.touched(subject, source, facts):
                    yield rule, other

    def turned(self, rule_id: str, rule: CompiledRule | None) -> "RuleSet":
        """The same with one rule come, changed or (None) gone."""
        others = [other for name, other in self.rules.items() if name != rule_id]
        return RuleSet.of([*others, *([rule] if rule else [])])
