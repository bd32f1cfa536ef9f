"""Numbers of a catalog: each has both bounds, and the largest of each goes through the log."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from topics.catalog import shapes
from topics.catalog.schema import resource_schema, rule_schema

SHAPES = [
    found
    for found in vars(shapes).values()
    if isinstance(found, type) and issubclass(found, BaseModel) and found.__module__ == shapes.__name__
]
LARGEST_OF_A_RECORD = 2**63 - 1


def numbers(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every place of a JSON Schema that takes a number."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from numbers(item, f"{path}/{index}")
    elif isinstance(node, dict):
        if node.get("type") in ("integer", "number"):
            yield path, node
        for key, value in node.items():
            yield from numbers(value, f"{path}/{key}")


def unbounded(schema: dict[str, Any]) -> list[str]:
    return [path for path, found in numbers(schema) if not lower(found) or not upper(found)]


def lower(found: dict[str, Any]) -> bool:
    return bool({"minimum", "exclusiveMinimum"} & found.keys())


def upper(found: dict[str, Any]) -> bool:
    largest = found.get("maximum", found.get("exclusiveMaximum"))
    return largest is not None and largest <= LARGEST_OF_A_RECORD


@pytest.mark.parametrize("shape", SHAPES, ids=[shape.__name__ for shape in SHAPES])
def test_every_number_has_both_bounds(shape: type[BaseModel]) -> None:
    """A larger one than a record of the log can hold would stop every worker, at each start again."""
    assert unbounded(shape.model_json_schema()) == []


def test_the_bounds_are_looked_for_where_numbers_are() -> None:
    found = {path for shape in SHAPES for path, _ in numbers(shape.model_json_schema())}
    for key in ("version", "volume_cap", "partitions", "margin", "bands", "precision_floor", "working_days"):
        assert any(key in path for path in found), key


@pytest.mark.parametrize("schema", [rule_schema(), resource_schema()], ids=["rule", "resource"])
def test_an_editor_knows_them(schema: dict[str, Any]) -> None:
    """The examples beside a key are no places for numbers."""
    assert unbounded(schema) == []
