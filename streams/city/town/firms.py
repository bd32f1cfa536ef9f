"""Firms as three registers know them, and their staff. What is founded here agrees everywhere.

Rules: a firm's registers tell one story unless a case says otherwise.
Must not know: cases.
"""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from streams.city.identity import Person
from streams.city.names import enterprise_name
from streams.city.town.desk import Desk, How
from streams.city.town.ledger import Row
from streams.city.town.lives import adult
from streams.city.town.truth import ORDINARY, Finding
from streams.city.town.when import LAST, on

COUNTERPART, STATUS, LEGAL_REP = "enterprise-no-counterpart", "enterprise-status", "enterprise-legal-rep"
_TAX = {"active": "normal", "dormant": "suspended", "revoked": "abnormal", "cancelled": "deregistered"}
_CODE = {"active": "valid", "dormant": "valid", "revoked": "valid", "cancelled": "void"}
_NOTHING: Mapping[str, Finding] = MappingProxyType({})


class Firm(Struct, frozen=True):
    """An enterprise that does not exist."""

    uscc: str
    name: str
    rep: Person
    opened: int
    closed: int | None = None


def plan(
    desk: Desk, *, rep: Person | None = None, opened: int | None = None, closed: int | None = None
) -> Firm:
    """A firm that no register knows yet."""
    began = desk.day(on(2010, 1, 1), LAST - 200) if opened is None else opened
    return Firm(desk.people.uscc(), enterprise_name(desk.rng), rep or adult(desk), began, closed)


def registration(desk: Desk, firm: Firm, status: str = "active") -> Row:
    """The enterprise register's record."""
    return desk.row(
        "market.registration",
        uscc=firm.uscc,
        name=firm.name,
        legal_rep_id=firm.rep.id,
        legal_rep_name=firm.rep.name,
        status=status,
        registered_on=firm.opened,
        cancelled_on=firm.closed,
    )


def taxpayer(desk: Desk, firm: Firm, status: str = "normal", *, after: int | None = None) -> Row:
    """The taxpayer register's record."""
    return desk.row(
        "tax.taxpayer",
        uscc=firm.uscc,
        name=firm.name,
        legal_rep_id=firm.rep.id,
        status=status,
        registered_on=firm.opened + (desk.between(0, 20) if after is None else after),
        deregistered_on=firm.closed if status == "deregistered" else None,
    )


def organisation(desk: Desk, firm: Firm, status: str = "valid") -> Row:
    """The code register's record."""
    return desk.row(
        "quality.organisation",
        uscc=firm.uscc,
        name=firm.name,
        legal_rep_id=firm.rep.id,
        status=status,
        issued_on=firm.opened,
        voided_on=firm.closed if status == "void" else None,
    )


def register(
    desk: Desk, firm: Firm, status: str = "active", findings: Mapping[str, Finding] = _NOTHING
) -> Row:
    """The enterprise register, by enterprise and by legal representative; `findings` by rule."""
    row = registration(desk, firm, status)
    desk.say(row, How.ON_TIME)
    judge(desk, row, status, findings)
    by_representative(desk, firm, status)
    return row


def judge(desk: Desk, row: Row, status: str, findings: Mapping[str, Finding] = _NOTHING) -> None:
    """What is true of the checks on a registered enterprise."""
    desk.judge(STATUS, row, findings.get(STATUS, ORDINARY))
    if status == "active":
        for rule in (COUNTERPART, LEGAL_REP):
            desk.judge(rule, row, findings.get(rule, ORDINARY))


def by_representative(desk: Desk, firm: Firm, status: str, how: How = How.ON_TIME) -> None:
    """The same enterprise in the register that is kept by legal representative."""
    desk.say(
        desk.row(
            "market.enterprise",
            uscc=firm.uscc,
            name=firm.name,
            legal_rep_id=firm.rep.id,
            legal_rep_name=firm.rep.name,
            status=status,
            registered_on=firm.opened,
            cancelled_on=firm.closed,
        ),
        how,
    )


def found(
    desk: Desk,
    *,
    rep: Person | None = None,
    opened: int | None = None,
    closed: int | None = None,
    status: str = "active",
    employs: bool = True,
) -> Firm:
    """A firm on which all registers agree; an active one takes on staff, unless it has its own."""
    firm = plan(desk, rep=rep, opened=opened, closed=closed)
    register(desk, firm, status)
    desk.say(taxpayer(desk, firm, _TAX[status]), How.ON_TIME)
    desk.say(organisation(desk, firm, _CODE[status]), How.ON_TIME)
    if employs and status == "active":
        desk.employers.append(firm.uscc)
    return firm
