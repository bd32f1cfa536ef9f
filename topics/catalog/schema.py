"""JSON Schema of a rule file and of a resource contract, for editors: made from the shapes, so it cannot lag behind.

Rules: what the schema refuses, `crosscheck check` refuses too (it knows more: grants, other files, sense);
descriptions come from schema_keys; with a catalog, names are completed from it and attributes follow the resource.
Must not know: editors, files.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import yaml
from pydantic import BaseModel

from topics.catalog.model import Catalog, Resource
from topics.catalog.schema_keys import NOUNS, RESOURCE_KEYS, RULE_KEYS, Key, example_of, noun_of
from topics.catalog.shapes import ResourceShape, RuleShape, StandardShape, WordyShape

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"

_ROOT = {RuleShape: "rule", ResourceShape: "resource"}
_NAMED = ("properties", "patternProperties", "$defs")
"""Where keys are names and not keywords."""

_CUSTOM = "customProperties"


def rule_schema(catalog: Catalog | None = None) -> Schema:
    """Of a rule file; with `catalog`, of a rule in that catalog."""
    schema = _schema(RuleShape, RULE_KEYS)
    schema["title"] = "Crosscheck rule 比对规则"
    schema["allOf"] = _by_kind()
    if catalog is not None:
        _name(schema, catalog)
    return schema


def resource_schema(catalog: Catalog | None = None) -> Schema:
    """Of a resource contract (Open Data Contract Standard v3 with Crosscheck's custom properties)."""
    schema = _schema(ResourceShape, RESOURCE_KEYS)
    schema["title"] = "Crosscheck resource contract 信息资源数据契约"
    for definition in (schema, *schema["$defs"].values()):
        custom = definition["properties"].get(_CUSTOM)
        if custom is not None:
            definition["properties"][_CUSTOM] = _as_list(schema["$defs"], custom)
    if catalog is not None:
        schema["$defs"]["resource_custom"]["properties"]["department"]["enum"] = sorted(catalog.departments)
    return schema


def nouns(schema: Schema) -> dict[str, Schema]:
    """The objects of a schema by name, the file itself first."""
    root = "rule" if "evidence" in schema["$defs"] else "resource"
    named = {name: _object(definition) for name, definition in schema["$defs"].items()}
    order = [*RULE_KEYS, *RESOURCE_KEYS]
    return {root: schema} | dict(sorted(named.items(), key=lambda pair: order.index(pair[0])))


def key_table(schema: Schema) -> list[str]:
    """Every key in words, as Markdown: a table for each kind of object (RULES.md). * stands for needed."""
    lines: list[str] = []
    for noun, definition in nouns(schema).items():
        held = {name: of for name, of in definition["properties"].items() if of is not True}
        lines += [f"**{NOUNS[noun]}**", "", "| key | says | example |", "|---|---|---|"]
        lines += [
            _key_row(noun, name, of, name in definition.get("required", ())) for name, of in held.items()
        ]
        lines.append("")
    return lines


def _key_row(noun: str, name: str, of: Schema, needed: bool) -> str:
    example = example_of(noun, name)
    written = f"`{example}`" if example else ""
    return f"| `{name}`{' *' if needed else ''} | {of['description']} | {written} |"


def _object(definition: Schema) -> Schema:
    """The long form of a definition that has a short one."""
    forms: list[Schema] = definition.get("anyOf", [definition])
    return forms[-1]


def _schema(model: type[BaseModel], keys: Mapping[str, Mapping[str, Key]]) -> Schema:
    raw = _plain(model.model_json_schema())
    shapes = {shape.__name__: shape for shape in _shapes(model)}
    defs = {noun_of(name): _full(shapes[name], definition) for name, definition in raw.pop("$defs").items()}
    schema = {"$schema": DIALECT, **_full(model, raw), "$defs": defs}
    _describe(schema, keys[_ROOT[model]])
    for name, definition in defs.items():
        _describe(_object(definition), keys[name])
    return schema


def _shapes(model: type[BaseModel]) -> Iterable[type[BaseModel]]:
    """Every shape of the module that `model` is in."""
    found = vars(__import__(model.__module__, fromlist=["_"])).values()
    return [s for s in found if isinstance(s, type) and issubclass(s, BaseModel)]


def _plain(node: Any) -> Any:
    """Without what only pydantic needs: made-up titles, null as an alternative, defaults, unchecked other keys."""
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {k: v for k, v in node.items() if k not in ("title", "default", "description")}
    options = [o for o in kept.pop("anyOf", []) if o != {"type": "null"}]
    assert len(options) <= 1  # an optional key is one type, or is not written
    whole = kept | (options[0] if options else {})
    if "patternProperties" in whole:
        whole["additionalProperties"] = False
    if "$ref" in whole:
        whole["$ref"] = "#/$defs/" + noun_of(whole["$ref"].rpartition("/")[2])
    return {k: _named(v) if k in _NAMED else _plain(v) for k, v in whole.items()}


def _named(nodes: Schema) -> Schema:
    return {name: _plain(node) for name, node in nodes.items()}


def _full(shape: type[BaseModel], definition: Schema) -> Schema:
    """With the short form that it has, and the keys of the standard that Crosscheck passes over."""
    if issubclass(shape, StandardShape):
        definition["properties"] |= dict.fromkeys(sorted(shape.ignored), True)
    if issubclass(shape, WordyShape):
        return {"anyOf": [definition["properties"][shape.word], definition]}
    return definition


def _describe(definition: Schema, keys: Mapping[str, Key]) -> None:
    for name, (says, example) in keys.items():
        held = definition["properties"][name]
        held["description"] = says
        if example:
            held["examples"] = [_value(example)]


def _value(example: str) -> Any:
    """As an editor's YAML reads it: a date stays the text that was written."""
    return _Plainly(example).get_single_data()


class _Plainly(yaml.SafeLoader):
    """YAML's safe types, dates left alone."""


_Plainly.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if not tag.endswith(":timestamp")]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _as_list(defs: Mapping[str, Schema], custom: Schema) -> Schema:
    """Custom properties as the standard writes them: [{property: name, value: ...}]."""
    held = defs[custom["$ref"].rpartition("/")[2]]
    entries = [
        {
            "properties": {"property": {"const": name, "description": of["description"]}, "value": of},
            "required": ["property", "value"],
            "additionalProperties": False,
        }
        for name, of in held["properties"].items()
    ]
    needed = [{"contains": {"properties": {"property": {"const": name}}}} for name in held["required"]]
    about: Schema = {key: custom[key] for key in ("description", "examples") if key in custom}
    return {**about, "type": "array", "items": {"type": "object", "anyOf": entries}, "allOf": needed}


def _by_kind() -> list[Schema]:
    """Keys that one kind of rule needs and no other may have."""
    return [
        {
            "if": {"properties": {"kind": {"const": kind}}},
            "then": {"required": [key]} if needed else {},
            "else": {"properties": {key: False}},
        }
        for key, kind, needed in (
            ("deadline", "missing", True),
            ("threshold", "threshold", True),
            ("allowed", "duplicate", False),
        )
    ]


def _name(schema: Schema, catalog: Catalog) -> None:
    """Names that exist, and for each resource its own attributes."""
    own, defs = schema["properties"], schema["$defs"]
    own["department"]["enum"] = sorted(catalog.departments)
    own["grants"]["items"]["enum"] = sorted(catalog.grants)
    own["disclosure"]["propertyNames"] = {"enum": sorted(catalog.departments)}
    for at in (
        own["anchor"],
        *(defs[name]["properties"]["resource"] for name in ("evidence", "exculpating")),
    ):
        at["enum"] = sorted(catalog.resources)
    for resource in catalog.resources.values():
        schema["allOf"].append(_of(resource, "anchor", "anchor_subject", "anchor_where"))
        for name in ("evidence", "exculpating"):
            looked_at = _of(resource, "resource", "subject_field", "where")
            if name == "evidence":
                looked_at["then"]["properties"] |= _evidence_of(resource)
            defs[name].setdefault("allOf", []).append(looked_at)


def _evidence_of(resource: Resource) -> Schema:
    """What evidence from a resource may disclose, add up, and be excused by."""
    coded = resource.code_fields
    banded = [field.name for field in resource.fields if field.fact == "band"]
    values = [
        {
            "if": {"properties": {"attribute": {"const": name}}, "required": ["attribute"]},
            "then": {"properties": {"values": {"items": {"enum": list(codes)}}}},
        }
        for name, codes in sorted(coded.items())
    ]
    excused: Schema = {"properties": {"attribute": {"enum": sorted(coded)}}}
    return {
        "discloses": {"enum": sorted(coded)},
        "amount": {"enum": banded},
        "exculpations": {"items": excused | ({"allOf": values} if values else {})},
    }


def _of(resource: Resource, key: str, subject: str, where: str) -> Schema:
    """If `key` names this resource: its subjects, its coded attributes and their codes."""
    coded = {name: {"items": {"enum": list(values)}} for name, values in sorted(resource.code_fields.items())}
    return {
        "if": {"properties": {key: {"const": resource.id}}, "required": [key]},
        "then": {
            "properties": {
                subject: {"enum": [field.name for field in resource.subject_fields]},
                where: {"properties": coded, "additionalProperties": False},
            }
        },
    }
