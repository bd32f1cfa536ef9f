"""Deaths, and the three registers that may know of them; what became of a certificate of death.

Rules: a death that the police did not register is a question once a month has passed, whoever died.
Must not know: pensions, benefits.
"""

from streams.city.identity import Person
from streams.city.town.desk import FALLS, STANDS, Desk, How, who
from streams.city.town.ledger import Row
from streams.city.town.lives import Means, born_on, elder, marry
from streams.city.town.truth import ORDINARY, Finding, doubt, explained, hit, near, withdrawn
from streams.city.town.when import TODAY

RULE = "death-not-registered"
_DAYS = 31
_LONE = Means(home=0.5, car=0.1, married=0.0)


def registered(desk: Desk, person: Person, died: int, kind: str = "death") -> Row:
    """The police register's record."""
    return desk.row(
        "police.death_registration",
        **who(person),
        died_on=died,
        registered_on=died + desk.between(1, 20),
        kind=kind,
    )


def certified(desk: Desk, person: Person, died: int) -> Row:
    """The certificate of death."""
    place = desk.one(("hospital", "home", "care_home", "elsewhere"))
    return desk.row("health.death", **who(person), died_on=died, place=place)


def cremated(desk: Desk, person: Person, died: int) -> Row:
    """The crematorium's record."""
    return desk.row("civil.cremation", **who(person), died_on=died, cremated_on=died + desk.between(2, 6))


def certify(desk: Desk, person: Person, died: int, finding: Finding) -> None:
    """A certificate of death, and what is true of its registration."""
    row = certified(desk, person, died)
    desk.say(row, How.ON_TIME)
    desk.judge(RULE, row, finding)


def mourn(desk: Desk, person: Person, died: int) -> None:
    """A marriage that ended that day, for most."""
    if desk.chance(0.6):
        wed = born_on(person) + desk.between(8_100, 11_000)
        marry(desk, person, wed, died, "widowed")


def die(
    desk: Desk, person: Person, died: int, *, police: bool = True, health: bool = True, cremation: bool = True
) -> None:
    """A death as some of the registers know it."""
    mourn(desk, person, died)
    if police:
        desk.say(registered(desk, person, died), desk.one(STANDS))
    if health:
        certify(desk, person, died, ORDINARY if police else unregistered(died))
    if cremation:
        desk.say(cremated(desk, person, died), desk.one(STANDS))


def unregistered(died: int) -> Finding:
    """What is true of a certificate whose death the police did not register."""
    return hit("no_registration", "not_registered") if died + _DAYS < TODAY else near("not_due")


def tell_deaths(desk: Desk) -> None:
    """Cases of death-not-registered, and ordinary deaths of people without a pension."""
    for _ in desk.cases(12):
        _unregistered(desk, TODAY - desk.between(40, 700))
    for _ in desk.cases(3):
        _unregistered(desk, TODAY - _DAYS - 1)
        _unregistered(desk, TODAY - _DAYS)
        _registered_late(desk)
        _moved_away(desk, 1)
        _moved_away(desk, 0)
        _revoked(desk)
    for _ in desk.cases(6):
        _moved_away(desk, desk.between(30, 2_000))
        _corrected(desk, desk.one((How.LATE, How.OF_ANOTHER)), withdrawn("registered_since"))
        _corrected(desk, desk.one(FALLS), hit("taken_back", "not_registered"))
    for _ in range(desk.size(250)):
        die(desk, elder(desk, _LONE), desk.day())


def _unregistered(desk: Desk, died: int) -> None:
    die(desk, elder(desk, _LONE), died, police=False)


def _registered_late(desk: Desk) -> None:
    person, died = elder(desk, _LONE), TODAY - desk.between(200, 600)
    desk.say(registered(desk, person, died).but(registered_on=died + 90), How.ON_TIME)
    certify(desk, person, died, near("registered_late"))


def _moved_away(desk: Desk, days_before: int) -> None:
    """Moved before the day of death: elsewhere's affair. On the day itself: still registered here."""
    person, died = elder(desk, _LONE), TODAY - desk.between(60, 500)
    desk.tell("police.moved_away", **who(person), moved_on=died - days_before)
    told = explained("moved_away") if days_before else doubt("moved_that_day", "registered_elsewhere")
    certify(desk, person, died, told)


def _revoked(desk: Desk) -> None:
    """Registered and revoked: someone else's certificate."""
    person, died = elder(desk, _LONE), TODAY - desk.between(60, 500)
    desk.say(registered(desk, person, died, "revoked"), How.ON_TIME)
    certify(desk, person, died, doubt("revoked", "source_error"))


def _corrected(desk: Desk, how: How, finding: Finding) -> None:
    person, died = elder(desk, _LONE), TODAY - desk.between(60, 500)
    desk.say(registered(desk, person, died), how)
    certify(desk, person, died, finding)
