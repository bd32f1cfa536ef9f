"""What the catalog declares, as the rest of the system reads it: frozen, checked, without YAML or pydantic.

Rules: everything here has passed every check of topics.catalog.checks, so readers need not check again;
collections are tuples or read-only by convention. Must not know: files, lines, how a rule is evaluated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Literal, TypeVar

from topics.catalog.nearest import remedy_for
from topics.catalog.rule import Rule, Text
from topics.errors import NotFound

FieldType = Literal["string", "month", "date", "amount", "code"]
Role = Literal["key", "identifier", "linkage", "fact", "private"]
IdentifierKind = Literal["person_id", "uscc", "property_no", "certificate_no"]
Subject = Literal["person", "enterprise", "property", "certificate"]
FactKind = Literal["month", "start", "end", "event", "code", "band", "match"]
SharingType = Literal["unconditional", "conditional", "withheld"]

_T = TypeVar("_T")


def band_names(edges: Sequence[int]) -> tuple[str, ...]:
    """What amounts cross as: '0-500', '500-1000', '1000+' for edges 0, 500, 1000 (upper edge excluded)."""
    inner = (f"{low}-{high}" for low, high in pairwise(edges))
    return (*inner, f"{edges[-1]}+") if edges else ()


@dataclass(frozen=True, slots=True)
class Department:
    """A department that publishes resources or owns rules."""

    id: str
    title: Text


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a resource. `roles` decides what leaves the department; private means nothing does.

    `subject` is set only on an identifier whose token crosses: the record becomes a fact about that
    subject. An identifier without one is validated and stays home. `fact` says what a fact field is:
    a whole month, a first or last day (last day counts; empty: still running), one day, a code, an amount
    cut to its `bands` (lower edges), or a value that only crosses as a keyed digest, to be matched.
    """

    name: str
    type: FieldType
    required: bool
    roles: frozenset[Role]
    kind: IdentifierKind | None
    subject: Subject | None
    fact: FactKind | None
    codes: tuple[str, ...]
    title: Text
    bands: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Resource:
    """One information resource (信息资源) and its contract."""

    id: str
    department: str
    name: str
    title: Text
    version: str
    status: str
    sharing_type: SharingType
    legal_basis: str
    cadence: str
    fields: tuple[Field, ...]

    @property
    def key_field(self) -> Field:
        """The field that becomes the handle."""
        return next(f for f in self.fields if "key" in f.roles)

    @property
    def subject_fields(self) -> tuple[Field, ...]:
        """Identifiers whose tokens cross, in column order."""
        return tuple(f for f in self.fields if f.subject)

    @property
    def code_fields(self) -> dict[str, tuple[str, ...]]:
        """Coded and banded attributes that cross, with every value they may have."""
        coded = {f.name: f.codes for f in self.fields if f.fact == "code"}
        return coded | {f.name: band_names(f.bands) for f in self.fields if f.fact == "band"}

    @property
    def match_fields(self) -> tuple[Field, ...]:
        """Attributes that cross as keyed digests."""
        return tuple(f for f in self.fields if f.fact == "match")

    @property
    def header(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(f.name for f in self.fields)

    def fact_field(self, fact: FactKind) -> Field | None:
        """The field that states `fact` (month, start, end or event), if there is one."""
        return next((f for f in self.fields if f.fact == fact), None)

    def field(self, name: str) -> Field:
        """The field called `name`. Raises NotFound."""
        return _named(name, {f.name: f for f in self.fields}, f"field of {self.id}")


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave for `department` to use another department's resource, itemised (SD29, HZ33)."""

    id: str
    department: str
    resource: str
    purpose: Text
    legal_basis: str
    duty: str
    mode: Literal["comparison"]
    valid_until: date
    agreement: str


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything declared for one city."""

    name: str
    title: Text
    partitions: int
    departments: Mapping[str, Department] = field(hash=False)
    resources: Mapping[str, Resource] = field(hash=False)
    grants: Mapping[str, Grant] = field(hash=False)
    rules: Mapping[str, Rule] = field(hash=False)

    def department(self, department_id: str) -> Department:
        """Raises NotFound with the nearest name."""
        return _named(department_id, self.departments, "department")

    def resource(self, resource_id: str) -> Resource:
        """Raises NotFound with the nearest name."""
        return _named(resource_id, self.resources, "resource")

    def rule(self, rule_id: str) -> Rule:
        """Raises NotFound with the nearest name."""
        return _named(rule_id, self.rules, "rule")

    @property
    def active_rules(self) -> tuple[Rule, ...]:
        """Rules that open alerts, by id."""
        return tuple(rule for _, rule in sorted(self.rules.items()) if rule.status == "active")

    def valid_until(self, rule: Rule) -> date | None:
        """The last day on which a rule may be evaluated: its own expiry, or that of a grant it stands on."""
        until = [self.grants[name].valid_until for name in rule.grants if name in self.grants]
        return min([*until, *filter(None, (rule.expires,))], default=None)

    def rules_touching(self, resource_id: str) -> tuple[Rule, ...]:
        """Active rules whose anchor or evidence is `resource_id`, by id."""
        return tuple(rule for rule in self.active_rules if resource_id in rule.resources)


def _named(name: str, known: Mapping[str, _T], noun: str) -> _T:
    if name not in known:
        raise NotFound(f"no {noun} {name!r}", remedy=remedy_for(name, known))
    return known[name]
