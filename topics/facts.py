"""What the hub keeps of a subject: facts by source, and the last outcome of each check.

A source is one subject field of one resource ("market.enterprise.legal_rep_id"). Periods are day ordinals,
both ends inclusive. A deleted fact stays as a tombstone, so that an older version arriving late cannot
revive it. Structs are msgpack arrays on disk (about 150 bytes a subject).
Must not know: names, identifiers, or what a rule makes of a fact.
"""

from datetime import date
from enum import IntEnum

import msgspec

FOREVER = date.max.toordinal()


class Fact(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The newest version of one record's fact about one subject."""

    version: int
    start: int
    end: int
    codes: dict[str, str]
    epoch: int
    seq: int
    live: bool = True


class State(IntEnum):
    """Outcome of one check on the stored facts."""

    CLEAR = 0
    EXPLAINED = 1
    OPEN = 2


class Outcome(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What was last said of a check; `digest` covers everything that was disclosed."""

    state: int
    digest: bytes


class Subject(msgspec.Struct, array_like=True):
    """facts: source -> handle -> fact; outcomes: rule -> anchor handle -> outcome; size: facts, tombstones too."""

    facts: dict[str, dict[str, Fact]] = {}
    outcomes: dict[str, dict[str, Outcome]] = {}
    size: int = 0


def source_of(resource: str, field: str) -> str:
    """Name of a source."""
    return f"{resource}.{field}"


def period_of(start: date | None, end: date | None) -> tuple[int, int]:
    """Day ordinals of a period; an unknown start gives an empty period, which never overlaps."""
    if start is None:
        return 1, 0
    return start.toordinal(), FOREVER if end is None else end.toordinal()
