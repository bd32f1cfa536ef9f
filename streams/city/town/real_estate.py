"""Cases of real-estate taxation: idle land, titles without deed tax, prices that differ, equity sold untaxed.

Rules: each window and deadline is told on both of its sides, over holidays where working days count.
Must not know: bands, but for prices that lie just on either side of one.
"""

from streams.city.identity import Person
from streams.city.town.desk import Desk, How, who
from streams.city.town.homes import Sale, contract, deed_tax, sale, transfer
from streams.city.town.lives import adult
from streams.city.town.truth import ORDINARY, Finding, doubt, explained, hit, near, withdrawn
from streams.city.town.when import FIRST, LAST, TODAY, on, working_days

LAND, EQUITY = "land-without-permit", "equity-without-tax"
_YEAR, _FIVE_YEARS, _CORRECTION, _FILING = 365, 1_827, 180, 60
_EQUITY_DAYS, _EQUITY_YEAR, _TITLE_DAYS = 15, 250, 5
_LEAST = 5
_FALLEN = (How.TAKEN_BACK, How.GIVEN_AWAY)
_RISEN = (How.LATE, How.OF_ANOTHER)


def tell_real_estate(desk: Desk) -> None:
    """Every case of the pack."""
    _tell_land(desk)
    _tell_titles(desk)
    _tell_prices(desk)
    _tell_equity(desk)


# land


def _land(
    desk: Desk, agreed: int, finding: Finding, *, permit: int | None = None, how: How = How.ON_TIME
) -> str:
    parcel = desk.numbers.parcel()
    row = desk.tell(
        "naturalres.land_transfer",
        property_no=parcel,
        developer_uscc=desk.employer(),
        signed_on=agreed - desk.between(90, 300),
        agreed_start_on=agreed,
    )
    desk.judge(LAND, row, finding)
    if permit is not None:
        issued = desk.row(
            "housing.construction_permit",
            property_no=parcel,
            builder_uscc=desk.employer(),
            issued_on=permit,
        )
        desk.say(issued, how)
    return parcel


def tell_parcels(desk: Desk) -> None:
    """Ordinary land, built on in time; homes stand on it."""
    for _ in range(max(_LEAST, desk.size(60))):
        agreed = desk.day(FIRST, on(2024, 6, 1))
        desk.parcels.append(_land(desk, agreed, ORDINARY, permit=agreed + desk.between(-100, 300)))


def _delayed(desk: Desk, after: int, finding: Finding) -> None:
    agreed = on(2023, 9, 1)
    parcel = _land(desk, agreed, finding)
    desk.tell("naturalres.delay_approval", property_no=parcel, approved_on=agreed + after)


def _tell_land(desk: Desk) -> None:
    idle = hit("idle", "idle")
    for _ in desk.cases(4):
        _land(desk, desk.day(FIRST, TODAY - 500), idle)
        _delayed(desk, desk.between(-200, 300), explained("delay_approved"))
        _land(desk, on(2023, 5, 1), withdrawn("permit"), permit=on(2023, 8, 1), how=desk.one(_RISEN))
    for _ in desk.cases(2):
        _land(desk, TODAY - _YEAR - 1, idle)
        _land(desk, TODAY - _YEAR, near("not_due"))
        _land(desk, on(2023, 2, 1), near("late_permit"), permit=on(2025, 2, 1))
        _land(desk, on(2023, 2, 1), idle, permit=on(2023, 6, 1), how=desk.one(_FALLEN))
        _land(desk, on(2024, 3, 1), doubt("building", "building"))
        _delayed(desk, _YEAR, explained("delay_approved_last_day"))
        _delayed(desk, _YEAR + 1, idle)


# titles


def _title(
    desk: Desk,
    registered: int,
    finding: Finding,
    *,
    paid: int | None = None,
    how: How = How.ON_TIME,
    exempt: bool = False,
) -> Sale:
    """A title; `paid`: days before it that deed tax was paid (or waived)."""
    made = sale(desk)
    if paid is not None and exempt:
        desk.tell("tax.deed_tax_exemption", property_no=made.home, granted_on=registered - paid)
    elif paid is not None:
        desk.say(contract(desk, made, registered - paid - 30), How.ON_TIME)
        desk.say(deed_tax(desk, made, registered - paid), how)
    transfer(desk, made, registered, finding=finding)
    return made


def _corrected(desk: Desk, after: int, finding: Finding) -> None:
    registered = desk.day(FIRST, LAST - 300)
    made = _title(desk, registered, finding)
    desk.tell("naturalres.title_correction", property_no=made.home, corrected_on=registered + after)


def _tell_titles(desk: Desk) -> None:
    untaxed = hit("no_deed_tax", "tax_not_paid")
    due = working_days(TODAY, -_TITLE_DAYS)
    for _ in desk.cases(8):
        _title(desk, _registered(desk), untaxed)
        _title(desk, _registered(desk), withdrawn("paid"), paid=40, how=desk.one(_RISEN))
        _corrected(desk, desk.between(0, 170), explained("corrected"))
    for _ in desk.cases(3):
        _title(desk, due, near("not_due"))
        _title(desk, due - 1, untaxed)
        _title(desk, _registered(desk), near("same_day"), paid=0)
        _title(desk, _registered(desk), hit("paid_after", "tax_not_paid"), paid=-1)
        _title(desk, _registered(desk), near("five_years"), paid=_FIVE_YEARS)
        _title(desk, _registered(desk), untaxed, paid=_FIVE_YEARS + 1)
        _title(desk, _registered(desk), near("exempt"), paid=_FIVE_YEARS, exempt=True)
        _title(desk, _registered(desk), untaxed, paid=_FIVE_YEARS + 1, exempt=True)
        _title(desk, _registered(desk), untaxed, paid=40, how=How.GIVEN_AWAY)
        _title(desk, _registered(desk), doubt("elsewhere", "paid_elsewhere"))
        _corrected(desk, _CORRECTION, explained("corrected_last_day"))
        _corrected(desk, _CORRECTION + 1, untaxed)


def _registered(desk: Desk) -> int:
    return desk.day(on(2025, 1, 10), LAST - 60)


# prices


def _price(
    desk: Desk,
    contracted: float,
    declared: float,
    finding: Finding,
    *,
    before: int = 60,
    pricing: str = "negotiated",
    status: str = "filed",
    first: float | None = None,
) -> None:
    """A sale whose tax was paid `before` days after the contract; `first`: the contract's price as first filed."""
    made = sale(desk, contracted)
    paid = desk.day(FIRST + 400, LAST - 30)
    row = contract(desk, made, paid - before, pricing=pricing, status=status)
    if first is None:
        desk.say(row, How.ON_TIME)
    else:
        desk.amend(row.but(price=first), row)
    desk.say(deed_tax(desk, made, paid, declared, finding), How.ON_TIME)
    transfer(desk, made, paid + desk.between(0, 15))


def _tell_prices(desk: Desk) -> None:
    under = hit("under_declared", "under_declared")
    for _ in desk.cases(8):
        _price(desk, 2_600_000.0, desk.between(50, 140) * 10_000.0, under)
        _price(desk, 1_800_000.0, 900_000.0, explained("assessed"), pricing="assessed")
    for _ in desk.cases(4):
        _price(desk, 1_500_000.0, 999_999.99, under)
        _price(desk, 1_500_000.0, 1_000_000.0, near("edge"))
        _price(desk, 1_000_000.0, 952_380.95, near("value_added_tax"))
        _price(desk, 1_950_000.0, 1_020_000.0, hit("within_a_band", "under_declared", decidable=False))
        _price(desk, 900_000.0, 1_100_000.0, near("declared_more"))
        _price(desk, 1_800_000.0, 900_000.0, doubt("contract_changed", "contract_changed"))
        _price(desk, 1_800_000.0, 900_000.0, near("contract_revoked"), status="revoked")
        _price(desk, 1_800_000.0, 900_000.0, under, before=_YEAR)
        _price(desk, 1_800_000.0, 900_000.0, near("old_contract"), before=_YEAR + 1)
        _price(desk, 1_800_000.0, 900_000.0, near("later_contract"), before=-1)
        _price(desk, 945_000.0, 900_000.0, withdrawn("contract_corrected"), first=9_450_000.0)
        _price(desk, 2_900_000.0, 1_200_000.0, under, first=1_290_000.0)


# equity


def _transferred(
    desk: Desk,
    registered: int,
    finding: Finding,
    *,
    paid: int | None = None,
    elsewhere: bool = False,
    how: How = How.ON_TIME,
    kind: str = "sale",
) -> Person:
    """Equity changes hands; tax is paid on a day, perhaps for another company."""
    person, company = adult(desk), desk.employer()
    row = desk.tell(
        "market.equity_transfer",
        transferor_id=person.id,
        name=person.name,
        company_uscc=company,
        kind=kind,
        registered_on=registered,
    )
    if kind == "sale":
        desk.judge(EQUITY, row, finding)
    if paid is not None:
        other = desk.people.uscc() if elsewhere else company  # a firm of another city
        desk.say(desk.row("tax.equity_tax", **who(person), company_uscc=other, paid_on=paid), how)
    return person


def _filed(desk: Desk, after: int, finding: Finding) -> None:
    registered = _working_day(desk)
    person = _transferred(desk, registered, finding)
    desk.tell("tax.equity_filing", **who(person), filed_on=registered + after)


def _working_day(desk: Desk) -> int:
    return working_days(desk.day(on(2024, 6, 1), TODAY - 90), 1)


def _tell_equity(desk: Desk) -> None:
    untaxed = hit("no_tax", "tax_not_paid")
    due = working_days(TODAY, -_EQUITY_DAYS)
    for _ in desk.cases(6):
        _transferred(desk, _working_day(desk), untaxed)
        _filed(desk, desk.between(-_FILING, _FILING), explained("filed"))
        day = _working_day(desk)
        _transferred(desk, day, withdrawn("paid"), paid=day + 2, how=desk.one(_RISEN))
    for _ in desk.cases(3):
        _transferred(desk, due, near("not_due"))
        _transferred(desk, due - 1, untaxed)
        for side in (1, -1):
            day = (
                desk.day(on(2025, 9, 22), on(2025, 9, 30))
                if side > 0
                else desk.day(on(2025, 2, 6), on(2025, 2, 14))
            )
            edge = working_days(day, side * _EQUITY_DAYS)
            _transferred(desk, day, near("over_the_holiday"), paid=edge)
            _transferred(desk, day, near("early_or_late"), paid=edge + side)
        day = _working_day(desk)
        _transferred(desk, day, near("a_year_before"), paid=working_days(day, -_EQUITY_YEAR))
        _transferred(desk, day, untaxed, paid=working_days(day, -_EQUITY_YEAR) - 1)
        _transferred(desk, day, hit("other_company", "tax_not_paid"), paid=day, elsewhere=True)
        _transferred(desk, day, untaxed, paid=day, how=desk.one(_FALLEN))
        _transferred(desk, day, doubt("no_gain", "no_gain"))
        _filed(desk, _FILING + 1, untaxed)
        _filed(desk, -_FILING - 1, untaxed)
    for _ in range(desk.size(100)):
        day = _working_day(desk)
        _transferred(desk, day, ORDINARY, paid=working_days(day, desk.between(1, 10)))
        _transferred(desk, day, ORDINARY, kind=desk.one(("gift", "inheritance")))
