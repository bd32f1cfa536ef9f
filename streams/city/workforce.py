"""Everyone else: enterprises with their legal representatives, and the employed who claim nothing.

Rules: fills each file up to the plan's number of rows; nobody here ever claims.
Must not know: claims.
"""

from streams.city.days import YEAR_END, month_number
from streams.city.evidence import Job, enterprise, job, spell, wage
from streams.city.identity import Person
from streams.city.ledger import Desk
from streams.city.records import Enterprise, Spell, Wage
from streams.city.scenarios import Plan

_STATUSES = (*("active",) * 39, *("dormant",) * 3, *("revoked",) * 3, *("cancelled",) * 5)
_YEAR = 365
_FIRST_WAGE = month_number(2008, 1)
# Enterprises of claimants come on top; about 3% of claimants and a few cases own one.
_CLAIMANTS_OWN = 0.04


def open_enterprises(desk: Desk, plan: Plan) -> list[Person]:
    """The register, before anyone is employed; returns the legal representatives."""
    owners: list[Person] = []
    for _ in range(max(1, round(plan.enterprises * (1 - _CLAIMANTS_OWN)))):
        again = owners and desk.chance(0.12)
        owner = desk.rng.choice(owners) if again else desk.person()
        owners.append(owner)
        _open(desk, owner)
    return owners


def _open(desk: Desk, owner: Person) -> None:
    status = desk.rng.choice(_STATUSES)
    opened = YEAR_END - desk.between(30, 12 * _YEAR)
    closed = desk.between(opened, YEAR_END) if status == "cancelled" else None
    row = enterprise(desk, owner, status, opened, closed)
    desk.ledger.tell(row)
    if status == "active" or not desk.employers:
        desk.employers.append(row.uscc)


def top_up(desk: Desk, plan: Plan, owners: list[Person]) -> None:
    """Brings each file to its planned number of rows."""
    told = desk.ledger.base
    while len(told[Enterprise]) < plan.enterprises:
        _open(desk, desk.person())
    insured = [job(desk, owner) for owner in owners[: len(owners) // 3]]
    while len(told[Spell]) < plan.spells:
        _insure(desk, insured)
    while len(told[Wage]) < plan.wages:
        _tax(desk, desk.rng.choice(insured), plan.wages - len(told[Wage]))


def _insure(desk: Desk, insured: list[Job]) -> None:
    """A new worker, or another spell of one who is already insured."""
    worker = desk.rng.choice(insured).person if insured and desk.chance(0.2) else desk.person()
    work = job(desk, worker)
    insured.append(work)
    start = YEAR_END - desk.between(0, 9 * _YEAR)
    end = None if desk.chance(0.7) else desk.between(start, YEAR_END)
    desk.ledger.tell(spell(desk, work, start, end, back_payment=end is not None and desk.chance(0.04)))


def _tax(desk: Desk, work: Job, most: int) -> None:
    """Wages of consecutive months; only incomes above the 2,000 yuan allowance of 2008 are taxed."""
    months = min(most, desk.between(1, 12))
    first = _FIRST_WAGE + desk.between(0, 12 - months)
    for month in range(first, first + months):
        desk.ledger.tell(wage(desk, work, month))
