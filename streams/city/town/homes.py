"""Homes from contract to title: what housing, tax and land registries write when one is sold.

Rules: an ordinary sale is filed, taxed and registered in that order; the price declared leaves out value added
tax. Must not know: cases.
"""

from msgspec import Struct

from streams.city.identity import Person
from streams.city.town.desk import Desk, How
from streams.city.town.ledger import Row
from streams.city.town.lives import SINGLE, adult, own
from streams.city.town.truth import ORDINARY, Finding
from streams.city.town.when import FIRST, LAST

DEED, PRICE = "title-without-deed-tax", "deed-price"
_TAX_SHARE = 1.05


class Sale(Struct, frozen=True):
    """A unit, who bought it and for how much."""

    home: str
    buyer: Person
    price: float


def sale(desk: Desk, price: float = 0) -> Sale:
    """Someone buys a unit; nothing is written yet."""
    amount = price or float(desk.between(40, 600) * 10_000)
    return Sale(desk.home(), adult(desk, SINGLE), amount)


def contract(
    desk: Desk, made: Sale, signed: int, *, pricing: str = "negotiated", status: str = "filed"
) -> Row:
    """The contract as filed, not told yet."""
    return desk.row(
        "housing.sale_contract",
        property_no=made.home,
        buyer_id=made.buyer.id,
        signed_on=signed,
        price=made.price,
        pricing=pricing,
        status=status,
    )


def deed_tax(
    desk: Desk, made: Sale, paid: int, declared: float | None = None, finding: Finding = ORDINARY
) -> Row:
    """The declaration, not told yet, and what is true of its price."""
    row = desk.row(
        "tax.deed_tax",
        property_no=made.home,
        payer_id=made.buyer.id,
        paid_on=paid,
        price=round(made.price / _TAX_SHARE, 2) if declared is None else declared,
    )
    desk.judge(PRICE, row, finding)
    return row


def transfer(
    desk: Desk, made: Sale, registered: int, kind: str = "sale", finding: Finding = ORDINARY
) -> None:
    """The title passes; what is true of the tax before it."""
    row = desk.tell(
        "naturalres.title_transfer",
        property_no=made.home,
        buyer_id=made.buyer.id,
        kind=kind,
        registered_on=registered,
    )
    if kind == "sale":
        desk.judge(DEED, row, finding)
    own(desk, made.buyer, registered=registered, home=made.home)


def tell_sales(desk: Desk) -> None:
    """Ordinary sales, a few of them exempt, and inheritances, which need no tax."""
    for _ in range(desk.size(800)):
        made, signed = sale(desk), desk.day(FIRST, LAST - 600)
        desk.say(contract(desk, made, signed), How.ON_TIME)
        paid = signed + desk.between(5, 300)
        if desk.chance(0.05):
            desk.tell("tax.deed_tax_exemption", property_no=made.home, granted_on=paid)
        else:
            desk.say(deed_tax(desk, made, paid), How.ON_TIME)
        transfer(desk, made, paid + desk.between(0, 290))
    for _ in range(desk.size(60)):
        transfer(desk, sale(desk), desk.day(), kind="inheritance")
