"""Rows of a generated load as columns of numbers, chunk by chunk, the same for the same shape.

A subject has SLOTS record slots: 12 benefit months, 4 insurance spells, 24 wage months, 2 enterprises. A row
picks a subject, then a slot: the first row of a slot inserts the record, a later one updates it or (3 %) deletes
it, so that a hot subject gets newer versions and never more than SLOTS facts. One subject in five claims benefits,
all in 2025; most of a claimant's other records end before, so that about one check in eight is a discrepancy.
Must not know: tokens, handles, batches, what the rule makes of a row.
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Keys = Literal["uniform", "zipf"]

CHUNK = 200_000
SLOTS = 42
FOREVER = date.max.toordinal()
INSERT, UPDATE, DELETE = 0, 1, 2
BENEFIT, INSURANCE, WAGE, ENTERPRISE = range(4)

_FIRST_SLOT = np.array([0, 12, 16, 40])
_SLOTS_OF = np.array([12, 4, 24, 2])
_CLAIMANT_MIX = np.array([0.70, 0.85, 0.95])
_OTHER_MIX = np.array([0.0, 0.30, 0.90])
"""Shares, summed up, of benefit, insurance and wage rows; the rest are enterprises."""


class Columns(NamedTuple):
    """`row`: number from 0, its version; days are ordinals, both 0 in a delete; `code`: place in its code list."""

    row: Ints
    subject: Ints
    kind: Ints
    slot: Ints
    op: Ints
    start: Ints
    end: Ints
    code: Ints


@dataclass(frozen=True, slots=True)
class Shape:
    """What makes a load: the same shape is the same load, to the byte."""

    subjects: int = 100_000
    rows: int = 1_000_000
    per_batch: int = 500
    keys: Keys = "uniform"
    seed: int = 1

    def __str__(self) -> str:
        return f"{_short(self.subjects)} subjects, {_short(self.rows)} rows, {self.per_batch} a batch, {self.keys}"


def _short(number: int) -> str:
    return f"{number / 1e6:g}M" if number >= 100_000 else f"{number:,}"


def _months() -> tuple[Ints, Ints]:
    """First and last days of the months of 2023, 2024 and 2025."""
    months = [(year, month) for year in (2023, 2024, 2025) for month in range(1, 13)]
    first = [date(year, month, 1).toordinal() for year, month in months]
    last = [date(year, month, calendar.monthrange(year, month)[1]).toordinal() for year, month in months]
    return np.array(first), np.array(last)


_FIRST, _LAST = _months()
_BENEFITS_BEGIN = int(_FIRST[24])


def mix(numbers: Ints, salt: int) -> NDArray[np.uint64]:
    """64 bits that look random for each number (splitmix64)."""
    with np.errstate(over="ignore"):
        z = numbers.astype(np.uint64) + np.uint64((salt * 0x9E3779B97F4A7C15) & (2**64 - 1))
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def chunks(shape: Shape) -> Iterator[Columns]:
    """All rows, in order."""
    seen = np.zeros(shape.subjects * SLOTS, dtype=bool)
    for number, first in enumerate(range(0, shape.rows, CHUNK)):
        rng = np.random.default_rng([shape.seed, number])
        yield _chunk(shape, rng, np.arange(first, min(first + CHUNK, shape.rows)), seen)


def _chunk(shape: Shape, rng: np.random.Generator, row: Ints, seen: NDArray[np.bool_]) -> Columns:
    n = len(row)
    subject = _subjects(shape, rng.random(n))
    claims = mix(subject, shape.seed) % np.uint64(5) == 0
    pick = rng.random(n)
    kinds = [np.searchsorted(shares, pick, side="right") for shares in (_CLAIMANT_MIX, _OTHER_MIX)]
    kind = np.where(claims, kinds[0], kinds[1])
    slot = _FIRST_SLOT[kind] + (rng.random(n) * _SLOTS_OF[kind]).astype(np.int64)
    op = _operations(subject * SLOTS + slot, rng.random(n), seen)
    early = claims & (rng.random(n) < 0.85)
    start, end = _periods(kind, slot, early, rng)
    code = _codes(kind, rng.random(n))
    gone = op == DELETE
    for column in (start, end, code):
        column[gone] = 0
    return Columns(row, subject, kind, slot, op, start, end, code)


def _subjects(shape: Shape, drawn: Floats) -> Ints:
    """Uniform, or Zipf with exponent 1: the k-th subject comes up with a probability of about 1 / k."""
    if shape.keys == "uniform":
        return (drawn * shape.subjects).astype(np.int64)
    ranks: Ints = np.exp(drawn * np.log(shape.subjects + 1)).astype(np.int64)
    return ranks.clip(1, shape.subjects) - 1


def _operations(record: Ints, drawn: Floats, seen: NDArray[np.bool_]) -> Ints:
    """Insert what was never seen, else update or, seldom, delete."""
    op = np.where(drawn < 0.03, DELETE, UPDATE)
    found, first = np.unique(record, return_index=True)
    op[first[~seen[found]]] = INSERT
    seen[found] = True
    return op


def _periods(kind: Ints, slot: Ints, early: NDArray[np.bool_], rng: np.random.Generator) -> tuple[Ints, Ints]:
    """First and last days by kind; `early` ones are over before the first benefit month."""
    n = len(kind)
    place, drawn, length = slot - _FIRST_SLOT[kind], rng.random(n), rng.random(n)
    moved = (drawn < 0.1).astype(np.int64)
    wage_month = np.where(early, place, 24 + place % 12)
    month = np.where(kind == BENEFIT, 24 + (place + moved) % 12, wage_month) % 36
    starts = [_FIRST[month], *_spell_starts(early, drawn)]
    long = (30 + length * 300).astype(np.int64)
    spell_end = np.where(early | (length < 0.7), starts[1] + long, FOREVER)
    enterprise_end = np.where(early, starts[2] + long, np.where(length < 0.2, starts[2] + 10 * long, FOREVER))
    start = np.choose(kind, [starts[0], starts[1], starts[0], starts[2]])
    return start, np.choose(kind, [_LAST[month], spell_end, _LAST[month], enterprise_end])


def _spell_starts(early: NDArray[np.bool_], drawn: Floats) -> tuple[Ints, Ints]:
    spell = np.where(early, _BENEFITS_BEGIN - 730 + drawn * 390, _BENEFITS_BEGIN - 200 + drawn * 500)
    enterprise = _BENEFITS_BEGIN - 3650 + drawn * 3300
    return spell.astype(np.int64), enterprise.astype(np.int64)


def _codes(kind: Ints, drawn: Floats) -> Ints:
    """Insurance: 10 % back payments; enterprises: 70 % active, then dormant, revoked, cancelled."""
    insurance = (drawn < 0.1).astype(np.int64)
    enterprise = np.searchsorted([0.7, 0.8, 0.9], drawn, side="right")
    return np.choose(kind, [np.zeros_like(insurance), insurance, np.zeros_like(insurance), enterprise])
