"""All rules in force, found by the source that a changed fact belongs to.

Rule: cost per change follows the rules that look at its source, not all rules. Must not know: how rules come
into force.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from matchers.rules.compiled import CompiledRule


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Compiled rules by id, and by each source they look at."""

    rules: Mapping[str, CompiledRule]
    by_source: Mapping[str, tuple[CompiledRule, ...]]

    @classmethod
    def of(cls, rules: Iterable[CompiledRule]) -> "RuleSet":
        """Index rules, in the order of their ids."""
        compiled = {rule.rule.id: rule for rule in sorted(rules, key=lambda rule: rule.rule.id)}
        by_source: dict[str, tuple[CompiledRule, ...]] = {}
        for rule in compiled.values():
            for name in sorted(rule.sources):
                by_source[name] = (*by_source.get(name, ()), rule)
        return cls(compiled, by_source)

    def turned(self, rule_id: str, rule: CompiledRule | None) -> "RuleSet":
        """The same with one rule come, changed or (None) gone."""
        others = [other for name, other in self.rules.items() if name != rule_id]
        return RuleSet.of([*others, *([rule] if rule else [])])
