"""What the departments have told so far: base rows, later corrections, and the truth kept aside.

Rules: a key is given once; corrections of one key stay in the order they were told.
Must not know: why a row is told, or how files look.
"""

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from streams.city.identity import People, Person
from streams.city.records import RESOURCES, Row
from streams.city.scenarios import Label

Op = Literal["upsert", "delete"]
_SPACE, _STRIDE = 9_999_991, 3_819_653


@dataclass(slots=True)
class Ledger:
    """Rows by kind; the only state of a city while it is being generated."""

    base: dict[type[Row], list[Row]] = field(default_factory=lambda: {kind: [] for kind in RESOURCES})
    late: dict[type[Row], list[tuple[Op, Row]]] = field(
        default_factory=lambda: {kind: [] for kind in RESOURCES}
    )
    truth: dict[str, Label] = field(default_factory=dict)
    refused: dict[type[Row], set[Row]] = field(default_factory=lambda: {kind: set() for kind in RESOURCES})
    numbers: Counter[str] = field(default_factory=Counter)

    def number(self, series: str) -> str:
        """The next number of a series, scattered so that order of invention leaves no trace in the files."""
        self.numbers[series] += 1
        return f"{series}{self.numbers[series] * _STRIDE % _SPACE:07d}"

    def tell(self, row: Row) -> None:
        self.base[type(row)].append(row)

    def correct(self, row: Row) -> None:
        self.late[type(row)].append(("upsert", row))

    def take_back(self, row: Row) -> None:
        self.late[type(row)].append(("delete", row))

    def refuse(self, row: Row) -> Row:
        """Notes that whoever reads this row must refuse it."""
        self.refused[type(row)].add(row)
        return row


@dataclass(frozen=True, slots=True)
class Desk:
    """What every part of the generator works with: chance, people, employers, and the ledger."""

    rng: Random
    people: People
    ledger: Ledger
    employers: list[str]

    def employer(self) -> str:
        """Large employers are drawn far more often than small ones."""
        return self.employers[int(len(self.employers) * self.rng.random() ** 3)]

    def person(self) -> Person:
        return self.people.person()

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return low + int(self.rng.random() * (high - low + 1))
