"""Recipients of low-income support: approval, premium waived, monthly payments, quarterly reviews.

Rules: an ordinary recipient declares what they earn, owns nothing that counts, and has the premium waived.
Must not know: cases.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from streams.city.days import first_day, last_day, month_number
from streams.city.identity import Person
from streams.city.town.desk import Desk, How, who
from streams.city.town.ledger import Row
from streams.city.town.lives import POOR, adult
from streams.city.town.truth import ORDINARY, Finding
from streams.city.town.when import on

INCOME, MEANS, WAIVER = "low-income-income", "low-income-means", "premium-waiver-unclaimed"
MONTHS = range(month_number(2025, 4), month_number(2025, 9) + 1)
QUARTER = range(month_number(2025, 4), month_number(2025, 6) + 1)
_NEXT_QUARTER = range(month_number(2025, 7), month_number(2025, 9) + 1)
_NOTHING: Mapping[int, Finding] = MappingProxyType({})
Pay = tuple[int, float, str]
"""Month, amount, kind."""


def approve(
    desk: Desk, person: Person, approved: int, ended: int | None = None, finding: Finding = ORDINARY
) -> Row:
    """The approval, and what is true of the premium."""
    row = desk.tell("civil.low_income_approval", **who(person), approved_on=approved, ended_on=ended)
    desk.judge(WAIVER, row, finding)
    return row


def waive(desk: Desk, person: Person, first: int, last: int, how: How = How.ON_TIME) -> None:
    """The premium of a year, or of what is left of one."""
    desk.say(desk.row("medins.premium_waiver", **who(person), year_start=first, year_end=last), how)


def recipient(desk: Desk) -> Person:
    """Someone supported since 2023 or 2024, who owns nothing that counts and is insured."""
    person = adult(desk, POOR, ages=(24, 70))
    approved = desk.day(on(2023, 2, 1), on(2024, 12, 1))
    approve(desk, person, approved)
    waive(desk, person, approved + desk.between(0, 20), on(2025, 12, 31))
    return person


def pay(
    desk: Desk, person: Person, months: Iterable[int], findings: Mapping[int, Finding] = _NOTHING
) -> None:
    """Monthly payments; `findings` by month."""
    for month in months:
        row = desk.tell(
            "civil.low_income_payment", **who(person), month=month, amount=700 + desk.between(0, 40) * 10
        )
        desk.judge(MEANS, row, findings.get(month, ORDINARY))


def review(desk: Desk, person: Person, quarter: range, declared: float, finding: Finding = ORDINARY) -> None:
    """A quarter's income as the recipient declared it."""
    row = desk.tell(
        "civil.low_income_review",
        **who(person),
        quarter_start=first_day(quarter[0]),
        quarter_end=last_day(quarter[-1]),
        declared_income=declared,
    )
    desk.judge(INCOME, row, finding)


def earn(desk: Desk, person: Person, pays: Sequence[Pay], employer: str = "", how: How = How.ON_TIME) -> None:
    """Income as payers declared it."""
    payer = employer or desk.employer()
    for month, amount, kind in pays:
        row = desk.row(
            "tax.income_month",
            **who(person),
            employer_uscc=payer,
            month=month,
            income=float(amount),
            kind=kind,
        )
        desk.say(row, how)


def tell_recipients(desk: Desk) -> None:
    """The ordinary ones; some earn a little and say so."""
    for _ in range(desk.size(450)):
        person = recipient(desk)
        pay(desk, person, MONTHS)
        for quarter in (QUARTER, _NEXT_QUARTER):
            monthly = desk.between(3, 15) * 100 if desk.chance(0.3) else 0
            earn(desk, person, [(m, monthly, "labour_service") for m in quarter if monthly])
            review(desk, person, quarter, 3 * monthly)
