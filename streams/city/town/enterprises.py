"""Cases of the enterprise registers: no counterpart, another status, another legal representative.

Rules: a case differs in one register and one respect; every other check on the firm is ordinary.
Must not know: how registers are compared.
"""

from streams.city.identity import Person
from streams.city.town.desk import Desk, How
from streams.city.town.firms import (
    COUNTERPART,
    LEGAL_REP,
    STATUS,
    Firm,
    by_representative,
    found,
    judge,
    organisation,
    plan,
    register,
    registration,
    taxpayer,
)
from streams.city.town.lives import adult
from streams.city.town.truth import Finding, doubt, explained, hit, near, withdrawn
from streams.city.town.when import FIRST, LAST, TODAY, on

_DAYS = 30
_LEAST = 40


def tell_enterprises(desk: Desk) -> None:
    """Every case of the pack."""
    _tell_counterparts(desk)
    _tell_statuses(desk)
    _tell_representatives(desk)


def tell_firms(desk: Desk) -> None:
    """Ordinary firms of every status, before anyone works for them."""
    for _ in range(max(_LEAST, desk.size(2_600))):
        status = desk.one(("active",) * 16 + ("dormant", "revoked", "cancelled", "cancelled"))
        opened = desk.day(on(2008, 1, 1), LAST - 300)
        closed = desk.day(max(opened + 100, FIRST - 700), LAST) if status == "cancelled" else None
        found(desk, opened=opened, closed=closed, status=status)


# no counterpart


def _lone(
    desk: Desk,
    opened: int,
    finding: Finding,
    *,
    tax: How | None = None,
    code: How | None = How.ON_TIME,
    after: int | None = None,
) -> Firm:
    """A firm whose counterparts are told in some manner, or not at all."""
    firm = plan(desk, opened=opened)
    register(desk, firm, findings={COUNTERPART: finding})
    if tax:
        desk.say(taxpayer(desk, firm, after=after), tax)
    if code:
        desk.say(organisation(desk, firm), code)
    return firm


def _tell_counterparts(desk: Desk) -> None:
    unknown = hit("no_counterpart", "tax_not_confirmed")
    unsent = hit("no_code", "not_passed_on")
    for _ in desk.cases(10):
        _lone(desk, _opened(desk), unknown)
        _lone(desk, _opened(desk), unsent, tax=How.ON_TIME, code=None)
        _lone(desk, _opened(desk), withdrawn("registered_since"), tax=desk.one((How.LATE, How.OF_ANOTHER)))
    for _ in desk.cases(4):
        _lone(desk, _opened(desk), unknown, code=None)
        _lone(desk, TODAY - _DAYS - 1, unknown)
        _lone(desk, TODAY - _DAYS, near("not_due"))
        _lone(
            desk, _opened(desk), near("registered_late"), tax=How.ON_TIME, after=_DAYS + desk.between(1, 60)
        )
        _lone(desk, _opened(desk), unknown, tax=desk.one((How.TAKEN_BACK, How.GIVEN_AWAY)))
        _lone(desk, _opened(desk), doubt("elsewhere", "confirmed_elsewhere"))
        _lone(desk, _opened(desk), doubt("no_tax_business", "no_tax_business"))
        firm = _lone(desk, _opened(desk), explained("being_cancelled"))
        desk.tell("market.simple_cancellation", uscc=firm.uscc, announced_on=LAST - desk.between(0, 60))


def _opened(desk: Desk) -> int:
    return desk.day(FIRST, TODAY - 200)


# another status


def _status(
    desk: Desk, status: str, tax: str, code: str, finding: Finding, *, first: str = "", late: str = ""
) -> None:
    """`first`: what the tax bureau said at first; `late`: what the register said at first."""
    closed = desk.day(FIRST, LAST - 30) if status == "cancelled" else None
    firm = plan(desk, opened=desk.day(on(2012, 1, 1), FIRST - 400), closed=closed)
    row = registration(desk, firm, status)
    if late:
        desk.amend(row.but(status=late, cancelled_on=None), row)
    else:
        desk.say(row, How.ON_TIME)
    judge(desk, row, status, {STATUS: finding})
    by_representative(desk, firm, status)
    told = taxpayer(desk, firm, tax)
    if first:
        desk.amend(told.but(status=first), told)
    else:
        desk.say(told, How.ON_TIME)
    desk.say(organisation(desk, firm, code), How.ON_TIME)


def _tell_statuses(desk: Desk) -> None:
    outdated = hit("outdated", "status_outdated")
    for _ in desk.cases(8):
        _status(desk, "cancelled", "normal", "void", outdated)
        _status(desk, "cancelled", "deregistered", "valid", outdated)
        _status(desk, "active", desk.one(("abnormal", "suspended")), "valid", outdated)
        _status(desk, "active", "clearing", "valid", explained("clearing"))
        _status(desk, "active", "normal", "unverified", explained("unverified"))
    for _ in desk.cases(4):
        _status(desk, "cancelled", "normal", "valid", outdated)
        _status(desk, "active", "abnormal", "unverified", outdated)
        _status(desk, "cancelled", "clearing", "void", explained("clearing"))
        _status(desk, "dormant", desk.one(("normal", "suspended")), "valid", near("same_meaning"))
        _status(desk, "revoked", desk.one(("abnormal", "deregistered")), "void", near("same_meaning"))
        _status(desk, "dormant", "abnormal", "valid", doubt("lawful", "status_lawful"))
        _status(desk, "cancelled", "deregistered", "void", withdrawn("tax_updated"), first="normal")
        _status(desk, "cancelled", "deregistered", "void", withdrawn("register_updated"), late="active")
        _status(desk, "active", "abnormal", "valid", hit("since", "status_outdated"), first="normal")


# another legal representative


def _represented(
    desk: Desk, finding: Finding, *, tax: Person | None, code: Person | None, before: Person | None = None
) -> Firm:
    """Who the others say represents the firm (None: the same); `before`: whom the register named at first."""
    firm = plan(desk, opened=desk.day(on(2012, 1, 1), LAST - 300))
    row = registration(desk, firm)
    if before:
        desk.amend(row.but(legal_rep_id=before.id, legal_rep_name=before.name), row)
    else:
        desk.say(row, How.ON_TIME)
    judge(desk, row, "active", {LEGAL_REP: finding})
    by_representative(desk, firm, "active")
    told, coded = taxpayer(desk, firm), organisation(desk, firm)
    desk.say(told.but(legal_rep_id=tax.id) if tax else told, How.ON_TIME)
    desk.say(coded.but(legal_rep_id=code.id) if code else coded, How.ON_TIME)
    return firm


def _tell_representatives(desk: Desk) -> None:
    not_filed = hit("not_filed", "change_not_filed")
    for _ in desk.cases(10):
        other = adult(desk)
        _represented(desk, not_filed, tax=other, code=other)
        _pending(desk, "pending", explained("change_pending"))
    for _ in desk.cases(4):
        _represented(desk, near("tax_alone"), tax=adult(desk), code=None)
        _represented(desk, near("code_alone"), tax=None, code=adult(desk))
        _represented(desk, not_filed, tax=adult(desk), code=adult(desk))
        _represented(desk, doubt("others_wrong", "others_wrong"), tax=adult(desk), code=adult(desk))
        other = adult(desk)
        _represented(desk, doubt("days_ago", "still_time"), tax=other, code=other)
        _represented(desk, withdrawn("filed_since"), tax=None, code=None, before=adult(desk))
        _pending(desk, desk.one(("approved", "rejected")), not_filed)
        _written_otherwise(desk)


def _pending(desk: Desk, status: str, finding: Finding) -> None:
    other = adult(desk)
    firm = _represented(desk, finding, tax=other, code=other)
    filed = LAST - desk.between(0, 20)
    desk.tell("market.pending_change", uscc=firm.uscc, status=status, filed_on=filed)


def _written_otherwise(desk: Desk) -> None:
    """The same person, with 15 digits and in full width."""
    firm = plan(desk, rep=adult(desk, ages=(30, 58)), opened=_opened(desk))
    register(desk, firm, findings={LEGAL_REP: near("same_person")})
    short = firm.rep.id[:6] + firm.rep.id[8:17]
    wide = "".join(chr(ord(c) + 0xFEE0) for c in firm.rep.id)
    desk.say(taxpayer(desk, firm).but(legal_rep_id=short), How.ON_TIME)
    desk.say(organisation(desk, firm).but(legal_rep_id=f"{wide} "), How.ON_TIME)
