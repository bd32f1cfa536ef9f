"""One fault of a value or a key, in words: what is wrong, and what to write instead.

Rules: says what stands there and what should, in a steward's words and never in pydantic's; an example where one
helps. Must not know: files, lines.
"""

import re
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any, NamedTuple
from unicodedata import normalize

from pydantic_core import ErrorDetails

from topics.catalog.nearest import nearest, remedy_for
from topics.catalog.punctuation import OPENING, QUOTES, half_width, hint
from topics.catalog.schema_keys import example_of, nouns_with
from topics.limits import MAX_NUMBER

Words = tuple[str, str]

_SHOULD_BE = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "date_type": "a day",
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
    r"^[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}$": "three numbers, as in 1.0.0",
    r"^\S+$": "a code without spaces",
}
_BOUNDS = {
    "greater_than_equal": ("ge", "at least {}"),
    "greater_than": ("gt", "more than {}"),
    "less_than_equal": ("le", "at most {}"),
    "less_than": ("lt", "less than {}"),
}


_PLAIN = re.compile(r"-?(0|[1-9][0-9]*)")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER = re.compile(r"[-+]?\d{1,15}(\.\d{0,15})?([eE][-+]?\d{1,2})?")


class Site(NamedTuple):
    """Where a fault is: the key's name and noun (of topics.catalog.schema_keys), and the keys that may stand there."""

    name: str
    key: str
    noun: str
    keys: Collection[str]


def words(fault: ErrorDetails, site: Site) -> Words:
    """What is wrong, and what to do."""
    kind = fault["type"]
    if kind in ("string_too_short", "too_short") or (fault["input"] is None and kind != "missing"):
        return f"{site.name} is empty", _add("give it a value", site)
    if kind in _SHOULD_BE:
        return _wrong_type(fault, site)
    if kind in _BOUNDS:
        return _out_of_bounds(fault, site)
    said = _OTHERS.get(kind)
    return said(fault, site) if said else (f"{site.name}: {fault['msg'].lower()}", "correct the value")


def odd_number(text: str, value: float, site: Site) -> Words:
    """A number that YAML takes for another than it looks like, or that only looks odd."""
    what = f"{site.name} is written {text!r}, which YAML reads as {_short(value)}"
    looks_like = text.replace("_", "").lstrip("+")
    meant = int(looks_like) if looks_like.lstrip("-").isdecimal() else value
    other = "" if meant == value else f", or {_short(value)} if that is meant"
    return what, f"write it in plain digits: {_short(meant)}{other}"


def _add(what: str, site: Site) -> str:
    """With an example, where there is a short one."""
    example = example_of(site.noun, site.key)
    return f"{what}, as in {site.key}: {example}" if example and len(example) <= 50 else what


def _missing(_: ErrorDetails, site: Site) -> Words:
    return f"{site.name} is missing", _add(f"add {site.key}", site)


def _unknown(_: ErrorDetails, site: Site) -> Words:
    elsewhere = [noun for noun in nouns_with(site.key, site.noun) if noun != site.noun]
    if elsewhere:
        belongs = "the rule itself" if elsewhere[0] in ("rule", "resource") else f"{elsewhere[0]!r}"
        return f"unknown key {site.name} here", f"it belongs to {belongs}: check the indentation"
    return f"unknown key {site.name}", remedy_for(site.key, site.keys) + hint(site.key)


def _not_listed(fault: ErrorDetails, site: Site) -> Words:
    value, expected = fault["input"], str(fault.get("ctx", {})["expected"])
    if isinstance(value, bool):
        return f"{site.name} cannot be {_bool(value)}", f"write {expected}"
    bare, listed = str(value).strip(QUOTES), [word.strip("'") for word in _split(expected)]
    if bare != value and bare in listed:
        return f"{site.name} cannot be {value!r}", f"write {bare!r}, without the full-width quotation marks"
    guess = nearest(str(value), listed) if len(listed) > 1 else None
    remedy = f"did you mean {guess!r}? (one of {expected})" if guess else f"write {expected}"
    return f"{site.name} cannot be {value!r}", remedy + hint(value)


def _split(expected: str) -> list[str]:
    return expected.replace(" or ", ", ").split(", ")


def _bool(value: bool) -> str:
    return "true (an unquoted on, yes or true)" if value else "false (an unquoted off, no or false)"


def _found(value: Any) -> str:
    if isinstance(value, bool):
        return _bool(value)
    kinds = (
        (str, "text"),
        (int, "a number"),
        (float, "a number with a point"),
        (list, "a list"),
        (dict, "keys with values"),
        (datetime, "a day with a time"),
    )
    return next((word for kind, word in kinds if isinstance(value, kind)), "a day")


def _wrong_type(fault: ErrorDetails, site: Site) -> Words:
    should_be, value = _SHOULD_BE[fault["type"]], fault["input"]
    what = f"{site.name} should be {should_be}, not {_found(value)}"
    if site.noun == "text" and should_be == "keys with values":
        bracketed = isinstance(value, str) and value.startswith(tuple(OPENING))
        written = f"{{zh: ..., en: ...}}{hint(value)}" if bracketed else f"{{zh: {value}, en: ...}}"
        return what, f"write both languages: {written}"
    return what, _REMEDIES.get(should_be, _as_example)(value, site)


def _as_text(value: Any, site: Site) -> str:
    if isinstance(value, list | dict):
        return _as_example(value, site)
    return "put it in quotes, as in 'no', '01' or '2030-12-31'"


def _as_list(value: Any, site: Site) -> str:
    if isinstance(value, dict):
        return "begin each entry with '- '"
    if not isinstance(value, str):
        return _as_example(value, site)
    return f"put it in brackets: [{half_width(value).strip('[] ')}]{hint(value)}"


def _as_number(value: Any, site: Site) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        return f"write a whole number, without quotes: {value}"
    meant = _meant(value)
    return "write a whole number" if meant is None else f"write it in plain digits: {meant}"


def _meant(value: Any) -> int | None:
    """The whole number that somebody wrote in a way that YAML does not take for one."""
    text = re.sub(r"[\s,_]", "", half_width(value)) if isinstance(value, str) else str(value)
    if not isinstance(value, str | float) or not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return int(number) if number.is_integer() and number <= MAX_NUMBER else None


def _as_day(value: Any, _: Site) -> str:
    if isinstance(value, datetime):
        return f"write the day alone: {value.date()}"
    written = normalize("NFKC", half_width(value)).replace("/", "-").strip() if isinstance(value, str) else ""
    meant = f": {written}" if _DAY.fullmatch(written) else ""
    return f"write a day, YYYY-MM-DD, without quotes{meant}"


def _as_example(_: Any, site: Site) -> str:
    return _add("write it out", site) if site.key else "see topics/catalog/example for the shape"


_REMEDIES: dict[str, Callable[[Any, Site], str]] = {
    "text": _as_text,
    "a list": _as_list,
    "a whole number": _as_number,
    "a day": _as_day,
    "true or false": lambda _, site: "write true or false, without quotes",
}


def _ill_formed(fault: ErrorDetails, site: Site) -> Words:
    pattern = fault.get("ctx", {})["pattern"]
    remedy = f"write {_SHAPES.get(pattern, pattern)}{hint(fault['input'])}"
    return f"{site.name} is not well formed: {fault['input']!r}", remedy


def _out_of_bounds(fault: ErrorDetails, site: Site) -> Words:
    name, bound = _BOUNDS[fault["type"]]
    limit, value = fault.get("ctx", {})[name], fault["input"]
    remedy = f"write {bound.format(int(limit) if limit == int(limit) else limit)}"
    if limit == 1 and name == "lt" and 1 < value <= 100:
        remedy += f": {value} per cent is {value / 100:g}"
    return f"{site.name} cannot be {_short(value)}", remedy


def _short(number: float) -> str:
    """A number as it is repeated: nobody reads a thousand digits."""
    digits = str(number)
    return digits if len(digits) <= 40 else f"{digits[:12]}... ({len(digits)} digits)"


_OTHERS: dict[str, Callable[[ErrorDetails, Site], Words]] = {
    "missing": _missing,
    "extra_forbidden": _unknown,
    "literal_error": _not_listed,
    "string_pattern_mismatch": _ill_formed,
}
