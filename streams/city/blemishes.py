"""Rows that no department should have sent: identifiers that cannot be right, and lines sent twice.

Rules: bad rows come on top of the plan and are never in the truth; a bad person id is a claimant's, in a
claimed month, so whoever repairs it raises a false alert; a bad employer code hits people who claim nothing.
Must not know: the correction files.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from streams.city.claimants import Run
from streams.city.days import first_day, month_number
from streams.city.evidence import claim, enterprise, job, spell, wage, with_person_id
from streams.city.identity import spoiled, spoiled_uscc
from streams.city.ledger import Desk
from streams.city.records import Claim, Enterprise, Evidence, Row, Spell, Wage, key

_BAD = 0.002
_TWICE = 0.0015
_ANY_MONTH = month_number(2008, 5)


def tell_bad_rows(desk: Desk, victims: Sequence[Run]) -> None:
    for kind, rows in desk.ledger.base.items():
        for _ in range(max(2, round(len(rows) * _BAD))):
            bad_code = kind is not Claim and desk.chance(0.25)
            row = _bad_code(desk, kind) if bad_code else _bad_person(desk, kind, desk.rng.choice(victims))
            desk.ledger.tell(desk.ledger.refuse(row))


def _bad_person(desk: Desk, kind: type[Row], run: Run) -> Row:
    return with_person_id(_row(desk, kind, run), spoiled(desk.rng, run.person.id))


def _bad_code(desk: Desk, kind: type[Row]) -> Evidence:
    bystander = desk.person()
    row = _row(desk, kind, Run(bystander, _ANY_MONTH, _ANY_MONTH))
    code = spoiled_uscc(desk.rng, desk.people.uscc())
    if isinstance(row, Enterprise):
        return replace(row, uscc=code)
    assert not isinstance(row, Claim)
    return replace(row, employer_uscc=code)


def _row(desk: Desk, kind: type[Row], run: Run) -> Row:
    month = desk.between(run.first, run.last)
    if kind is Claim:
        return claim(desk, run.person, month)
    if kind is Wage:
        return wage(desk, job(desk, run.person), month)
    if kind is Spell:
        return spell(desk, job(desk, run.person), first_day(month), None)
    return enterprise(desk, run.person, "active", first_day(month))


def in_file_order(desk: Desk, kind: type[Row]) -> tuple[list[Row], int]:
    """All base rows by key, and how many of them are repeats: half beside the first, half at the end."""
    rows = desk.ledger.base[kind]
    refused = desk.ledger.refused[kind]
    chosen = desk.rng.sample(rows, max(2, round(len(rows) * _TWICE)))
    twice = [row for row in chosen if row not in refused]
    beside, at_the_end = twice[::2], twice[1::2]
    return [*sorted((*rows, *beside), key=key), *at_the_end], len(twice)
