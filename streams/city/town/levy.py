"""Employers and the employed of a year: wages, contribution bases, headcounts; and cases of both rules.

Rules: an ordinary base is the year's wages, a little less at most; ordinary headcounts are counted from the staff.
Must not know: bands, but for the amounts that lie just on either side of one.
"""

from collections.abc import Sequence

from streams.city.days import first_day, last_day, month_number
from streams.city.identity import Person
from streams.city.town.desk import FALLS, STANDS, Desk, How, who
from streams.city.town.employment import STAFFED, insure, spell, wage
from streams.city.town.firms import Firm, found
from streams.city.town.ledger import Row
from streams.city.town.lives import adult
from streams.city.town.recipients import Pay, earn
from streams.city.town.truth import ORDINARY, Finding, doubt, explained, hit, near, withdrawn
from streams.city.town.when import on

BASE, HEADS = "contribution-base-low", "headcount-mismatch"
_YEAR = range(month_number(2024, 1), month_number(2024, 12) + 1)
_FIRST, _LAST = first_day(_YEAR[0]), last_day(_YEAR[-1])
_AUDITED, _TAXED = 0.3, 0.4
_CEILING = 180_000
"""Where the band begins in which the most lies that a base can be."""


def tell_levy(desk: Desk) -> None:
    """Every case of the pack."""
    _tell_bases(desk)
    _tell_headcounts(desk)


def tell_staff(desk: Desk) -> None:
    """Ordinary employees; some employers are audited, some employees have wage tax withheld."""
    audited = {employer for employer in desk.employers if desk.chance(_AUDITED)}
    for _ in range(desk.size(5_000)):
        employer = desk.employer()
        _employ(desk, employer, audited=employer in audited)
    for employer in desk.employers:
        count = [desk.staff[employer, month] for month in STAFFED]
        headcounts(desk, employer, count, count)


def _employ(desk: Desk, employer: str, *, audited: bool) -> None:
    person, salary = adult(desk), 3_000 + int(desk.rng.expovariate(1 / 4_000))
    since = desk.day(on(2019, 1, 1), _FIRST - 1) if audited else desk.day(on(2019, 1, 1), on(2025, 12, 1))
    left = None if audited or desk.chance(0.85) else desk.between(since, on(2025, 12, 20))
    insure(desk, spell(desk, person, since, left, employer=employer))
    if audited:
        earn(desk, person, [(month, salary + desk.between(0, 9) * 20, "wage") for month in _YEAR], employer)
        base(desk, person, employer, 12 * salary * (1 - desk.between(0, 10) / 1_000))
    if left is None and desk.chance(_TAXED):
        for month in STAFFED:
            desk.say(wage(desk, person, month, employer, salary), How.ON_TIME)


# bases


def base(desk: Desk, person: Person, employer: str, annual: float, finding: Finding = ORDINARY) -> None:
    """The base that an employer declared for a year."""
    declared = float(round(annual))
    row = desk.tell(
        "hrss.contribution_base",
        **who(person),
        employer_uscc=employer,
        year_start=_FIRST,
        year_end=_LAST,
        annual_base=declared,
    )
    if declared < _CEILING:
        desk.judge(BASE, row, finding)


def _wages(monthly: float, months: int = 12) -> list[Pay]:
    return [(month, monthly, "wage") for month in _YEAR[:months]]


def _based(
    desk: Desk,
    annual: float,
    pays: Sequence[Pay],
    finding: Finding,
    *,
    elsewhere: bool = False,
    how: How = How.ON_TIME,
) -> Person:
    """A base, and wages of the same employer or of another."""
    person, employer = adult(desk), desk.employer()
    insure(desk, spell(desk, person, on(2021, 7, 1), None, employer=employer))
    earn(desk, person, pays, desk.people.uscc() if elsewhere else employer, how)
    base(desk, person, employer, annual, finding)
    return person


def _tell_bases(desk: Desk) -> None:
    low = hit("too_low", "base_too_low")
    unseen = hit("below_the_edges", "base_too_low", decidable=False)
    for _ in desk.cases(8):
        _based(desk, 50_000, _wages(desk.between(90, 200) * 100.0), low, how=desk.one(STANDS))
        _adjusted(desk, 0, explained("adjusted"))
        _based(desk, 50_000, _wages(9_000.0), withdrawn("wages"), how=desk.one(FALLS))
    for _ in desk.cases(3):
        _based(desk, 62_000, _wages(8_000.0), low)
        _based(desk, 62_000, _wages(7_999.99), unseen)
        _based(desk, 62_000, _wages(5_500.0), near("within_the_margin"))
        _based(desk, 40_000, [*_wages(3_000.0), (_YEAR[5], 80_000.0, "severance")], explained("severance"))
        _based(desk, 40_000, [*_wages(9_000.0), (_YEAR[5], 80_000.0, "severance")], low)
        _based(desk, 40_000, _wages(9_000.0), near("other_employer"), elsewhere=True)
        after = [(month + 12, 9_000.0, "wage") for month in _YEAR]
        _based(desk, 40_000, after, near("year_after"))
        _based(desk, 40_000, [(m, 9_000.0, "labour_service") for m in _YEAR], near("labour_service"))
        _based(desk, 50_000, _wages(9_000.0), doubt("not_in_base", "not_in_base"))
        _adjusted(desk, 366, low)
        _based(desk, _CEILING - 1, _wages(20_000.0), low)
        _based(desk, _CEILING, _wages(60_000.0), ORDINARY)


def _adjusted(desk: Desk, days_before: int, finding: Finding) -> None:
    """The base of that year adjusted, or that of the year before."""
    person = _based(desk, 50_000, _wages(9_000.0), finding)
    first = _FIRST if not days_before else on(2023, 1, 1)
    last = _LAST if not days_before else on(2023, 12, 31)
    desk.tell(
        "hrss.base_adjustment", **who(person), year_start=first, year_end=last, adjusted_on=on(2025, 9, 9)
    )


# headcounts


def headcounts(
    desk: Desk,
    employer: str,
    insured: Sequence[int],
    paid: Sequence[int],
    finding: Finding = ORDINARY,
    *,
    kind: str = "regular",
) -> list[Row]:
    """Both counts of the last quarter; the finding is about the last month. Returns the tax bureau's records."""
    told = []
    for i, month in enumerate(STAFFED):
        row = desk.tell("hrss.employer_headcount", uscc=employer, month=month, insured=insured[i])
        desk.judge(HEADS, row, finding if month == STAFFED[-1] else ORDINARY)
        told.append(
            desk.row("tax.withholding_headcount", uscc=employer, month=month, paid=paid[i], kind=kind)
        )
    for row in told[:-1] if finding.case.startswith("withdrawn") else told:
        desk.say(row, How.ON_TIME)
    return told


def _counted(desk: Desk, insured: int, paid: int, finding: Finding, kind: str = "regular") -> None:
    """The same headcount until the last month; as many are insured as are counted."""
    firm = _staffed(desk, insured)
    headcounts(desk, firm.uscc, (insured, insured, insured), (insured, insured, paid), finding, kind=kind)


def _staffed(desk: Desk, staff: int) -> Firm:
    firm = found(desk, opened=on(2018, 1, 1) + desk.between(0, 1_000), employs=False)
    for _ in range(staff):
        insure(
            desk, spell(desk, adult(desk), desk.day(on(2021, 1, 1), on(2025, 9, 1)), None, employer=firm.uscc)
        )
    return firm


def _tell_headcounts(desk: Desk) -> None:
    missing = hit("not_insured", "not_insured")
    for _ in desk.cases(8):
        insured = desk.one((1, 3, 6, 12, 25))
        _counted(desk, insured, insured * 5, missing)
        _counted(desk, insured, insured * 5, explained("dispatch"), desk.one(("labour_dispatch", "seasonal")))
    for _ in desk.cases(3):
        _counted(desk, 4, 10, missing)
        _counted(desk, 4, 9, near("next_band"))
        _counted(desk, 10, 5, near("next_band"))
        _counted(desk, 10, 4, doubt("part_time", "part_time"))
        _counted(desk, 0, 2, near("next_band"))
        _counted(desk, 0, 3, missing)
        _counted(desk, 10, 49, hit("within_the_bands", "not_insured", decidable=False))
        firm = _staffed(desk, 5)
        last = headcounts(desk, firm.uscc, (5, 5, 5), (5, 5, 5), withdrawn("count_corrected"))[-1]
        desk.amend(last.but(paid=80), last)
