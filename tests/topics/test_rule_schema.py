"""The JSON Schema of rules and contracts: takes every shipped file, sees what an editor can see, describes each key."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.topics.test_rule_mistakes import CASES, WRITTEN, edited, town
from topics.catalog import CITY, EXAMPLE, load_catalog
from topics.catalog.schema import nouns, resource_schema, rule_schema
from topics.catalog.schema_keys import RESOURCE_KEYS, RULE_KEYS, Key

__all__ = ["town"]

SHIPPED = EXAMPLE.parent
RULES = sorted(SHIPPED.glob("**/rules/*.yml"))
RESOURCES = sorted(SHIPPED.glob("**/resources/*.yml"))
RULE_SCHEMA, RESOURCE_SCHEMA, TOWN_SCHEMA = rule_schema(), resource_schema(), rule_schema(load_catalog(CITY))


class EditorsLoader(yaml.SafeLoader):
    """YAML 1.2 as editors read it: dates, yes and no are text."""


EditorsLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag.rpartition(":")[2] not in ("timestamp", "bool")]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(path: Path) -> Any:
    return true_and_false(yaml.load(path.read_text(encoding="utf-8"), EditorsLoader))


def true_and_false(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: true_and_false(value) for key, value in node.items()}
    if isinstance(node, list):
        return [true_and_false(value) for value in node]
    return {"true": True, "false": False}.get(node, node) if isinstance(node, str) else node


def faults(schema: dict[str, Any], data: Any) -> list[str]:
    return [f"{e.json_path}: {e.message}" for e in jsonschema.Draft202012Validator(schema).iter_errors(data)]


@pytest.mark.parametrize("schema", [RULE_SCHEMA, RESOURCE_SCHEMA, TOWN_SCHEMA])
def test_it_is_a_json_schema(schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("path", RULES, ids=[path.stem for path in RULES])
def test_shipped_rule(path: Path) -> None:
    """Also with every name of the town, of which the example is a part."""
    assert faults(RULE_SCHEMA, read(path)) == []
    assert faults(TOWN_SCHEMA, read(path)) == []


@pytest.mark.parametrize("path", RESOURCES, ids=[path.stem for path in RESOURCES])
def test_shipped_resource(path: Path) -> None:
    assert faults(RESOURCE_SCHEMA, read(path)) == []


def test_the_rules_of_the_cases(town: Path) -> None:
    """Every kind of rule, with the names of its catalog."""
    schema = rule_schema(load_catalog(town))
    assert {name: faults(schema, read(town / name)) for name in WRITTEN["files"] if "rules/" in name} == {
        name: [] for name in WRITTEN["files"] if "rules/" in name
    }


ABOUT_RULES = [case for case in CASES if case.get("in", "rules/").startswith("rules/")]


@pytest.mark.parametrize("case", ABOUT_RULES, ids=[case["name"] for case in ABOUT_RULES])
def test_what_an_editor_sees_of_a_mistake(town: Path, case: dict[str, Any]) -> None:
    catalog = load_catalog(town)
    try:
        found = faults(rule_schema(catalog), read(edited(town, case)))
    except yaml.YAMLError:
        found = ["not YAML"]
    assert bool(found) == case.get("editor", False), found


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("temporal", "overlaps"),
        ("temporal", {"allen": ["during"], "within": {"working_days": 30, "of": "end"}}),
        ("require", "any"),
        ("require", {"at_least": 2}),
    ],
)
def test_short_and_long_forms(key: str, value: object) -> None:
    data = read(EXAMPLE / "rules" / "benefit-while-employed.yml")
    assert faults(RULE_SCHEMA, data | {key: value}) == []
    assert faults(RULE_SCHEMA, data | {key: "sometimes"}) != []


TABLES = [(RULE_SCHEMA, RULE_KEYS), (RESOURCE_SCHEMA, RESOURCE_KEYS)]
DESCRIBED: list[tuple[dict[str, Any], str, str, Key]] = [
    (schema, noun, name, key)
    for schema, keys in TABLES
    for noun, of in keys.items()
    for name, key in of.items()
]


@pytest.mark.parametrize(("schema", "keys"), TABLES)
def test_every_key_is_described(schema: dict[str, Any], keys: dict[str, Any]) -> None:
    """Keys of the standard that Crosscheck passes over have nothing to say."""
    held = {
        noun: {name for name, of in definition["properties"].items() if of is not True}
        for noun, definition in nouns(schema).items()
    }
    assert held == {noun: set(of) for noun, of in keys.items()}


@pytest.mark.parametrize(
    ("schema", "noun", "name", "key"), DESCRIBED, ids=[f"{noun}.{name}" for _, noun, name, _ in DESCRIBED]
)
def test_the_example_of_a_key_is_one(schema: dict[str, Any], noun: str, name: str, key: Key) -> None:
    held = nouns(schema)[noun]["properties"][name]
    assert held["description"] == key.says
    for example in held.get("examples", []):
        assert faults({**held, "$defs": schema["$defs"]}, example) == []
