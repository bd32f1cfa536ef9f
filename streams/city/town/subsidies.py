"""Disability certificates, and the subsidies of two districts: paid twice, or never.

Rules: an ordinary holder of a level one or two draws the nursing subsidy in one district.
Must not know: why districts do not see each other's payments.
"""

from streams.city.days import month_number
from streams.city.identity import Person
from streams.city.town.desk import FALLS, STANDS, Desk, How, who
from streams.city.town.ledger import Row
from streams.city.town.lives import SINGLE, adult
from streams.city.town.truth import ORDINARY, Finding, doubt, explained, hit, near, withdrawn
from streams.city.town.when import LAST, TODAY, on

NURSING = "nursing-subsidy-unclaimed"
DUPLICATE = {"eastcivil": "duplicate-subsidy-east", "westcivil": "duplicate-subsidy-west"}
_OTHER = {"eastcivil": "westcivil", "westcivil": "eastcivil"}
_DISTRICTS = tuple(DUPLICATE)
_MONTHS = range(month_number(2025, 7), month_number(2025, 12) + 1)
_MONTH = month_number(2025, 9)
_DAYS = 60


def _payment(desk: Desk, district: str, person: Person, month: int, kind: str, status: str = "paid") -> Row:
    """Not told yet."""
    return desk.row(
        f"{district}.disability_subsidy",
        **who(person),
        month=month,
        kind=kind,
        status=status,
        amount=float(desk.one((90, 150, 280))),
    )


def pay(
    desk: Desk,
    district: str,
    person: Person,
    month: int,
    kind: str = "nursing",
    *,
    status: str = "paid",
    finding: Finding = ORDINARY,
    how: How = How.ON_TIME,
) -> None:
    """A subsidy for a month, and what is true of its being paid twice."""
    row = _payment(desk, district, person, month, kind, status)
    desk.say(row, how)
    if status == "paid" and how is not How.TAKEN_BACK:
        desk.judge(DUPLICATE[district], row, finding)


def certificate(
    desk: Desk, person: Person, level: str, issued: int, finding: Finding = ORDINARY, years: int = 10
) -> None:
    """A disability certificate, and what is true of the nursing subsidy."""
    row = desk.tell(
        "disabled.disability_certificate",
        **who(person),
        level=level,
        issued_on=issued,
        expires_on=issued + 365 * years,
    )
    if level in ("one", "two"):
        desk.judge(NURSING, row, finding)


def _holder(desk: Desk, finding: Finding = ORDINARY, issued: int | None = None) -> tuple[Person, int]:
    person = adult(desk, SINGLE, ages=(20, 75))
    since = desk.day(on(2023, 1, 5), on(2025, 5, 1)) if issued is None else issued
    certificate(desk, person, desk.one(("one", "two")), since, finding)
    return person, since


def tell_subsidies(desk: Desk) -> None:
    """Every case of both packs, and ordinary holders of every level."""
    _tell_twice(desk)
    _tell_unclaimed(desk)
    for _ in range(desk.size(180)):
        person, _ = _holder(desk)
        district = desk.one(_DISTRICTS)
        for month in _MONTHS:
            pay(desk, district, person, month)
            if desk.chance(0.3):
                pay(desk, district, person, month, "living")
    for _ in range(desk.size(120)):
        certificate(desk, adult(desk, SINGLE), desk.one(("three", "four")), desk.day(last=LAST - 100))


# twice


def _twice(
    desk: Desk,
    mine: str,
    finding: Finding,
    theirs: Finding,
    *,
    status: str = "paid",
    kind: str = "nursing",
    month: int = _MONTH,
    how: How = How.ON_TIME,
) -> None:
    """One district pays for September; the other pays too: `status`, `kind`, `month` and `how` of that."""
    person, _ = _holder(desk)
    pay(desk, mine, person, _MONTH, finding=finding)
    pay(desk, _OTHER[mine], person, month, kind, status=status, finding=theirs, how=how)


def _tell_twice(desk: Desk) -> None:
    both = hit("paid_twice", "paid_twice")
    moved = doubt("moved", "moved")
    for district in _DISTRICTS:
        for _ in desk.cases(5):
            _twice(desk, district, both, both, how=desk.one(STANDS))
            _twice(desk, district, explained("returned"), ORDINARY, status="returned")
            _twice(desk, district, withdrawn("paid_once"), withdrawn("paid_once"), how=desk.one(FALLS))
        for _ in desk.cases(2):
            _twice(desk, district, near("other_kind"), near("other_kind"), kind="living")
            _twice(desk, district, near("next_month"), near("next_month"), month=_MONTH + desk.one((-1, 1)))
            _twice(desk, district, moved, moved)


# never


def _tell_unclaimed(desk: Desk) -> None:
    entitled = hit("never_drawn", "entitled")
    for _ in desk.cases(8):
        _holder(desk, entitled)
        _supported(desk, "civil.institution_care", explained("institution_care"))
        _supported(desk, "hrss.injury_care", explained("injury_care"))
        person, _ = _holder(desk, withdrawn("drawn_since"))
        pay(desk, desk.one(_DISTRICTS), person, _MONTHS[-1], how=desk.one((How.LATE, How.OF_ANOTHER)))
    for _ in desk.cases(3):
        _holder(desk, entitled, TODAY - _DAYS - 1)
        _holder(desk, near("not_due"), TODAY - _DAYS)
        _drawn(desk, near("first_month"), on(2025, 3, 31), month_number(2025, 3))
        _drawn(desk, entitled, on(2025, 3, 31), month_number(2025, 2))
        _drawn(desk, entitled, on(2024, 3, 1), _MONTHS[0], "living")
        for reason in ("declined", "no_long_term_care", "other_allowance"):
            _holder(desk, doubt(reason, reason))
        person, _ = _holder(desk, entitled)
        pay(desk, desk.one(_DISTRICTS), person, _MONTHS[0], how=desk.one(FALLS))
        person, since = _holder(desk, entitled)
        desk.tell("civil.institution_care", **who(person), from_on=since - 900, to_on=since - 1)


def _supported(desk: Desk, resource: str, finding: Finding) -> None:
    person, since = _holder(desk, finding)
    desk.tell(resource, **who(person), from_on=since - desk.between(0, 400))


def _drawn(desk: Desk, finding: Finding, issued: int, month: int, kind: str = "nursing") -> None:
    """A single payment, perhaps under an older certificate."""
    person, _ = _holder(desk, finding, issued)
    pay(desk, desk.one(_DISTRICTS), person, month, kind)
