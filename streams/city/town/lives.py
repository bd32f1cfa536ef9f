"""Ordinary lives: when people were born, whom they married, what they own. Nothing here is a case.

Rules: what is written here agrees with every register; a role that must not own something is not given it.
Must not know: rules, but for the one whose anchors are marriages.
"""

from datetime import date

from msgspec import Struct

from streams.city.identity import Person
from streams.city.names import one_of
from streams.city.town.desk import Desk, How, who
from streams.city.town.ledger import Row
from streams.city.town.truth import ORDINARY, Finding
from streams.city.town.when import FIRST, LAST, on

MARRIAGE = "marriage-overlap"
_YEAR = 365
_PLATE = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"


class Means(Struct, frozen=True):
    """What a role may be given in the ordinary course of life."""

    home: float = 0.4
    car: float = 0.3
    married: float = 0.5


WORKER, PENSIONER = Means(), Means(home=0.5, car=0.15, married=0.6)
POOR = Means(home=0.3, car=0.0, married=0.4)
SINGLE = Means(married=0.0)


def born_on(person: Person) -> int:
    """The day that a citizen number states."""
    return date(int(person.id[6:10]), int(person.id[10:12]), int(person.id[12:14])).toordinal()


def adult(desk: Desk, means: Means = WORKER, *, ages: tuple[int, int] = (24, 58)) -> Person:
    """Someone of an age (in 2025) with an ordinary life."""
    youngest, oldest = ages
    person = desk.born(on(2025 - oldest, 1, 1), on(2025 - youngest, 12, 31))
    if desk.chance(means.home):
        own(desk, person, registered=desk.day(on(2005, 1, 1), LAST))
    if desk.chance(means.car):
        drive(desk, person, registered=desk.day(on(2014, 1, 1), LAST))
    if desk.chance(means.married):
        _marry_someone(desk, person)
    return person


def elder(desk: Desk, means: Means = PENSIONER) -> Person:
    """Someone past sixty."""
    return adult(desk, means, ages=(61, 92))


def marriage(
    desk: Desk, person: Person, registered: int, ended: int | None = None, status: str = "married"
) -> Row:
    """One party of a marriage, not told yet."""
    return desk.row("civil.marriage", **who(person), registered_on=registered, ended_on=ended, status=status)


def marry(
    desk: Desk,
    person: Person,
    registered: int,
    ended: int | None = None,
    status: str = "married",
    finding: Finding = ORDINARY,
) -> Row:
    """Both parties; the finding is about the first. Returns the first party's record."""
    row = marriage(desk, person, registered, ended, status)
    desk.say(row, How.ON_TIME)
    if status != "void":
        desk.judge(MARRIAGE, row, finding)
    other = desk.born(born_on(person) - 4 * _YEAR, born_on(person) + 4 * _YEAR)
    other_row = marriage(desk, other, registered, ended, status)
    desk.say(other_row, How.ON_TIME)
    if status != "void":
        desk.judge(MARRIAGE, other_row, ORDINARY)
    return row


def _marry_someone(desk: Desk, person: Person) -> None:
    of_age = born_on(person) + 22 * _YEAR
    if of_age >= LAST:
        return
    first = desk.day(of_age, min(of_age + 15 * _YEAR, LAST))
    divorced = first + desk.between(300, 6_000)
    if desk.chance(0.12) and divorced < LAST - 400:
        marry(desk, person, first, divorced, "divorced")
        marry(desk, person, desk.day(divorced + 1, LAST))
    else:
        marry(desk, person, first)


def own(
    desk: Desk,
    person: Person,
    *,
    registered: int,
    ended: int | None = None,
    use: str = "residential",
    share: str = "sole",
    home: str = "",
    how: How = How.ON_TIME,
) -> None:
    """A title to real estate."""
    desk.say(
        desk.row(
            "naturalres.ownership",
            owner_id=person.id,
            name=person.name,
            property_no=home or desk.home(),
            use=use,
            share=share,
            registered_on=registered,
            ended_on=ended,
        ),
        how,
    )


def drive(
    desk: Desk,
    person: Person,
    *,
    registered: int,
    ended: int | None = None,
    kind: str = "car",
    status: str = "normal",
    how: How = How.ON_TIME,
) -> None:
    """A registered vehicle."""
    plate = "浙A" + "".join(one_of(desk.rng, _PLATE) for _ in range(5))
    desk.say(
        desk.row(
            "police.vehicle",
            owner_id=person.id,
            name=person.name,
            plate_no=plate,
            kind=kind,
            status=status,
            registered_on=registered,
            deregistered_on=ended,
        ),
        how,
    )


def recently(desk: Desk) -> int:
    """A day of the town's three years that leaves half a year on either side."""
    return desk.day(FIRST + 180, LAST - 180)
