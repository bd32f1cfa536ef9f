"""Cases of marriage and birth: two marriages at a time, newborns whom nobody registered.

Rules: the later of two marriages is the one asked about; each boundary is told on both sides.
Must not know: deaths.
"""

from streams.city.town.desk import Desk, How, who
from streams.city.town.lives import MARRIAGE, SINGLE, adult, marriage, marry, recently
from streams.city.town.truth import ORDINARY, Finding, doubt, explained, hit, near, withdrawn
from streams.city.town.when import FIRST, LAST, TODAY, on

BIRTH = "birth-not-registered"
_DAYS = 31


def tell_family(desk: Desk) -> None:
    """Every case of the pack, and ordinary births."""
    _tell_marriages(desk)
    _tell_births(desk)
    for _ in range(desk.size(500)):
        _birth(desk, desk.day(FIRST, LAST - 40), ORDINARY, after=desk.between(2, 28))


# marriages


def _twice(
    desk: Desk,
    finding: Finding,
    *,
    overlap: int | None,
    status: str = "divorced",
    judged: int | None = None,
) -> None:
    """Two marriages; `overlap`: days in common (None: the first still runs); `judged`: days before the second."""
    person, second = adult(desk, SINGLE, ages=(34, 58)), recently(desk)
    first = second - desk.between(400, 3_000)
    if overlap is None:
        marry(desk, person, first, status=status if status == "void" else "married")
    else:
        marry(desk, person, first, second + overlap - 1, status)
    marry(desk, person, second, finding=finding)
    if judged is not None:
        desk.tell("court.divorce", **who(person), effective_on=second - judged)


def _corrected(desk: Desk) -> None:
    """The end of the first marriage was entered only after the second had been registered."""
    person, second = adult(desk, SINGLE, ages=(34, 58)), recently(desk)
    row = marriage(desk, person, second - 2_000)
    desk.amend(row, row.but(ended_on=second - desk.between(1, 300), status="divorced"))
    desk.judge(MARRIAGE, row, ORDINARY)
    marry(desk, person, second, finding=withdrawn("divorce_entered"))


def _written_twice(desk: Desk) -> None:
    """One marriage under two numbers."""
    person, day = adult(desk, SINGLE, ages=(34, 58)), recently(desk)
    for _ in range(2):
        marry(desk, person, day, finding=near("written_twice"))


def _tell_marriages(desk: Desk) -> None:
    still = hit("still_married", "still_married")
    for _ in desk.cases(6):
        _twice(desk, still, overlap=None)
        _twice(desk, explained("divorced_by_court"), overlap=None, judged=desk.between(1, 300))
        _corrected(desk)
    for _ in desk.cases(3):
        _twice(desk, near("same_day"), overlap=1)
        _twice(desk, near("day_before"), overlap=0)
        _twice(desk, hit("two_days", "still_married"), overlap=2)
        _written_twice(desk)
        _twice(desk, explained("void"), overlap=None, status="void")
        _twice(desk, explained("judged_the_day_before"), overlap=None, judged=1)
        _twice(desk, explained("judged_that_day"), overlap=None, judged=0)
        _twice(desk, still, overlap=None, judged=-1)
        _twice(desk, doubt("elsewhere", "divorced_elsewhere"), overlap=None)
        _twice(desk, doubt("misuse", "identity_misuse"), overlap=100)


# births


def _birth(
    desk: Desk, born: int, finding: Finding, *, after: int | None = None, how: How = How.ON_TIME
) -> str:
    """A certificate, and a registration so many days after (None: none)."""
    mother, child = adult(desk, ages=(24, 42)), desk.born(born, born)
    number = desk.numbers.birth_certificate()
    row = desk.tell(
        "health.birth_certificate",
        certificate_no=number,
        mother_id=mother.id,
        child_name=child.name,
        born_on=born,
    )
    desk.judge(BIRTH, row, finding)
    if after is not None:
        registered = desk.row(
            "police.birth_registration",
            certificate_no=number,
            child_id=child.id,
            registered_on=born + after,
        )
        desk.say(registered, how)
    return number


def _tell_births(desk: Desk) -> None:
    unregistered = hit("no_registration", "not_registered")
    for _ in desk.cases(8):
        _birth(desk, desk.day(FIRST, TODAY - 60), unregistered)
        number = _birth(desk, desk.day(FIRST, TODAY - 60), explained("replaced"))
        desk.tell("health.certificate_reissue", certificate_no=number, voided_on=on(2025, 11, 3))
        how = desk.one((How.LATE, How.OF_ANOTHER))
        _birth(desk, desk.day(FIRST, TODAY - 60), withdrawn("registered"), after=12, how=how)
    for _ in desk.cases(3):
        _birth(desk, TODAY - _DAYS - 1, unregistered)
        _birth(desk, TODAY - _DAYS, near("not_due"))
        _birth(desk, desk.day(FIRST, TODAY - 300), near("registered_late"), after=desk.between(32, 200))
        falls = desk.one((How.TAKEN_BACK, How.GIVEN_AWAY))
        _birth(desk, desk.day(FIRST, TODAY - 60), unregistered, after=12, how=falls)
        _birth(desk, desk.day(FIRST, TODAY - 60), doubt("elsewhere", "registered_elsewhere"))
