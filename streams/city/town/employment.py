"""The employed and the unemployed: spells, wage tax, benefit months, and months that met work after all.

Rules: an ordinary claimant's work ends before the first month claimed and begins after the last.
Must not know: any rule but the one on benefit while employed.
"""

from collections.abc import Callable

from streams.city.days import first_day, last_day, month_number, month_of
from streams.city.identity import Person
from streams.city.town.desk import FALLS, STANDS, Desk, How, who
from streams.city.town.firms import found
from streams.city.town.ledger import Row
from streams.city.town.lives import adult
from streams.city.town.truth import ORDINARY, Finding, doubt, explained, hit, near, withdrawn
from streams.city.town.when import on

RULE = "benefit-while-employed"
_FIRST = month_number(2025, 3)
STAFFED = range(month_number(2025, 10), month_number(2025, 12) + 1)
"""Months whose staff is counted."""
_EMPLOYED = hit("employed", "employed")


def spell(
    desk: Desk,
    person: Person,
    start: int,
    end: int | None,
    *,
    kind: str = "regular",
    employer: str = "",
) -> Row:
    """Social insurance as an employee, not told yet."""
    return desk.row(
        "hrss.social_insurance",
        **who(person),
        employer_uscc=employer or desk.employer(),
        period_start=start,
        period_end=end,
        kind=kind,
        paid_on=(end or start) + 60 if kind == "back_payment" else start + 20,
    )


def insure(desk: Desk, row: Row, how: How = How.ON_TIME) -> None:
    """Tell a spell; whoever is really employed counts as staff."""
    desk.say(row, how)
    start, end, employer = row.values["period_start"], row.values["period_end"], row.values["employer_uscc"]
    if row.values["kind"] == "regular" and how in STANDS:
        assert isinstance(start, int)
        for month in STAFFED:
            if start <= last_day(month) and (not isinstance(end, int) or end >= first_day(month)):
                desk.staff[str(employer), month] += 1


def wage(desk: Desk, person: Person, month: int, employer: str = "", income: int = 0) -> Row:
    """Wage tax withheld, not told yet."""
    return desk.row(
        "tax.wage_withholding",
        **who(person),
        employer_uscc=employer or desk.employer(),
        month=month,
        income=float(income or 5_000 + desk.between(0, 300) * 20),
    )


def claim(desk: Desk, person: Person, month: int, finding: Finding = ORDINARY) -> None:
    """A month of unemployment benefit."""
    row = desk.tell(
        "hrss.unemployment_benefit", **who(person), month=month, amount=float(desk.one((1_980, 2_130)))
    )
    desk.judge(RULE, row, finding)


Work = Callable[[Desk, Person, int], list[Row]]


def _spells(desk: Desk, person: Person, month: int) -> list[Row]:
    return [spell(desk, person, desk.between(first_day(month), last_day(month)), None)]


def _wages(desk: Desk, person: Person, month: int) -> list[Row]:
    return [wage(desk, person, month)]


def _both(desk: Desk, person: Person, month: int) -> list[Row]:
    row = _spells(desk, person, month)[0]
    return [row, wage(desk, person, month, str(row.values["employer_uscc"]))]


def _back_payment(desk: Desk, person: Person, month: int) -> list[Row]:
    return [spell(desk, person, first_day(month), last_day(month), kind="back_payment")]


def tell_claimants(desk: Desk) -> None:
    """Every case of the pack, and ordinary claimants."""
    for _ in desk.cases(10):
        _case(desk, desk.one((_spells, _wages, _both)), _EMPLOYED, desk.one(STANDS))
        _case(desk, _back_payment, explained("back_payment"), desk.one(STANDS))
        _case(desk, desk.one((_spells, _wages)), withdrawn("work"), desk.one(FALLS))
    for _ in desk.cases(4):
        _case(desk, desk.one((_spells, _wages)), doubt("misuse", "identity_misuse"))
        _case(desk, lambda d, p, m: _both(d, p, m) + _back_payment(d, p, m), _EMPLOYED)
        _owner(desk, "active", hit("owner", "operating_enterprise"))
        _owner(desk, "dormant", explained("not_operating"))
        _beside(desk, -1)
        _beside(desk, 1)
    for _ in range(desk.size(420)):
        person, first, last = _claimant(desk)
        for month in range(first, last + 1):
            claim(desk, person, month)


def _claimant(desk: Desk, before: int | None = None) -> tuple[Person, int, int]:
    """Someone who lost a job some days before the first month claimed."""
    person, first = adult(desk), _FIRST + desk.between(0, 3)
    end = first_day(first) - (desk.between(2, 60) if before is None else before)
    insure(desk, spell(desk, person, end - desk.between(200, 3_000), end))
    return person, first, first + desk.between(2, 5)


def _case(desk: Desk, work: Work, finding: Finding, how: How = How.ON_TIME) -> None:
    """Work in the last month claimed."""
    person, first, last = _claimant(desk)
    for row in work(desk, person, last):
        if row.resource == "hrss.social_insurance":
            insure(desk, row, how)
        else:
            desk.say(row, how)
    for month in range(first, last + 1):
        claim(desk, person, month, finding if month == last else ORDINARY)


def _owner(desk: Desk, status: str, finding: Finding) -> None:
    person, first, last = _claimant(desk)
    found(desk, rep=person, opened=desk.day(on(2015, 1, 1), on(2024, 1, 1)), status=status)
    for month in range(first, last + 1):
        claim(desk, person, month, finding)


def _beside(desk: Desk, side: int) -> None:
    """Work until the day before the first month, or from the day after the last."""
    person, first, last = _claimant(desk, before=1)
    if side > 0:
        insure(desk, spell(desk, person, last_day(last) + 1, None))
        desk.say(wage(desk, person, last + 1), How.ON_TIME)
    desk.say(wage(desk, person, month_of(first_day(first) - 1)), How.ON_TIME)
    edge = first if side < 0 else last
    for month in range(first, last + 1):
        claim(desk, person, month, near("beside_work") if month == edge else ORDINARY)
