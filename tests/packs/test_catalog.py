"""The catalog of the packs: it is whole, it uses the rule language in earnest, and the generator knows its files."""

from collections import Counter

import pytest

from streams.city.town.columns import FILES, header
from tests.oracle.town import RULES
from tests.oracle.town_files import DICTIONARY
from topics.catalog import Catalog, Rule, check_catalog
from topics.catalog.load import CITY
from topics.catalog.rule import SHARED_DAY


def test_it_has_no_findings() -> None:
    assert check_catalog(CITY) == []


def test_its_size(town_catalog: Catalog) -> None:
    assert len(town_catalog.active_rules) == 26
    assert (len(town_catalog.resources), len(town_catalog.departments)) == (60, 16)


def test_every_kind_is_used_in_earnest(town_catalog: Catalog) -> None:
    kinds = Counter(rule.kind for rule in town_catalog.active_rules)
    assert set(kinds) == {"conflict", "missing", "mismatch", "duplicate", "threshold"}
    assert min(kinds.values()) >= 3


def _uses(rule: Rule) -> set[str]:
    """Parts of the rule language that a rule uses."""
    used = set()
    for source in (*rule.evidence, *rule.exculpations):
        window = source.temporal.window
        used |= {"window", f"{window.side} {window.unit}"} if window else set()
        used |= {"at least days"} if source.temporal.days > 1 else set()
        used |= {"allen"} if not source.temporal.relations >= SHARED_DAY else set()
        used |= {"where"} if source.where else set()
    for evidence in rule.evidence:
        used |= {f"compare {evidence.compare.hit}"} if evidence.compare else set()
        used |= {"agree"} if evidence.compare and evidence.compare.agree else set()
        used |= {"exculpation"} if evidence.exculpations else set()
    required = {1: "any", len(rule.evidence): "all"}.get(rule.require, "at least")
    return used | {f"require {required}", f"measure {rule.threshold.measure}" if rule.threshold else ""}


def test_every_part_of_the_rule_language_is_used(town_catalog: Catalog) -> None:
    used: Counter[str] = Counter()
    for rule in town_catalog.active_rules:
        used.update(_uses(rule))
        used["rule-level exculpation"] += bool(rule.exculpations)
        used["anchor where"] += bool(rule.anchor_where)
        used["told to another"] += len(rule.disclosure) > 1
        used["deadline in working days"] += rule.deadline is not None and rule.deadline.unit == "working_days"
        used["deadline in days"] += rule.deadline is not None and rule.deadline.unit == "days"
    wanted = {
        "window",
        "before days",
        "after days",
        "either days",
        "either working_days",
        "at least days",
        "allen",
        "where",
        "compare different",
        "compare same",
        "agree",
        "exculpation",
        "require any",
        "require all",
        "require at least",
        "measure count",
        "measure sum",
    }
    assert wanted - used.keys() == set()
    assert all(used.values())


def test_every_rule_says_what_speaks_for_the_person(town_catalog: Catalog) -> None:
    for rule in town_catalog.active_rules:
        assert rule.exculpations or any(e.exculpations for e in rule.evidence), rule.id
        assert rule.expires is not None
        assert rule.id == "benefit-while-employed" or rule.precision_floor is not None


def test_generator_and_oracle_know_the_same_files(town_catalog: Catalog) -> None:
    for resource in town_catalog.resources.values():
        assert header(resource.id) == resource.header
        assert tuple(name for name, _, _ in DICTIONARY[resource.id]) == resource.header
    assert FILES.keys() == DICTIONARY.keys() == town_catalog.resources.keys()


def test_every_rule_has_an_oracle(town_catalog: Catalog) -> None:
    assert set(RULES) == set(town_catalog.rules)


def test_every_resource_is_looked_at(town_catalog: Catalog) -> None:
    looked_at = {resource for rule in town_catalog.active_rules for resource in rule.resources}
    assert set(town_catalog.resources) - looked_at == set()


@pytest.mark.parametrize("word", ["nationality", "ethnic", "district", "民族", "国籍"])
def test_no_forbidden_input(town_catalog: Catalog, word: str) -> None:
    facts = [f for r in town_catalog.resources.values() for f in r.fields if f.fact]
    assert not [f.name for f in facts if word in f.name or word in f.title.zh]
