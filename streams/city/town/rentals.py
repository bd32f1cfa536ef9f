"""Rented homes: tenants whom the police register, leases that are filed, rent that is declared; and cases.

Rules: an ordinary rented home has a lease filed and rent declared for as long as anyone stays.
Must not know: parcels, sales.
"""

from msgspec import Struct

from streams.city.identity import Person
from streams.city.town.desk import Desk, How
from streams.city.town.ledger import Row
from streams.city.town.lives import SINGLE, adult, own
from streams.city.town.truth import ORDINARY, Finding, doubt, explained, hit, near, withdrawn
from streams.city.town.when import FIRST, TODAY, on

LEASE, RENT, CROWD = "lease-not-filed", "rental-untaxed", "rental-overcrowded"
_LEASE_DAYS, _RENT_DAYS, _STAY, _CROWD = 30, 90, 30, 7
Days = tuple[int, int]
_RISEN, _FALLEN = (How.LATE, How.OF_ANOTHER), (How.TAKEN_BACK, How.GIVEN_AWAY)


class Papers(Struct, frozen=True):
    """What is filed of a home: first and last day, counted from the day a tenant moved in; and how it was told."""

    first: int = 0
    last: int = 700
    how: How = How.ON_TIME


_PAPERS = Papers()


def tell_rentals(desk: Desk) -> None:
    """Every case of both packs, and ordinary rented homes, public ones too."""
    _tell_leases(desk)
    _tell_rents(desk)
    _tell_crowds(desk)
    for _ in range(desk.size(450)):
        _home(desk, desk.day(FIRST, TODAY - 10), tenants=desk.between(1, 3))
    for _ in range(desk.size(50)):
        _home(desk, desk.day(FIRST, TODAY - 10), lease=None, rent=None, public=True)
    for _ in range(desk.size(40)):
        _stay(desk, desk.home(), desk.day(FIRST, TODAY - 10), None, "relatives")


def _stay(desk: Desk, home: str, start: int, end: int | None, kind: str = "private_rental") -> Row:
    """A tenant, not judged."""
    tenant = adult(desk, SINGLE, ages=(20, 55))
    return desk.tell(
        "police.tenancy",
        property_no=home,
        tenant_id=tenant.id,
        name=tenant.name,
        moved_in=start,
        moved_out=end,
        kind=kind,
    )


def _file(
    desk: Desk, home: str, landlord: Person, days: Days, finding: Finding, how: How = How.ON_TIME
) -> None:
    """A lease, and what is true of how many live there."""
    row = desk.row(
        "housing.lease_filing", property_no=home, landlord_id=landlord.id, from_on=days[0], to_on=days[1]
    )
    desk.say(row, how)
    if how is not How.TAKEN_BACK:
        desk.judge(CROWD, row, finding)


def _declare(desk: Desk, home: str, landlord: Person, days: Days, how: How = How.ON_TIME) -> None:
    desk.say(
        desk.row(
            "tax.rental_tax",
            property_no=home,
            landlord_id=landlord.id,
            rent_from=days[0],
            rent_to=days[1],
            rent=float(desk.between(8, 60) * 1_000),
        ),
        how,
    )


def _home(
    desk: Desk,
    start: int,
    *,
    lease: Papers | None = _PAPERS,
    rent: Papers | None = _PAPERS,
    leased: Finding | None = None,
    taxed: Finding | None = None,
    tenants: int = 1,
    public: bool = False,
    stay: int | None = None,
) -> None:
    """A home with tenants for so many days; without findings, what is true follows from `public`."""
    home, landlord = _let(desk, start, public=public)
    due = TODAY - start
    for _ in range(tenants):
        row = _stay(desk, home, start, None if stay is None else start + stay - 1)
        desk.judge(LEASE, row, leased or _of_public(public, due > _LEASE_DAYS))
        desk.judge(RENT, row, taxed or _of_public(public, due > _RENT_DAYS))
    if lease:
        _file(desk, home, landlord, (start + lease.first, start + lease.last), ORDINARY, lease.how)
    if rent:
        _declare(desk, home, landlord, (start + rent.first, start + rent.last), rent.how)


def _let(desk: Desk, start: int, *, public: bool = False) -> tuple[str, Person]:
    """A home to let, and whose it is; a public one belongs to nobody in the files."""
    home, landlord = desk.home(), adult(desk, SINGLE)
    if public:
        desk.tell("housing.public_rental", property_no=home, from_on=start - 10)
    else:
        own(desk, landlord, registered=start - desk.between(100, 4_000), home=home)
    return home, landlord


def _of_public(public: bool, due: bool) -> Finding:
    """Public rental housing needs neither lease nor rental tax."""
    return explained("public_rental") if public and due else ORDINARY


def _tell_leases(desk: Desk) -> None:
    unfiled = hit("no_lease", "record_right")
    for _ in desk.cases(10):
        _home(desk, _start(desk), lease=None, leased=unfiled)
        _home(desk, _start(desk), lease=Papers(how=desk.one(_RISEN)), leased=withdrawn("lease_filed"))
    for _ in desk.cases(4):
        _home(desk, TODAY - _LEASE_DAYS - 1, lease=None, leased=unfiled)
        _home(desk, TODAY - _LEASE_DAYS, lease=None, leased=near("not_due"))
        _home(desk, _start(desk), lease=Papers(-365, 0), leased=near("last_day"))
        _home(desk, _start(desk), lease=Papers(-365, -1), leased=unfiled)
        _home(desk, _start(desk), lease=Papers(how=desk.one(_FALLEN)), leased=unfiled)
        _home(desk, _start(desk), lease=None, leased=doubt("of_friends", "not_let"))
        _home(desk, _start(desk), lease=Papers(120, 400), leased=near("filed_late"))
        _home(desk, _start(desk), lease=Papers(100, 400), stay=100, leased=unfiled)


def _start(desk: Desk) -> int:
    return desk.day(FIRST, on(2025, 6, 1))


def _tell_rents(desk: Desk) -> None:
    untaxed = hit("no_rent", "record_right")
    for _ in desk.cases(10):
        _home(desk, _start(desk), rent=None, taxed=untaxed)
        _home(desk, _start(desk), rent=Papers(how=desk.one(_RISEN)), taxed=withdrawn("declared"))
        _home(desk, _start(desk), lease=None, rent=None, public=True)
    for _ in desk.cases(4):
        _home(desk, TODAY - _RENT_DAYS - 1, rent=None, taxed=untaxed)
        _home(desk, TODAY - _RENT_DAYS, rent=None, taxed=near("not_due"))
        _home(desk, _start(desk), rent=Papers(-90, 0), taxed=near("last_day"))
        _home(desk, _start(desk), rent=Papers(-90, -1), taxed=untaxed)
        _home(desk, _start(desk), rent=Papers(how=desk.one(_FALLEN)), taxed=untaxed)
        _home(desk, _start(desk), rent=None, taxed=doubt("of_friends", "not_let"))


def _crowd(
    desk: Desk,
    finding: Finding,
    *,
    tenants: int,
    kinds: tuple[str, ...] = (),
    short: int | None = None,
    too_many: int = 0,
) -> None:
    """A lease and its tenants; `kinds` of the first ones, `short`: days that the last one stayed."""
    first = desk.day(FIRST, on(2025, 1, 1))
    home, landlord = _let(desk, first)
    _file(desk, home, landlord, (first, first + 364), finding)
    _declare(desk, home, landlord, (first, first + 364))
    for n in range(tenants):
        kind = kinds[n] if n < len(kinds) else "private_rental"
        stayed = short if short and n == tenants - 1 else desk.between(60, 200)
        _judged_stay(desk, home, first + 10, first + 10 + stayed - 1, kind)
    for _ in range(too_many):
        tenant = adult(desk, SINGLE, ages=(20, 55))
        row = desk.row(
            "police.tenancy",
            property_no=home,
            tenant_id=tenant.id,
            name=tenant.name,
            moved_in=first + 20,
            moved_out=first + 200,
            kind="private_rental",
        )
        desk.say(row, How.TAKEN_BACK)


def _judged_stay(desk: Desk, home: str, start: int, end: int, kind: str) -> None:
    row = _stay(desk, home, start, end, kind)
    if kind == "private_rental":
        desk.judge(LEASE, row, ORDINARY)
        desk.judge(RENT, row, ORDINARY)


def _tell_crowds(desk: Desk) -> None:
    crowded = hit("crowded", "overcrowded")
    for _ in desk.cases(5):
        _crowd(desk, crowded, tenants=desk.between(_CROWD, 10))
        _crowd(desk, explained("dormitory"), tenants=9, kinds=("dormitory",) * 4)
        _crowd(desk, withdrawn("moved_out"), tenants=_CROWD - 1, too_many=1)
    for _ in desk.cases(2):
        _crowd(desk, near("six"), tenants=_CROWD - 1)
        _crowd(desk, near("short_stay"), tenants=_CROWD, short=_STAY - 1)
        _crowd(desk, crowded, tenants=_CROWD, short=_STAY)
        _crowd(desk, explained("relatives"), tenants=_CROWD, kinds=("relatives",))
        _crowd(desk, crowded, tenants=_CROWD + 1, kinds=("relatives",))
        _crowd(desk, doubt("large_home", "large_home"), tenants=_CROWD + 1)
