"""Cases of low-income support: income not declared, means that should not be there, premiums not waived.

Rules: every case takes a recipient whose life is ordinary in all else; each boundary is told on both sides.
Must not know: bands, but for the amounts that lie just on either side of one.
"""

from collections.abc import Callable

from streams.city.days import first_day, last_day, month_number
from streams.city.identity import Person
from streams.city.town.deaths import certify, registered
from streams.city.town.desk import FALLS, STANDS, Desk, How, who
from streams.city.town.employment import insure, spell
from streams.city.town.firms import found
from streams.city.town.lives import POOR, adult, drive, own
from streams.city.town.recipients import (
    MONTHS,
    QUARTER,
    Pay,
    approve,
    earn,
    pay,
    recipient,
    review,
    waive,
)
from streams.city.town.truth import Finding, doubt, explained, hit, near, withdrawn
from streams.city.town.when import TODAY, on, working_days

_JUNE = month_number(2025, 6)
_FIRST, _LAST = first_day(_JUNE), last_day(_JUNE)
_WAIVER_DAYS = 20
_UNDECLARED = hit("undeclared", "income_not_declared")
_UNSEEN = hit("below_the_edges", "income_not_declared", decidable=False)


def tell_low_income(desk: Desk) -> None:
    """Every case of the pack, and those of the premium."""
    _tell_income(desk)
    _tell_means(desk)
    _tell_premiums(desk)


# income


def _months(*amounts: float, kind: str = "wage") -> list[Pay]:
    return [(month, amount, kind) for month, amount in zip(QUARTER, amounts, strict=False)]


def _income(desk: Desk, declared: float, pays: list[Pay], finding: Finding, how: How = How.ON_TIME) -> Person:
    person = recipient(desk)
    earn(desk, person, pays, how=how)
    review(desk, person, QUARTER, declared, finding)
    return person


def _tell_income(desk: Desk) -> None:
    for _ in desk.cases(15):
        monthly = desk.between(16, 60) * 100
        _income(desk, desk.between(0, 5) * 100, _months(*[monthly] * 3), _UNDECLARED, desk.one(STANDS))
    for _ in desk.cases(4):
        _income(desk, 599.99, _months(1_000), _UNDECLARED)
        _income(desk, 300, _months(999.99), near("edge"))
        _income(desk, 300, _months(999.99, 999.99, 950), _UNSEEN)
        _income(desk, 2_000, _months(1_000, 1_000, 1_000), _UNDECLARED)
        _income(desk, 2_000, _months(1_990, 1_990), _UNSEEN)
        _income(
            desk, 1_250, [(QUARTER[0] - 1, 4_000, "wage"), (QUARTER[-1] + 1, 4_000, "wage")], near("quarter")
        )
        _income(desk, 500, _months(300, 8_000, kind="severance"), explained("severance"))
        _income(desk, 500, [*_months(2_500), (QUARTER[1], 9_000.0, "severance")], _UNDECLARED)
        _income(desk, 0, _months(3_000, 3_000), doubt("of_family", "family_error"))
        _income(desk, 0, _months(3_000, 3_000), withdrawn("income"), desk.one(FALLS))
        _graced(desk, _LAST - desk.between(0, 80), explained("work_grace"))
        _graced(desk, first_day(QUARTER[0]), explained("work_grace_last_day"))
        _graced(desk, first_day(QUARTER[0]) - 1, hit("after_grace", "income_not_declared"))


def _graced(desk: Desk, last: int, finding: Finding) -> None:
    person = _income(desk, 100, _months(2_600, 2_600, 2_600), finding)
    desk.tell("civil.work_grace", **who(person), from_on=last - 180, to_on=last)


# means

Give = Callable[[Desk, Person, How], None]
_NO_MEANS = hit("means", "means_not_declared")


def _means(desk: Desk, give: Give, finding: Finding, months: range = MONTHS, how: How = How.ON_TIME) -> None:
    """Something that counts (or nearly does) in some of the months paid."""
    person = recipient(desk)
    give(desk, person, how)
    pay(desk, person, MONTHS, dict.fromkeys(months, finding))


def _vehicle(first: int, last: int | None, kind: str = "car", status: str = "normal") -> Give:
    return lambda desk, person, how: drive(
        desk, person, registered=first, ended=last, kind=kind, status=status, how=how
    )


def _premises(first: int, last: int | None, use: str = "commercial", share: str = "sole") -> Give:
    return lambda desk, person, how: own(
        desk, person, registered=first, ended=last, use=use, share=share, how=how
    )


def _enterprise(status: str, closed: int | None = None) -> Give:
    return lambda desk, person, how: _found(desk, person, status, closed)


def _found(desk: Desk, person: Person, status: str, closed: int | None) -> None:
    found(desk, rep=person, opened=desk.day(on(2015, 1, 1), on(2024, 12, 31)), status=status, closed=closed)


def _tell_means(desk: Desk) -> None:
    june = range(_JUNE, _JUNE + 1)
    long_ago = on(2021, 3, 5)
    for _ in desk.cases(6):
        _means(
            desk, _vehicle(long_ago, None, desk.one(("car", "van", "truck"))), _NO_MEANS, how=desk.one(STANDS)
        )
        _means(
            desk,
            _premises(long_ago, None, desk.one(("commercial", "office"))),
            _NO_MEANS,
            how=desk.one(STANDS),
        )
        _means(desk, _enterprise("active"), _NO_MEANS)
        _means(desk, _vehicle(long_ago, None, status=desk.one(("scrapped", "stolen"))), explained("scrapped"))
        _means(desk, _premises(long_ago, None, share="inherited"), explained("inherited"))
        _means(desk, _enterprise(desk.one(("dormant", "revoked"))), explained("not_operating"))
    for _ in desk.cases(3):
        _means(desk, _vehicle(_FIRST, _FIRST + 14), _NO_MEANS, june)
        _means(desk, _vehicle(_FIRST, _FIRST + 13), near("fourteen_days"), june)
        _means(desk, _vehicle(_LAST - 14, _LAST), _NO_MEANS, june)
        _means(desk, _vehicle(_LAST - 13, _LAST), near("fourteen_days"), june)
        _means(desk, _vehicle(long_ago, None, "motorcycle"), near("motorcycle"))
        _means(desk, _premises(_LAST, _LAST), _NO_MEANS, june)
        _means(desk, _premises(long_ago, first_day(MONTHS[0]) - 1), near("sold_before"), MONTHS[:1])
        _means(desk, _premises(long_ago, None, "residential"), near("dwelling"))
        _means(desk, _enterprise("cancelled", _FIRST), explained("cancelled"), MONTHS[:3])
        _means(desk, _vehicle(long_ago, None), withdrawn("vehicle"), how=desk.one(FALLS))
        _means(desk, _vehicle(long_ago, None), doubt("used_by_others", "used_by_others"))
        _mixed(desk)
        _sold_long_ago(desk)
    for _ in desk.cases(4):
        _died(desk, _FIRST - 1, MONTHS[2:])
        _died(desk, _FIRST, MONTHS[3:])
        _revoked(desk)


def _mixed(desk: Desk) -> None:
    """One piece that is excused and one that is not."""
    person = recipient(desk)
    drive(desk, person, registered=on(2012, 5, 1), status="scrapped")
    found(desk, rep=person, opened=on(2020, 6, 1))
    pay(desk, person, MONTHS, dict.fromkeys(MONTHS, _NO_MEANS))


def _sold_long_ago(desk: Desk) -> None:
    """The register learnt of the sale only in the corrections."""
    person = recipient(desk)
    row = desk.row(
        "police.vehicle",
        owner_id=person.id,
        name=person.name,
        plate_no="浙A00000",
        kind="car",
        status="normal",
        registered_on=on(2016, 2, 2),
    )
    desk.amend(row, row.but(deregistered_on=on(2023, 8, 1)))
    pay(desk, person, MONTHS, dict.fromkeys(MONTHS, withdrawn("sold")))


def _died(desk: Desk, died: int, after: range) -> None:
    """The month of death itself is due."""
    person = recipient(desk)
    desk.say(registered(desk, person, died), desk.one(STANDS))
    certify(desk, person, died, near("registered"))
    findings = dict.fromkeys(MONTHS, near("month_of_death")) | dict.fromkeys(after, hit("died", "died"))
    pay(desk, person, MONTHS, findings)


def _revoked(desk: Desk) -> None:
    """Declared dead, and found alive."""
    person = recipient(desk)
    desk.say(registered(desk, person, on(2024, 11, 3), "revoked"), How.ON_TIME)
    pay(desk, person, MONTHS, dict.fromkeys(MONTHS, explained("revoked")))


# premiums


def _approved(desk: Desk, approved: int, finding: Finding, ended: int | None = None) -> Person:
    person = adult(desk, POOR, ages=(24, 70))
    approve(desk, person, approved, ended, finding)
    return person


def _tell_premiums(desk: Desk) -> None:
    entitled = hit("no_waiver", "entitled")
    due = working_days(TODAY, -_WAIVER_DAYS)
    for _ in desk.cases(8):
        _approved(desk, desk.day(on(2023, 1, 5), on(2025, 11, 1)), entitled)
        _insured(desk, on(2024, 3, 1), None, explained("insured_as_employee"))
        _waived(desk, 0, desk.one((How.LATE, How.OF_ANOTHER)), withdrawn("waived_since"))
    for _ in desk.cases(3):
        _approved(desk, due, near("not_due"))
        _approved(desk, due - 1, entitled)
        _waived(desk, 0, How.ON_TIME, near("last_day"), days=1)
        _waived(desk, -1, How.ON_TIME, entitled, days=1)
        _waived(desk, 0, desk.one(FALLS), hit("taken_back", "entitled"))
        _insured(desk, on(2020, 3, 1), on(2024, 5, 31), entitled)
        _insured(desk, on(2024, 3, 1), None, entitled, kind="back_payment")
        _approved(desk, on(2025, 2, 3), doubt("elsewhere", "insured_elsewhere"))


def _waived(desk: Desk, offset: int, how: How, finding: Finding, days: int = 300) -> None:
    """A waiver that ends `days` after the first day of support, counted from `offset`."""
    approved = desk.day(on(2024, 2, 1), on(2025, 6, 1))
    person = _approved(desk, approved, finding)
    waive(desk, person, approved + offset - 200 if days == 1 else approved, approved + offset + days - 1, how)


def _insured(desk: Desk, first: int, last: int | None, finding: Finding, kind: str = "regular") -> None:
    person = _approved(desk, on(2024, 6, 1), finding)
    insure(desk, spell(desk, person, first, last, kind=kind))
