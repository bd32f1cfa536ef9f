"""Claimants: months of benefit in a row, and the working life around them that must not count.

Rules: exactly `slots` claims in every month; what is told here never touches a claimed month, though it
often stops a day before or starts a day after; late, repaired and amended claims change nothing in the end.
Must not know: overlaps.
"""

from collections.abc import Iterator
from random import Random

from msgspec import Struct
from msgspec.structs import replace

from streams.city.days import YEAR_END, first_day, last_day, month_number, month_of
from streams.city.evidence import Job, claim, enterprise, job, spell, wage
from streams.city.identity import Person, spoiled
from streams.city.ledger import Desk
from streams.city.records import Claim
from streams.city.scenarios import Label, Plan

# Nine months divide into the runs of one, two or three claimants one after the other.
_SPLITS = ((9,), (3, 6), (6, 3), (4, 5), (5, 4), (3, 6), (5, 4), (3, 3, 3), (3, 3, 3))
_FIRST_WAGE, _LAST_WAGE = month_number(2007, 7), month_number(2008, 12)


class Run(Struct, frozen=True):
    """A person who claims every month from first to last."""

    person: Person
    first: int
    last: int


def runs(desk: Desk, plan: Plan) -> Iterator[Run]:
    for _ in range(plan.slots):
        first = plan.first_month
        for length in _split(desk.rng, plan.months):
            yield Run(desk.person(), first, first + length - 1)
            first += length


def _split(rng: Random, months: int) -> tuple[int, ...]:
    return _SPLITS[int(rng.random() * len(_SPLITS))] if months == sum(_SPLITS[0]) else (months,)


def tell_claim(desk: Desk, run: Run, month: int, label: Label) -> None:
    """A claim told once and for all."""
    row = claim(desk, run.person, month)
    desk.ledger.tell(row)
    desk.ledger.truth[row.claim_no] = label


def tell_claim_eventually(desk: Desk, run: Run, month: int, label: Label) -> None:
    """A claim that may come late, be refused at first, be amended, or be entered twice."""
    row = claim(desk, run.person, month)
    desk.ledger.truth[row.claim_no] = label
    draw = desk.rng.random()
    if draw >= 0.001:
        desk.ledger.tell(row)
    elif draw < 0.0003:
        desk.ledger.correct(row)
    else:
        # A second entry is an alert too, so only a clear claim may be entered twice.
        _amend(desk, run, month, row, desk.between(0, 4 if label is Label.CLEAR else 2))


def _amend(desk: Desk, run: Run, month: int, row: Claim, kind: int) -> None:
    ledger = desk.ledger
    bad = replace(row, person_id=spoiled(desk.rng, run.person.id))
    if kind == 0:  # refused, then repaired
        ledger.tell(ledger.refuse(bad))
        ledger.correct(row)
    elif kind == 1:  # the amount corrected twice, so that order decides
        ledger.tell(replace(row, amount="0.00"))
        ledger.correct(replace(row, amount="6.72"))
        ledger.correct(row)
    elif kind == 2:  # a correction that is itself refused leaves the row in place
        ledger.tell(row)
        ledger.correct(ledger.refuse(bad))
    else:  # entered twice under two numbers, the second taken back
        ledger.tell(row)
        second = claim(desk, run.person, month)
        ledger.tell(second)
        ledger.take_back(second)


def tell_clear(desk: Desk, run: Run) -> None:
    for month in range(run.first, run.last + 1):
        tell_claim_eventually(desk, run, month, Label.CLEAR)


def tell_life_around(desk: Desk, run: Run) -> None:
    if desk.chance(0.9):
        _job_before(desk, run)
    if desk.chance(0.45):
        _job_after(desk, run)
    if desk.chance(0.03):
        _enterprise_around(desk, run)


def _job_before(desk: Desk, run: Run) -> None:
    end = first_day(run.first) - (1 if desk.chance(0.25) else desk.between(2, 60))
    back_payment = desk.chance(0.03)
    work, start = job(desk, run.person), end - desk.between(90, 2_500)
    desk.ledger.tell(spell(desk, work, start, end, back_payment=back_payment))
    if desk.chance(0.35):
        last = month_of(end)
        _wages(desk, work, last - desk.between(0, 3), last)


def _job_after(desk: Desk, run: Run) -> None:
    start = last_day(run.last) + (1 if desk.chance(0.25) else desk.between(2, 60))
    if start > YEAR_END:
        return
    work = job(desk, run.person)
    desk.ledger.tell(spell(desk, work, start, None))
    if desk.chance(0.35):
        first = month_of(start)
        _wages(desk, work, first, first + desk.between(0, 3))


def _wages(desk: Desk, work: Job, first: int, last: int) -> None:
    for month in range(max(first, _FIRST_WAGE), min(last, _LAST_WAGE) + 1):
        desk.ledger.tell(wage(desk, work, month))


def _enterprise_around(desk: Desk, run: Run) -> None:
    """Closed before the first claim, or opened after the last."""
    if desk.chance(0.7):
        closed = first_day(run.first) - (1 if desk.chance(0.3) else desk.between(2, 900))
        opened = closed - desk.between(200, 2_500)
        desk.ledger.tell(enterprise(desk, run.person, "cancelled", opened, closed))
    else:
        opened = last_day(run.last) + (1 if desk.chance(0.3) else desk.between(2, 30))
        desk.ledger.tell(enterprise(desk, run.person, "active", opened))
