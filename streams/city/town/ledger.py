"""What the town's departments have told: base rows, later corrections, bad rows, and the truth kept aside.

Rules: a row is text in column order from the moment it is told; a key is given once; corrections of one key
stay in the order they were told. Must not know: why a row is told.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from msgspec import Struct

from streams.city.town.columns import FILES, subject_column
from streams.city.town.numbers import WRITTEN, plain
from streams.city.town.truth import Finding

Op = Literal["upsert", "delete"]
Line = tuple[str, ...]


class Row(Struct, frozen=True):
    """One record before it is written: values by column."""

    resource: str
    values: Mapping[str, object]

    @property
    def key(self) -> str:
        """The record's key, as its register writes it."""
        name, kind = FILES[self.resource][0]
        return plain(kind, str(self.values[name]))

    def but(self, **changes: object) -> "Row":
        """The same record with other values."""
        return Row(self.resource, {**self.values, **changes})

    def of(self, subject: str, name: str) -> "Row":
        """The same record told of someone else."""
        changes = {subject_column(self.resource)[0]: subject}
        named = {n: name for n in ("name", "legal_rep_name") if n in self.values and name}
        return self.but(**changes, **named)


@dataclass(slots=True)
class Ledger:
    """The only state of a town while it is being generated."""

    rng: Random
    base: dict[str, list[Line]] = field(default_factory=lambda: {name: [] for name in FILES})
    late: dict[str, list[tuple[Op, Line]]] = field(default_factory=lambda: {name: [] for name in FILES})
    refused: dict[str, list[Line]] = field(default_factory=lambda: {name: [] for name in FILES})
    truth: dict[str, dict[str, Finding]] = field(default_factory=dict)

    def tell(self, row: Row) -> None:
        """In the department's file."""
        self.base[row.resource].append(self.line(row))

    def correct(self, row: Row) -> None:
        """In the department's later corrections."""
        self.late[row.resource].append(("upsert", self.line(row)))

    def take_back(self, row: Row) -> None:
        """Deleted by a later correction."""
        self.late[row.resource].append(("delete", (row.key, *("",) * (len(FILES[row.resource]) - 1))))

    def judge(self, rule: str, row: Row, finding: Finding) -> None:
        """What is true of a check on `row`."""
        self.truth.setdefault(rule, {})[row.key] = finding

    def line(self, row: Row) -> Line:
        """The row as its department writes it."""
        rng, values = self.rng, row.values
        return tuple(
            "" if values[name] is None else WRITTEN[kind](rng, values[name])
            for name, kind in FILES[row.resource]
        )
