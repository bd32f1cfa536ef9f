"""Pydantic's findings as findings of the catalog: one for each fault, at the offending line.

Rules: a misspelt key gets the name it meant, and the key then missing is not reported a second time; what a short
form stands for is reported at the short form; no number counts that YAML takes for another than it looks like.
Must not know: what files exist, how a fault is said (fault_words).
"""

from collections.abc import Collection
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from topics.catalog.fault_words import Site, odd_number, words
from topics.catalog.nearest import nearest
from topics.catalog.schema_keys import noun_of
from topics.catalog.shapes import StandardShape
from topics.catalog.source import Loc, Source
from topics.errors import CatalogError

S = TypeVar("S", bound=BaseModel)


def shape(model: type[S], source: Source) -> tuple[S | None, list[CatalogError]]:
    """`source` as `model`, or the findings that stand in the way."""
    try:
        fitted, faults = model.model_validate(source.data), []
    except ValidationError as error:
        fitted, faults = None, error.errors(include_url=False)
    findings = _findings(model, source, faults) + _odd_numbers(model, source, faults)
    return (None if findings else fitted), findings


def _findings(model: type[BaseModel], source: Source, faults: list[ErrorDetails]) -> list[CatalogError]:
    meant = {
        (*loc[:-1], nearest(str(loc[-1]), _keys_at(model, loc[:-1])))
        for loc in (fault["loc"] for fault in faults if fault["type"] == "extra_forbidden")
    }
    left = (f for f in faults if not (f["type"] == "missing" and f["loc"] in meant))
    return [_finding(model, source, fault) for fault in left]


def _odd_numbers(model: type[BaseModel], source: Source, faults: list[ErrorDetails]) -> list[CatalogError]:
    """Of those that are read, and have no other fault."""
    found = {fault["loc"] for fault in faults if fault["type"] != "missing"}
    return [
        source.finding(loc, *odd_number(text, _value_at(source.data, loc), _site(model, loc)))
        for loc, text in source.odd.items()
        if not _passed_over(model, loc) and not any(loc[:i] in found for i in range(len(loc) + 1))
    ]


def _value_at(data: Any, loc: Loc) -> Any:
    for part in loc:
        data = data[part]
    return data


def _passed_over(model: type[BaseModel], loc: Loc) -> bool:
    """Whether it stands under a key of the standard that Crosscheck does not read."""
    around = ((_model_at(model, loc[:i]), part) for i, part in enumerate(loc))
    return any(issubclass(found, StandardShape) and part in found.ignored for found, part in around)


def _finding(model: type[BaseModel], source: Source, fault: ErrorDetails) -> CatalogError:
    loc = fault["loc"]
    if fault["type"] != "missing":
        while loc and loc not in source.lines:  # a key of the long form, where the short form is written
            loc = loc[:-1]
    return source.finding(loc, *words(fault, _site(model, loc)))


def _site(model: type[BaseModel], loc: Loc) -> Site:
    named = [part for part in loc if isinstance(part, str) and part != "[key]"]
    if not named:
        return Site("the file", "", noun_of(model.__name__), _keys_at(model, ()))
    key, around = named[-1], loc[: _last(loc, named[-1])]
    entry = isinstance(loc[-1], int)
    name = f"an entry of {key!r}" if entry else repr(key)
    found = _model_at(model, loc if _is_text(model, loc) else around)
    return Site(name, key, noun_of(found.__name__), _keys_at(model, around))


def _last(loc: Loc, key: str) -> int:
    return max(i for i, part in enumerate(loc) if part == key)


def _is_text(model: type[BaseModel], loc: Loc) -> bool:
    """Whether words in two languages belong here."""
    return noun_of(_model_at(model, loc).__name__) == "text"


def _keys_at(model: type[BaseModel], loc: Loc) -> Collection[str]:
    """Keys that the mapping at `loc` may have."""
    found = _model_at(model, loc)
    ignored = found.ignored if issubclass(found, StandardShape) else frozenset()
    return {field.alias or name for name, field in found.model_fields.items()} | ignored


def _model_at(model: type[BaseModel], loc: Loc) -> type[BaseModel]:
    for part in loc:
        model = _inner(model, part)
    return model


def _inner(model: type[BaseModel], part: str | int) -> type[BaseModel]:
    """Model under key `part`; list positions and keys of a free mapping stay where they are."""
    field = next((f for name, f in model.model_fields.items() if part == (f.alias or name)), None)
    return (_model_in(field.annotation) if field else None) or model


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_model_in(part) for part in getattr(annotation, "__args__", ()))
    return next((found for found in inner if found is not None), None)
