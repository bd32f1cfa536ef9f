"""Food businesses: licences, inspections, ratings, penalties and recalls; and cases of both rules.

Rules: an ordinary licence covers every inspection, an ordinary A rating follows a clean year.
Must not know: how long the year before a rating is, but in the cases on either side of it.
"""

from streams.city.town.desk import FALLS, STANDS, Desk, How
from streams.city.town.firms import Firm, found
from streams.city.town.truth import ORDINARY, Finding, doubt, explained, hit, near, withdrawn
from streams.city.town.when import LAST, TODAY, on, working_days

LICENCE, RATING = "food-unlicensed", "food-rated-a"
_FIVE_YEARS, _YEAR, _ENTRY_DAYS = 1_826, 365, 10
_LICENSED, _EXEMPT = ("catering", "retail"), ("farm_produce", "small_scale")
_LOST = ("suspended", "revoked", "annulled", "cancelled")


def tell_food(desk: Desk) -> None:
    """Every case of the pack, and ordinary businesses."""
    _tell_licences(desk)
    _tell_ratings(desk)
    for _ in range(desk.size(160)):
        firm = _business(desk)
        first = desk.day(on(2021, 1, 1), on(2022, 12, 31))
        _licence(desk, firm, first, first + _FIVE_YEARS - 1)
        for _ in range(desk.between(1, 4)):
            _inspect(desk, firm, desk.day(on(2023, 1, 10), on(2025, 12, 1)), ORDINARY)
        for year in (2024, 2025):
            _rate(desk, firm, on(year, 3, 1), desk.one(("a", "a", "b", "c")), ORDINARY)


def _business(desk: Desk) -> Firm:
    return found(desk, opened=desk.day(on(2012, 1, 1), on(2020, 12, 31)))


# licences


def _licence(
    desk: Desk, firm: Firm, first: int, last: int, status: str = "valid", how: How = How.ON_TIME
) -> None:
    desk.say(
        desk.row("permits.food_licence", uscc=firm.uscc, status=status, valid_from=first, valid_to=last), how
    )


def _inspect(
    desk: Desk, firm: Firm, day: int, finding: Finding, state: str = "operating", trade: str = ""
) -> None:
    trade = trade or desk.one(_LICENSED)
    row = desk.tell("market.food_inspection", uscc=firm.uscc, inspected_on=day, found=state, trade=trade)
    if state == "operating" and trade in _LICENSED:
        desk.judge(LICENCE, row, finding)


def _inspected(
    desk: Desk,
    finding: Finding,
    *,
    first: int = -900,
    last: int | None = None,
    status: str = "valid",
    how: How = How.ON_TIME,
    state: str = "operating",
    trade: str = "",
) -> tuple[Firm, int]:
    """An inspection; the licence's first and last day are counted from it (none: no licence)."""
    firm, day = _business(desk), desk.day(on(2024, 1, 15), LAST - 40)
    if last is not None:
        _licence(desk, firm, day + first, day + last, status, how)
    _inspect(desk, firm, day, finding, state, trade)
    return firm, day


def _renewing(desk: Desk, decided: int | None, finding: Finding) -> None:
    firm, day = _inspected(desk, finding, last=-1)
    ended = None if decided is None else day + decided
    desk.tell("permits.licence_renewal", uscc=firm.uscc, filed_on=day - 25, decided_on=ended)


def _tell_licences(desk: Desk) -> None:
    unlicensed = hit("no_licence", "unlicensed")
    due = working_days(TODAY, -_ENTRY_DAYS)
    for _ in desk.cases(6):
        _inspected(desk, unlicensed, last=-desk.between(1, 300))
        _renewing(desk, None, explained("renewal_pending"))
        _inspected(desk, withdrawn("licence_told"), last=500, how=desk.one((How.LATE, How.OF_ANOTHER)))
    for _ in desk.cases(3):
        _inspected(desk, unlicensed)
        _inspected(desk, unlicensed, last=-1)
        _inspected(desk, near("last_day"), last=0)
        _inspected(desk, near("first_day"), first=0, last=700)
        _inspected(desk, unlicensed, first=1, last=700)
        _inspected(desk, explained("licence_lost_since"), last=300, status=desk.one(_LOST))
        _inspected(desk, unlicensed, last=-1, status=desk.one(_LOST))
        _inspected(desk, unlicensed, last=300, how=desk.one(FALLS))
        _inspected(desk, doubt("elsewhere", "licence_elsewhere"))
        _inspected(desk, doubt("produce_only", "no_licence_needed"))
        _inspected(desk, ORDINARY, state="closed")
        _inspected(desk, ORDINARY, trade=desk.one(_EXEMPT))
        _renewing(desk, 0, explained("renewal_decided_that_day"))
        _renewing(desk, -1, unlicensed)
        _renewed(desk)
        _filing(desk)
        _inspect(desk, _business(desk), due, near("not_due"))
        _inspect(desk, _business(desk), due - 1, unlicensed)


def _renewed(desk: Desk) -> None:
    """One licence ended the day before, the next began that day."""
    firm, day = _inspected(desk, near("renewed"), last=-1)
    _licence(desk, firm, day, day + _FIVE_YEARS)


def _filing(desk: Desk) -> None:
    """Prepackaged food only: a filing will do."""
    firm, day = _inspected(desk, near("filing"))
    desk.tell("permits.food_filing", uscc=firm.uscc, filed_on=day - 200)


# ratings


def _rate(desk: Desk, firm: Firm, first: int, grade: str, finding: Finding) -> None:
    row = desk.tell(
        "market.food_rating", uscc=firm.uscc, grade=grade, valid_from=first, valid_to=first + _YEAR - 1
    )
    if grade == "a":
        desk.judge(RATING, row, finding)


def _penalised(
    desk: Desk,
    finding: Finding,
    *,
    before: int,
    severity: str = "fine",
    status: str = "effective",
    how: How = How.ON_TIME,
    grade: str = "a",
) -> Firm:
    """A rating, and a penalty some days before it began."""
    firm, first = _business(desk), desk.day(on(2024, 6, 1), on(2025, 9, 1))
    _rate(desk, firm, first, grade, finding)
    row = desk.row(
        "enforce.penalty", uscc=firm.uscc, decided_on=first - before, severity=severity, status=status
    )
    desk.say(row, how)
    return firm


def _recalled(desk: Desk, finding: Finding, *, level: str = "one", origin: str = "ordered") -> None:
    firm, first = _business(desk), desk.day(on(2024, 6, 1), on(2025, 9, 1))
    _rate(desk, firm, first, "a", finding)
    desk.tell(
        "market.food_recall",
        uscc=firm.uscc,
        level=level,
        origin=origin,
        announced_on=first - desk.between(1, _YEAR),
    )


def _tell_ratings(desk: Desk) -> None:
    wrong = hit("penalised", "rating_wrong")
    for _ in desk.cases(5):
        severity = desk.one(("fine", "suspension", "revocation"))
        _penalised(desk, wrong, before=desk.between(1, 364), severity=severity, how=desk.one(STANDS))
        excused = desk.one(("annulled", "repaired"))
        _penalised(desk, explained("repaired"), before=desk.between(1, 364), status=excused)
        _penalised(desk, withdrawn("penalty"), before=100, how=desk.one(FALLS))
        _recalled(desk, hit("recalled", "rating_wrong"), level=desk.one(("one", "two")))
        _recalled(desk, explained("voluntary"), origin="voluntary")
    for _ in desk.cases(2):
        _penalised(desk, wrong, before=_YEAR)
        _penalised(desk, near("year_before"), before=_YEAR + 1)
        _penalised(desk, wrong, before=0)
        _penalised(desk, near("after_rating"), before=-1)
        _penalised(desk, near("warning"), before=50, severity="warning")
        _penalised(desk, ORDINARY, before=50, grade="b")
        _penalised(desk, doubt("minor", "minor"), before=200)
        _recalled(desk, near("level_three"), level="three")
