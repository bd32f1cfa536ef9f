"""What every part of the town's generator works with: chance, people, numbers, rows, and ways of telling them.

Rules: one random source; a case is never left out, however small the scale. Must not know: rules or cases.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import TypeVar

from streams.city.days import day_text
from streams.city.identity import People, Person
from streams.city.names import person_name
from streams.city.town.columns import FILES, subject_column
from streams.city.town.ledger import Ledger, Row
from streams.city.town.numbers import Numbers
from streams.city.town.truth import Finding
from streams.city.town.when import FIRST, LAST

T = TypeVar("T")
_SPACE, _STRIDE = 99_999_989, 38_196_601
_LEAST = 2


class How(StrEnum):
    """How a department came to tell a record: base file first, corrections later."""

    ON_TIME = "on_time"
    LATE = "late"  # only in the corrections
    OF_ANOTHER = "of_another"  # told of someone else at first
    TAKEN_BACK = "taken_back"  # told, then deleted
    GIVEN_AWAY = "given_away"  # told, then found to be someone else's


STANDS = (How.ON_TIME, How.ON_TIME, How.ON_TIME, How.LATE, How.OF_ANOTHER)
FALLS = (How.TAKEN_BACK, How.GIVEN_AWAY)


@dataclass(slots=True)
class Desk:
    """One generator run. What the town has so far: `employers` by code, `staff` by employer and month, `parcels`."""

    rng: Random
    people: People
    numbers: Numbers
    ledger: Ledger
    scale: float
    employers: list[str] = field(default_factory=list)
    staff: Counter[tuple[str, int]] = field(default_factory=Counter)
    parcels: list[str] = field(default_factory=list)
    _given: Counter[str] = field(default_factory=Counter)

    def chance(self, probability: float) -> bool:
        """True so often."""
        return self.rng.random() < probability

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return low + int(self.rng.random() * (high - low + 1))

    def one(self, options: Sequence[T]) -> T:
        """One of them."""
        return options[int(self.rng.random() * len(options))]

    def day(self, first: int = FIRST, last: int = LAST) -> int:
        """A day of the town's three years, or of part of them."""
        return self.between(first, last)

    def cases(self, at_scale_one: int) -> range:
        """So many cases at this scale, and never none."""
        return range(max(_LEAST, round(at_scale_one * self.scale)))

    def size(self, at_scale_one: int) -> int:
        """So many of the ordinary."""
        return round(at_scale_one * self.scale)

    def employer(self) -> str:
        """A firm of the town; the old ones employ far more than the new."""
        return self.employers[int(len(self.employers) * self.rng.random() ** 2)]

    def home(self) -> str:
        """A new unit on one of the town's parcels."""
        return self.numbers.unit(self.one(self.parcels) if self.parcels else self.numbers.parcel())

    def born(self, first: int, last: int) -> Person:
        """Someone new, born between two days."""
        return self.people.person((day_text(self.between(first, last)).replace("-", ""),))

    def number(self, resource: str) -> str:
        """The next number of a register, scattered so that the order of invention leaves no trace."""
        self._given[resource] += 1
        series = "".join(word[0] for word in resource.replace(".", "_").split("_")).upper()
        return f"{series}{self._given[resource] * _STRIDE % _SPACE:08d}"

    def row(self, resource: str, **values: object) -> Row:
        """A record; its key is given where none is named, what is left out is empty."""
        columns = [name for name, _ in FILES[resource]]
        unknown = values.keys() - set(columns)
        if unknown:
            raise KeyError(f"{resource} has no column {sorted(unknown)}")
        if columns[0] not in values:
            values[columns[0]] = self.number(resource)
        return Row(resource, {name: values.get(name) for name in columns})

    def tell(self, resource: str, **values: object) -> Row:
        """A record that its department told at once."""
        row = self.row(resource, **values)
        self.ledger.tell(row)
        return row

    def say(self, row: Row, how: How) -> None:
        """Tell a record in some manner."""
        match how:
            case How.ON_TIME:
                self.ledger.tell(row)
            case How.LATE:
                self.ledger.correct(row)
            case How.OF_ANOTHER:
                self.ledger.tell(self._of_another(row))
                self.ledger.correct(row)
            case How.TAKEN_BACK:
                self.ledger.tell(row)
                self.ledger.take_back(row)
            case How.GIVEN_AWAY:
                self.ledger.tell(row)
                self.ledger.correct(self._of_another(row))

    def amend(self, first: Row, final: Row) -> None:
        """A record told one way, and corrected since."""
        self.ledger.tell(first)
        self.ledger.correct(final)

    def judge(self, rule: str, row: Row, finding: Finding) -> None:
        """What is true of a check on a record."""
        self.ledger.judge(rule, row, finding)

    def _of_another(self, row: Row) -> Row:
        """The same record of someone who has no other."""
        match subject_column(row.resource)[1]:
            case "p":
                return row.of(self.people.person().id, person_name(self.rng))
            case "u":
                return row.of(self.people.uscc(), "")
            case "r":
                return row.of(self.home(), "")
            case _:
                return row.of(self.numbers.birth_certificate(), "")


def who(person: Person) -> dict[str, object]:
    """The columns that name a person."""
    return {"person_id": person.id, "name": person.name}
