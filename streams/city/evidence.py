"""One row of the ledger at a time: a claim, an insured spell, a taxed wage, an enterprise; and edits of them.

Rules: amounts and wages are plausible for Hangzhou in 2008; a row says only what its department knows.
Must not know: whether the row overlaps a claim.
"""

from msgspec import Struct
from msgspec.structs import replace

from streams.city.days import YEAR_START, day_text, first_day, last_day, month_number, month_of, month_text
from streams.city.identity import CAREFUL, Person, written, written_uscc
from streams.city.ledger import Desk
from streams.city.names import enterprise_name
from streams.city.records import Claim, Enterprise, Evidence, Spell, Wage

_RAISE = month_number(2008, 9)
_BEFORE, _AFTER = ("595.00", "680.00"), ("672.00", "768.00")
_TAXED_FROM = 2_000


class Job(Struct, frozen=True):
    """Someone's work for one employer, so that spells and wages of it name the same one."""

    person: Person
    employer: str
    income: int


def job(desk: Desk, person: Person) -> Job:
    return Job(person, desk.employer(), _TAXED_FROM + int(desk.rng.expovariate(1 / 1_100)))


def claim(desk: Desk, person: Person, month: int) -> Claim:
    amounts = _BEFORE if month < _RAISE else _AFTER
    return Claim(
        desk.ledger.number(f"UB{month // 12}{month % 12 + 1:02d}"),
        written(desk.rng, person.id),
        person.name,
        month_text(month),
        amounts[desk.chance(0.4)],
    )


def spell(
    desk: Desk,
    work: Job,
    start: int,
    end: int | None,
    *,
    back_payment: bool = False,
    noise: float = CAREFUL,
) -> Spell:
    """A regular spell is first paid in its first month; a back payment long after."""
    paid_on = (end or start) + desk.between(40, 150) if back_payment else last_day(month_of(start))
    return Spell(
        desk.ledger.number("SI"),
        written(desk.rng, work.person.id, noise),
        work.person.name,
        written_uscc(desk.rng, work.employer),
        day_text(start),
        day_text(end),
        "back_payment" if back_payment else "regular",
        day_text(paid_on),
    )


def wage(desk: Desk, work: Job, month: int, *, noise: float = CAREFUL) -> Wage:
    return Wage(
        desk.ledger.number("WT"),
        written(desk.rng, work.person.id, noise),
        work.person.name,
        written_uscc(desk.rng, work.employer),
        month_text(month),
        f"{work.income + desk.between(0, 9) * 20}.00",
    )


def enterprise(
    desk: Desk,
    person: Person,
    status: str,
    registered: int,
    cancelled: int | None = None,
    *,
    noise: float = CAREFUL,
) -> Enterprise:
    return Enterprise(
        desk.people.uscc(),
        enterprise_name(desk.rng),
        written(desk.rng, person.id, noise),
        person.name,
        status,
        day_text(registered),
        day_text(cancelled),
    )


def of_person(row: Evidence, person_id: str, name: str) -> Evidence:
    """The same row told of someone else."""
    if isinstance(row, Enterprise):
        return replace(row, legal_rep_id=person_id, legal_rep_name=name)
    return replace(row, person_id=person_id, name=name)


def with_person_id(row: Claim | Evidence, person_id: str) -> Claim | Evidence:
    if isinstance(row, Enterprise):
        return replace(row, legal_rep_id=person_id)
    return replace(row, person_id=person_id)


def outside(desk: Desk, row: Evidence, first: int, last: int) -> Evidence:
    """The same row moved out of the months first..last, often by a single day."""
    before = first_day(first) - 1
    if isinstance(row, Wage):
        return replace(row, month=month_text(desk.between(min(first - 1, month_of(YEAR_START)), first - 1)))
    if isinstance(row, Enterprise):
        start = day_text(before - desk.between(300, 2_000))
        return replace(row, status="cancelled", registered_on=start, cancelled_on=day_text(before))
    if desk.chance(0.5):
        return replace(row, period_start=day_text(last_day(last) + 1), period_end="")
    start = day_text(before - desk.between(30, 900))
    return replace(row, period_start=start, period_end=day_text(before))


def exculpated(row: Evidence) -> Evidence:
    """The same row as its department would classify it where it does not mean employment."""
    if isinstance(row, Spell):
        return replace(row, kind="back_payment")
    return replace(row, status="dormant") if isinstance(row, Enterprise) else row


def unexculpated(row: Evidence) -> Evidence:
    if isinstance(row, Spell):
        return replace(row, kind="regular")
    return replace(row, status="active") if isinstance(row, Enterprise) else row
