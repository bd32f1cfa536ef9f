"""What differs between two declarations of a rule, key by key, with sources and reasons told apart by their names.

Rules: pure; sets are compared as sets, so that another order is no difference. Must not know: files, the log.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from topics.catalog import Rule

Values = dict[str, str]
_NAMES = (("resource", "subject_field"), ("code",), ("attribute",))
"""What tells the entries of a list apart, by which of these keys they have."""


class Difference(NamedTuple):
    """One key: what stood there and what stands there; None: nothing."""

    key: str
    old: str | None
    new: str | None


def differences(old: Rule, new: Rule) -> list[Difference]:
    """Keys that differ, in the order of the declaration."""
    before, after = values_of(old), values_of(new)
    return [
        Difference(key, before.get(key), after.get(key))
        for key in dict.fromkeys((*before, *after))
        if before.get(key) != after.get(key)
    ]


def values_of(rule: Rule) -> Values:
    """Every value of a declaration by its key: 'evidence.tax.wage_withholding person_id.text.zh'."""
    return dict(_values("", declaration(rule)))


def declaration(rule: Rule) -> dict[str, Any]:
    """A rule as plain data, sets in order."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(rule, order="deterministic"))
    return plain


def _values(key: str, node: Any) -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        for name, inner in node.items():
            yield from _values(f"{key}.{name}" if key else name, inner)
    elif isinstance(node, list) and any(isinstance(inner, dict) for inner in node):
        for inner in node:
            yield from _entry(key, inner)
    elif isinstance(node, list):
        yield key, ", ".join(map(str, node))
    elif node is not None:
        yield key, str(node)


def _entry(key: str, inner: Any) -> Iterator[tuple[str, str]]:
    """One entry of a list, under its own name; what has none stands under the key itself."""
    if not isinstance(inner, dict):
        yield key, str(inner)
        return
    names = next((names for names in _NAMES if all(name in inner for name in names)), ())
    called = " ".join(str(inner[name]) for name in names)
    rest = {name: value for name, value in inner.items() if name not in names}
    yield from _values(f"{key}.{called}" if called else key, rest)
