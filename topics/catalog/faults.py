"""Pydantic's findings in the words of a catalog steward: what is wrong, and what to write instead.

Rules: one finding per fault, placed at the offending line; a misspelt key gets the name it meant, and the
key then missing is not reported a second time. Must not know: what files exist.
"""

from collections.abc import Iterable
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from topics.catalog.nearest import nearest, remedy_for
from topics.catalog.shapes import StandardShape
from topics.catalog.source import Loc, Source
from topics.errors import CatalogError

S = TypeVar("S", bound=BaseModel)

_WRONG_TYPE = {
    "string_type": "text (in quotes if it looks like a number, a date, yes or no)",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "date_type": "a day, YYYY-MM-DD",
    "list_type": "a list",
    "dict_type": "keys with values",
    "model_type": "keys with values",
    "model_attributes_type": "keys with values",
}
_SHAPES = {
    r"^[a-z][a-z0-9]{0,29}$": "lower-case letters and digits, at most 30, no underscore",
    r"^[a-z][a-z0-9_]{0,59}$": "lower-case letters, digits and underscores, at most 60",
    r"^[a-z][a-z0-9-]{0,59}$": "lower-case letters, digits and hyphens, at most 60",
    r"^[a-z][a-z0-9]{0,29}\.[a-z][a-z0-9_]{0,59}$": "department.resource, as in hrss.social_insurance",
    r"^\d+\.\d+\.\d+$": "three numbers, as in 1.0.0",
    r"^\S+$": "a code without spaces",
}


def shape(model: type[S], source: Source) -> tuple[S | None, list[CatalogError]]:
    """`source` as `model`, or the findings that stand in the way."""
    try:
        return model.model_validate(source.data), []
    except ValidationError as error:
        faults = error.errors(include_url=False)
        keys = {loc: _keys_at(model, loc) for loc in {fault["loc"][:-1] for fault in faults}}
        return None, _findings(source, faults, keys)


def _findings(source: Source, faults: list[ErrorDetails], keys: dict[Loc, set[str]]) -> list[CatalogError]:
    meant = {
        (*fault["loc"][:-1], nearest(str(fault["loc"][-1]), keys[fault["loc"][:-1]]))
        for fault in faults
        if fault["type"] == "extra_forbidden"
    }
    missing_but_misspelt = [f for f in faults if f["type"] == "missing" and f["loc"] in meant]
    return [_finding(source, fault, keys) for fault in faults if fault not in missing_but_misspelt]


def _finding(source: Source, fault: ErrorDetails, keys: dict[Loc, set[str]]) -> CatalogError:
    loc = fault["loc"]
    what, remedy = _words(fault, _name(loc), keys[loc[:-1]])
    return source.finding(loc, what, remedy)


def _words(fault: ErrorDetails, name: str, keys: Iterable[str]) -> tuple[str, str]:
    kind, context = fault["type"], fault.get("ctx", {})
    if kind == "missing":
        return f"{name} is missing", f"add {name}"
    if kind == "extra_forbidden":
        return f"unknown key {name}", remedy_for(name.strip("'"), keys)
    if kind == "literal_error":
        value = fault["input"]
        return f"{name} cannot be {value!r}", f"write {context['expected']}"
    if kind in ("string_too_short", "too_short") or fault["input"] is None:
        return f"{name} is empty", f"give {name} a value"
    if kind in _WRONG_TYPE:
        return f"{name} has the wrong type ({type(fault['input']).__name__})", f"write {_WRONG_TYPE[kind]}"
    if kind == "string_pattern_mismatch":
        wanted = _SHAPES.get(context["pattern"], context["pattern"])
        return f"{name} is not well formed: {fault['input']!r}", f"write {wanted}"
    return f"{name}: {fault['msg'].lower()}", "correct the value"


def _name(loc: Loc) -> str:
    words = [part for part in loc if isinstance(part, str) and part != "[key]"]
    if not words:
        return "the file"
    return f"an entry of {words[-1]!r}" if isinstance(loc[-1], int) else repr(words[-1])


def _keys_at(model: type[BaseModel], loc: Loc) -> set[str]:
    """Keys that the mapping at `loc` may have."""
    for part in loc:
        inner = _inner(model, part)
        if inner is None:
            return set()
        model = inner
    ignored = model.ignored if issubclass(model, StandardShape) else frozenset()
    return {field.alias or name for name, field in model.model_fields.items()} | ignored


def _inner(model: type[BaseModel], part: str | int) -> type[BaseModel] | None:
    """Model under key `part`; list positions and keys of a free mapping stay where they are."""
    field = next((f for name, f in model.model_fields.items() if part == (f.alias or name)), None)
    return model if field is None else _model_in(field.annotation)


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_model_in(part) for part in getattr(annotation, "__args__", ()))
    return next((found for found in inner if found is not None), None)
