"""The rows of the departments' files: text in column order, exactly as it is written out.

Rules: the first field is the record's key; field names are the columns; rows are replaced, never changed.
Must not know: which rows belong together, or why.
"""

from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import astuple


class Claim(Struct, frozen=True):
    """One month of unemployment benefit paid to a person."""

    claim_no: str
    person_id: str
    name: str
    month: str
    amount: str


class Spell(Struct, frozen=True):
    """A person insured by an employer over a period; kind is regular or back_payment."""

    record_no: str
    person_id: str
    name: str
    employer_uscc: str
    period_start: str
    period_end: str
    kind: str
    paid_on: str


class Wage(Struct, frozen=True):
    """Income tax withheld from one month's wage."""

    record_no: str
    person_id: str
    name: str
    employer_uscc: str
    month: str
    income: str


class Enterprise(Struct, frozen=True):
    """A registered enterprise; status is active, dormant, revoked or cancelled."""

    uscc: str
    name: str
    legal_rep_id: str
    legal_rep_name: str
    status: str
    registered_on: str
    cancelled_on: str


Evidence: TypeAlias = Spell | Wage | Enterprise
Row: TypeAlias = Claim | Evidence

RESOURCES: dict[type[Row], str] = {
    Claim: "hrss.unemployment_benefit",
    Spell: "hrss.social_insurance",
    Wage: "tax.wage_withholding",
    Enterprise: "market.enterprise",
}


def fields(row: Row) -> tuple[str, ...]:
    return astuple(row)


def key(row: Row) -> str:
    return fields(row)[0]


def columns(kind: type[Row]) -> tuple[str, ...]:
    return kind.__struct_fields__
