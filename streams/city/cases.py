"""Claims that overlap employment, finally or only at first: which evidence, and how it came to be told.

Rules: a case touches exactly its own months of a run; every piece of its evidence is told in the same manner;
the final rows decide the label, the base rows only what an officer would have seen too early.
Must not know: how rows are checked; figures (they are the plan's).
"""

from collections.abc import Callable, Iterator
from itertools import repeat

from msgspec import Struct

from streams.city.claimants import Run, tell_claim, tell_claim_eventually, tell_life_around
from streams.city.days import first_day, last_day
from streams.city.evidence import (
    Job,
    claim,
    enterprise,
    exculpated,
    job,
    of_person,
    outside,
    spell,
    unexculpated,
    wage,
    with_person_id,
)
from streams.city.identity import CARELESS, Person, spoiled, written
from streams.city.ledger import Desk
from streams.city.names import person_name
from streams.city.records import Evidence
from streams.city.scenarios import WITHDRAWN, Label, Manner, Share


class Case(Struct, frozen=True):
    """The months first..last of a run that evidence overlaps; `work` as the evidence names it."""

    run: Run
    work: Job
    first: int
    last: int

    @property
    def tail(self) -> bool:
        return self.last == self.run.last


Pattern = Callable[[Desk, Case], list[Evidence]]


def _start(desk: Desk, case: Case) -> int:
    """A day in the first month (often its first or last); earlier only where no claim precedes it."""
    if case.first == case.run.first and desk.chance(0.3):
        return first_day(case.first) - desk.between(1, 400)
    first, last = first_day(case.first), last_day(case.first)
    return desk.rng.choice((first, last, desk.between(first, last)))


def _end(desk: Desk, case: Case, start: int) -> int | None:
    """A day in the last month, not before the start; open or later only where no claim follows."""
    if case.tail and desk.chance(0.4):
        return None if desk.chance(0.6) else last_day(case.last) + desk.between(1, 60)
    first, last = max(start, first_day(case.last)), last_day(case.last)
    return desk.rng.choice((first, last, desk.between(first, last)))


def _spell(desk: Desk, case: Case, work: Job, *, back_payment: bool) -> Evidence:
    start = _start(desk, case)
    end = _end(desk, case, start)
    if back_payment and end is None:
        end = last_day(case.last)
    return spell(desk, work, start, end, back_payment=back_payment, noise=CARELESS)


def insured(desk: Desk, case: Case) -> list[Evidence]:
    return [_spell(desk, case, case.work, back_payment=False)]


def taxed(desk: Desk, case: Case) -> list[Evidence]:
    return [wage(desk, case.work, month, noise=CARELESS) for month in range(case.first, case.last + 1)]


def insured_and_taxed(desk: Desk, case: Case) -> list[Evidence]:
    return insured(desk, case) + taxed(desk, case)


def running(desk: Desk, case: Case, status: str = "active") -> list[Evidence]:
    """An enterprise that is still registered (tail only)."""
    return [enterprise(desk, case.work.person, status, _start(desk, case), noise=CARELESS)]


def paid_back(desk: Desk, case: Case) -> list[Evidence]:
    """By a former employer, whoever else they work for."""
    return [_spell(desk, case, job(desk, case.work.person), back_payment=True)]


def idle(desk: Desk, case: Case) -> list[Evidence]:
    """A dormant or revoked enterprise that is still registered (tail only)."""
    return running(desk, case, desk.rng.choice(("dormant", "revoked")))


def closed_down(desk: Desk, case: Case) -> list[Evidence]:
    """Cancelled in the case's last month."""
    opened = _start(desk, case)
    lowest = max(opened, first_day(case.last))
    closed = desk.rng.choice((lowest, desk.between(lowest, last_day(case.last))))
    return [enterprise(desk, case.work.person, "cancelled", opened, closed, noise=CARELESS)]


def insured_and_paid_back(desk: Desk, case: Case) -> list[Evidence]:
    return insured(desk, case) + paid_back(desk, case)


def taxed_and_idle(desk: Desk, case: Case) -> list[Evidence]:
    return taxed(desk, case) + idle(desk, case)


def paid_back_and_idle(desk: Desk, case: Case) -> list[Evidence]:
    return paid_back(desk, case) + idle(desk, case)


_TAIL_ONLY = (running, idle, taxed_and_idle, paid_back_and_idle)
_WORK = (*repeat(insured, 6), *repeat(taxed, 4), *repeat(insured_and_taxed, 6), running, running)
_PATTERNS: dict[Label, tuple[Pattern, ...]] = {
    Label.EMPLOYED: (*_WORK, insured_and_paid_back, taxed_and_idle),
    Label.BACK_PAYMENT: (*repeat(paid_back, 9), paid_back_and_idle),
    Label.INACTIVE_ENTERPRISE: (idle, closed_down),
    Label.IDENTITY_MISUSE: (insured, taxed, insured_and_taxed, running),
    Label.CLEAR: (insured, taxed, insured_and_taxed, running, paid_back, idle),
}
_PATTERNS_OF_MANNER: dict[tuple[Label, Manner], tuple[Pattern, ...]] = {
    (Label.EMPLOYED, Manner.REOPENED): (insured, running),
    (Label.INACTIVE_ENTERPRISE, Manner.RECLASSIFIED): (idle,),
}


def tell_cases(desk: Desk, share: Share, claimants: Iterator[Run]) -> None:
    """Takes claimants until the share's number of claims is told."""
    left = share.claims
    while left > 0:
        run = next(claimants)
        tell_life_around(desk, run)
        if share.manner is Manner.WRONG_CLAIM:
            left -= _tell_wrong_claim(desk, run)
        else:
            left -= _tell_case(desk, share, run, left)


def _tell_case(desk: Desk, share: Share, run: Run, most: int) -> int:
    pattern = desk.rng.choice(_PATTERNS_OF_MANNER.get((share.label, share.manner), _PATTERNS[share.label]))
    case = _case(desk, share.label, run, most, tail=pattern in _TAIL_ONLY)
    for row in pattern(desk, case):
        _tell(desk, share.manner, case, row)
    tell = tell_claim if share.manner in WITHDRAWN else tell_claim_eventually
    for month in range(run.first, run.last + 1):
        inside = case.first <= month <= case.last
        tell(desk, run, month, share.label if inside else Label.CLEAR)
    return case.last - case.first + 1


def _case(desk: Desk, label: Label, run: Run, most: int, *, tail: bool) -> Case:
    months = run.last - run.first + 1
    length = min(most, months if desk.chance(0.08) else desk.rng.choice((1, 1, 2, 2, 3)))
    last = run.last if tail or desk.chance(0.6) else desk.between(run.first + length - 1, run.last)
    person = run.person
    if label is Label.IDENTITY_MISUSE and desk.chance(0.5):
        person = Person(person.id, person_name(desk.rng))
    return Case(run, job(desk, person), last - length + 1, last)


def _tell(desk: Desk, manner: Manner, case: Case, row: Evidence) -> None:
    first, final = _versions(desk, manner, case, row)
    if first is not None:
        desk.ledger.tell(first)
    if final is None:
        desk.ledger.take_back(row)
    elif first is not final:
        desk.ledger.correct(final)
    elif desk.chance(0.03):
        _refused_correction(desk, case, final)


def _versions(
    desk: Desk, manner: Manner, case: Case, row: Evidence
) -> tuple[Evidence | None, Evidence | None]:
    """The row in the base file and the row that counts in the end; None where there is none."""
    match manner:
        case Manner.LATE:
            return None, row
        case Manner.MISDATED:
            return outside(desk, row, case.run.first, case.run.last), row
        case Manner.MISTAKEN:
            return _stranger(desk, row), row
        case Manner.RECLASSIFIED:
            return unexculpated(row), row
        case Manner.REOPENED:
            return exculpated(row), row
        case Manner.DELETED:
            return row, None
        case Manner.REDATED:
            return row, outside(desk, row, case.run.first, case.run.last)
        case Manner.REPERSONED:
            return row, _stranger(desk, row)
        case _:
            return row, row


def _stranger(desk: Desk, row: Evidence) -> Evidence:
    other = desk.person()
    return of_person(row, written(desk.rng, other.id), other.name)


def _refused_correction(desk: Desk, case: Case, row: Evidence) -> None:
    """Would take the evidence away, but names nobody: the row before it stays."""
    moved = outside(desk, row, case.run.first, case.run.last)
    bad = with_person_id(moved, spoiled(desk.rng, case.work.person.id))
    desk.ledger.correct(desk.ledger.refuse(bad))


def _tell_wrong_claim(desk: Desk, run: Run) -> int:
    """One claim names a stranger in work at first; the stranger's spell is right and stays."""
    stranger, wrong = desk.person(), desk.between(run.first, run.last)
    desk.ledger.tell(spell(desk, job(desk, stranger), first_day(wrong) - desk.between(1, 900), None))
    for month in range(run.first, run.last + 1):
        if month != wrong:
            tell_claim(desk, run, month, Label.CLEAR)
    row = claim(desk, run.person, wrong)
    desk.ledger.tell(with_person_id(row, written(desk.rng, stranger.id)))
    desk.ledger.correct(row)
    desk.ledger.truth[row.claim_no] = Label.CLEAR
    return 1
