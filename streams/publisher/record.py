"""One row of a department's file becomes facts: validated, normalised, tokenised, minimised.

Compiled once per contract. Rules: the first fault of a row refuses it, by field and reason; private fields
are checked for type and then dropped; what is returned can leave the department.
"""

import hashlib
import re
from bisect import bisect_right
from calendar import monthrange
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

import msgspec

from matchers.normalise.numbers import normalise_certificate_no, normalise_property_no
from matchers.normalise.person_id import normalise_person_id
from matchers.normalise.text import fold
from matchers.normalise.uscc import normalise_uscc
from matchers.token import HandleSeal, match_digest, tokenise
from streams.publisher.remedies import refuse
from topics.catalog import Field, Resource
from topics.catalog.model import band_names
from topics.errors import RowRefused
from topics.limits import MAX_KEY

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_AMOUNT = re.compile(r"-?\d{1,15}(\.\d{1,4})?")
_NORMALISE: dict[str, Callable[[str], str | None]] = {
    "person_id": normalise_person_id,
    "uscc": normalise_uscc,
    "property_no": normalise_property_no,
    "certificate_no": normalise_certificate_no,
}
Attribute = tuple[int, str, Callable[[str], str]]
"""Column, name, and what a filled value crosses as."""
ReadPeriod = Callable[[Sequence[str]], tuple[date | None, date | None]]
Subjects = tuple[tuple[str, bytes], ...]


class Fact(NamedTuple):
    """The part of a record that crosses; `subjects` are (field, token) pairs."""

    handle: str
    subjects: Subjects
    start: date | None
    end: date | None
    codes: dict[str, str]

    def digest(self) -> bytes:
        """Sixteen bytes that change when anything that crosses does."""
        return digest_of(msgspec.msgpack.encode(self[1:]))


def digest_of(crossing: bytes) -> bytes:
    """Sixteen bytes of what crosses, in MessagePack."""
    return hashlib.blake2b(crossing, digest_size=16).digest()


@lru_cache(maxsize=65_536)
def parse_day(text: str) -> date | None:
    """YYYY-MM-DD, full-width digits allowed; None if it is no day of the calendar."""
    folded = fold(text)
    try:
        return date.fromisoformat(folded) if _DAY.fullmatch(folded) else None
    except ValueError:
        return None


@lru_cache(maxsize=4_096)
def parse_month(text: str) -> tuple[date, date] | None:
    """YYYY-MM as its first and last day."""
    first = parse_day(f"{fold(text)}-01")
    return (first, first.replace(day=monthrange(first.year, first.month)[1])) if first else None


@lru_cache(maxsize=4_096)
def code_of(text: str) -> str:
    """A code as code lists write it."""
    return fold(text).lower()


_TYPE_CHECK: dict[str, Callable[[str], object]] = {
    "month": parse_month,
    "date": parse_day,
    # What fits as it stands fits folded too.
    "amount": lambda text: _AMOUNT.fullmatch(text) or _AMOUNT.fullmatch(fold(text)),
}


class RecordReader:
    """Reads rows of one resource, one by one; holds its keys. `columns` reads many by the same steps."""

    def __init__(self, resource: Resource, linkage_key: bytes, department_key: bytes) -> None:
        self.resource = resource
        self.seal = HandleSeal(department_key, resource.id).seal
        position = {name: i for i, name in enumerate(resource.header)}
        self.key = position[resource.key_field.name]
        self._key_kind = resource.key_field.kind
        checks = ((f, _check(f)) for f in resource.fields)
        self.checks = [(position[f.name], f, check) for f, check in checks if check is not None]
        self.required = [(position[f.name], f.name) for f in resource.fields if f.required]
        self.subjects = [(position[f.name], f.name, f.kind or "") for f in resource.subject_fields]
        self.attributes = _attributes(resource, position, linkage_key)
        self.period_columns, self.period = _period(resource, position)
        self._linkage_key = linkage_key

    def handle(self, values: Sequence[str]) -> str | None:
        """The handle alone: of a row that deletes, or was refused; None if its key cannot be read."""
        try:
            return self.seal(self.record_key(values[self.key]))
        except (RowRefused, IndexError):
            return None

    def record_key(self, text: str) -> str:
        """The key as it is sealed. Raises RowRefused."""
        text = text.strip()
        if self._key_kind:
            text = _NORMALISE[self._key_kind](text) or ""
        if not 0 < len(text) <= MAX_KEY:
            raise refuse(self.resource.key_field.name, "bad_key")
        return text

    def read(self, values: Sequence[str]) -> Fact:
        """Raises RowRefused with the first fault."""
        for i, name in self.required:
            if not values[i].strip():
                raise refuse(name, "missing")
        for i, declared, check in self.checks:
            if not check(values[i]) and values[i].strip():
                raise refuse(declared.name, _REASON[_nature(declared)])
        start, end = self.period(values)
        return Fact(
            self.seal(self.record_key(values[self.key])),
            self.subjects_of(values),
            start,
            end,
            self.codes_of(values),
        )

    def subjects_of(self, values: Sequence[str]) -> Subjects:
        """Who a checked row is about."""
        made = ((name, self.token(kind, values[i])) for i, name, kind in self.subjects)
        return tuple([(name, token) for name, token in made if token is not None])

    def token(self, kind: str, text: str) -> bytes | None:
        """What stands for an identifier; None for one that is wrong or not there."""
        number = _NORMALISE[kind](text)
        return tokenise(self._linkage_key, kind, number) if number else None

    def codes_of(self, values: Sequence[str]) -> dict[str, str]:
        """What a checked row says, as it crosses. Raises RowRefused."""
        return {name: cross(values[i]) for i, name, cross in self.attributes if values[i].strip()}


def _attributes(resource: Resource, position: dict[str, int], linkage_key: bytes) -> list[Attribute]:
    """Coded, banded and matched attributes, in column order."""
    found: list[Attribute] = []
    for field in resource.fields:
        if field.fact == "code":
            found.append((position[field.name], field.name, code_of))
        elif field.fact == "band":
            found.append((position[field.name], field.name, _band(field)))
        elif field.fact == "match":
            found.append((position[field.name], field.name, _match(field, linkage_key)))
    return found


def _band(declared: Field) -> Callable[[str], str]:
    """An amount as its band. Raises RowRefused below the first."""
    edges, names = declared.bands, band_names(declared.bands)

    def band(text: str) -> str:
        at = bisect_right(edges, Decimal(fold(text))) - 1
        if at < 0:
            raise refuse(declared.name, "below_first_band")
        return names[at]

    return band


def _match(declared: Field, linkage_key: bytes) -> Callable[[str], str]:
    kind = declared.kind or "text"
    normalise = _NORMALISE.get(kind, fold)
    return lru_cache(maxsize=65_536)(lambda text: match_digest(linkage_key, kind, normalise(text) or ""))


_REASON = {
    "person_id": "bad_person_id",
    "uscc": "bad_uscc",
    "property_no": "bad_property_no",
    "certificate_no": "bad_certificate_no",
    "month": "not_a_month",
    "date": "not_a_date",
    "amount": "not_an_amount",
    "code": "not_on_code_list",
}


def _nature(declared: Field) -> str:
    return declared.kind or declared.type


def _check(declared: Field) -> Callable[[str], object] | None:
    """The test that a filled value of a field must pass; None where any text will do."""
    if declared.kind:
        return _NORMALISE[declared.kind]
    if declared.type == "code":
        return lambda text: code_of(text) in declared.codes
    return _TYPE_CHECK.get(declared.type)


def _period(resource: Resource, position: dict[str, int]) -> tuple[tuple[int, ...], ReadPeriod]:
    """How a resource states its period: from which columns, and what a row's is."""
    month, event = resource.fact_field("month"), resource.fact_field("event")
    if month:
        at = position[month.name]
        return (at,), lambda values: parse_month(values[at]) or (None, None)
    if event:
        on = position[event.name]
        return (on,), lambda values: (parse_day(values[on]), parse_day(values[on]))
    start, end = resource.fact_field("start"), resource.fact_field("end")
    columns = tuple(position[field.name] for field in (start, end) if field)
    return columns, _spell(position[start.name] if start else None, end, position)


def _spell(first: int | None, end: Field | None, position: dict[str, int]) -> ReadPeriod:
    last = position[end.name] if end else None

    def spell(values: Sequence[str]) -> tuple[date | None, date | None]:
        start = parse_day(values[first]) if first is not None else None
        stop = parse_day(values[last]) if last is not None and values[last].strip() else None
        if start and stop and stop < start:
            raise refuse(end.name if end else "end", "ends_before_it_starts")
        return start, stop

    return spell
