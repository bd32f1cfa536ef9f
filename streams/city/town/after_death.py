"""Pensioners, and pensions that went on after a death that two registers, or only one, know of.

Rules: the month of death is due; a death that one register alone knows of is true, and not decidable.
Must not know: other benefits.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from streams.city.days import first_day, last_day, month_number, month_of
from streams.city.identity import Person
from streams.city.town.deaths import certified, certify, cremated, die, registered
from streams.city.town.desk import FALLS, Desk, How, who
from streams.city.town.lives import Means, elder
from streams.city.town.truth import ORDINARY, Finding, doubt, explained, hit, near, withdrawn

RULE = "pension-after-death"
_MONTHS = range(month_number(2025, 7), month_number(2025, 12) + 1)
_NOTHING: Mapping[int, Finding] = MappingProxyType({})
_LONE = Means(home=0.5, car=0.1, married=0.0)
_DIED = hit("died", "died")
_TWO_OR_THREE = ((True, True, False), (True, False, True), (False, True, True), (True, True, True))
_ONE = ((True, False, False), (False, True, False), (False, False, True))


def pension(
    desk: Desk, person: Person, months: Iterable[int], findings: Mapping[int, Finding] = _NOTHING
) -> None:
    """Monthly payments; `findings` by month."""
    amount = 1_800 + desk.between(0, 400) * 10
    for month in months:
        row = desk.tell("hrss.pension_payment", **who(person), month=month, kind="pension", amount=amount)
        desk.judge(RULE, row, findings.get(month, ORDINARY))


def tell_pensions(desk: Desk) -> None:
    """Every case of the pack, and ordinary pensioners; some of them die and are paid no longer."""
    for _ in desk.cases(12):
        _overpaid(desk, desk.between(first_day(_MONTHS[1]), last_day(_MONTHS[2])), desk.one(_TWO_OR_THREE))
        _overpaid(desk, desk.between(first_day(_MONTHS[1]), last_day(_MONTHS[2])), desk.one(_ONE))
    for _ in desk.cases(3):
        _overpaid(desk, last_day(_MONTHS[1]), desk.one(_TWO_OR_THREE))
        _overpaid(desk, first_day(_MONTHS[2]), desk.one(_TWO_OR_THREE))
        _revoked(desk)
        _mixed_up(desk)
        _taken_back(desk)
    for _ in desk.cases(8):
        _repaid(desk)
    for _ in range(desk.size(1_600)):
        _ordinary(desk)


def _ordinary(desk: Desk) -> None:
    if not desk.chance(0.05):
        pension(desk, elder(desk), _MONTHS)
        return
    person, died = elder(desk, _LONE), desk.between(first_day(_MONTHS[0]), last_day(_MONTHS[-2]))
    die(desk, person, died)
    pension(desk, person, range(_MONTHS[0], month_of(died) + 1))
    desk.tell(
        "hrss.pension_payment", **who(person), month=month_of(died) + 1, kind="funeral_grant", amount=9_000
    )


def _overpaid(desk: Desk, died: int, knowing: tuple[bool, bool, bool]) -> None:
    """Paid for one to three months after the month of death."""
    person, last = elder(desk, _LONE), month_of(died)
    police, health, cremation = knowing
    die(desk, person, died, police=police, health=health, cremation=cremation)
    seen = sum(knowing) > 1
    told = _DIED if seen else hit("one_register", "died", decidable=False)
    paid = range(_MONTHS[0], last + desk.between(1, 3) + 1)
    findings = {m: told if m > last else near("month_of_death") for m in paid if m >= last}
    pension(desk, person, paid, findings)


def _repaid(desk: Desk) -> None:
    """Two months too many, one of them paid back."""
    person, died = elder(desk, _LONE), desk.between(first_day(_MONTHS[1]), last_day(_MONTHS[1]))
    die(desk, person, died)
    back, kept = _MONTHS[2], _MONTHS[3]
    pension(desk, person, _MONTHS[:4], {back: explained("repaid"), kept: _DIED})
    row = desk.row("hrss.pension_repayment", **who(person), month=back, amount=3_000)
    desk.say(row, desk.one((How.ON_TIME, How.LATE)))


def _revoked(desk: Desk) -> None:
    """A mix-up of names: registered and certified as dead, and the registration revoked since."""
    person, died = elder(desk, _LONE), first_day(_MONTHS[0]) - desk.between(1, 90)
    row = registered(desk, person, died)
    desk.amend(row, row.but(kind="revoked"))
    certify(desk, person, died, doubt("revoked", "source_error"))
    pension(desk, person, _MONTHS, dict.fromkeys(_MONTHS, explained("revoked")))


def _mixed_up(desk: Desk) -> None:
    """Alive, though two registers say otherwise to the end."""
    person, died = elder(desk), first_day(_MONTHS[3]) - desk.between(1, 20)
    desk.say(registered(desk, person, died), How.ON_TIME)
    certify(desk, person, died, near("registered"))
    findings = dict.fromkeys(_MONTHS[3:], doubt("alive", "alive"))
    pension(desk, person, _MONTHS, findings)


def _taken_back(desk: Desk) -> None:
    """Alive: both registers corrected themselves."""
    person, died = elder(desk, _LONE), first_day(_MONTHS[1]) - desk.between(1, 300)
    desk.say(certified(desk, person, died), How.TAKEN_BACK)
    desk.say(registered(desk, person, died), desk.one(FALLS))
    if desk.chance(0.5):
        desk.say(cremated(desk, person, died), desk.one(FALLS))
    pension(desk, person, _MONTHS, dict.fromkeys(_MONTHS[1:], withdrawn("mix_up")))
