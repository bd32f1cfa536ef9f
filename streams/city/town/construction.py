"""Constructors' certificates and the companies that they are registered with; and certificates that are lent.

Rules: an ordinary holder changes employer within thirty days; the later of two registrations is asked about.
Must not know: the companies.
"""

from streams.city.town.desk import Desk, How
from streams.city.town.ledger import Row
from streams.city.town.lives import WORKER, adult
from streams.city.town.truth import ORDINARY, Finding, doubt, explained, hit, near, withdrawn
from streams.city.town.when import FIRST, on

RULE = "certificate-two-companies"
_HANDOVER = 30


def _registration(desk: Desk, certificate: str, start: int, end: int | None, status: str) -> Row:
    """Not told yet."""
    holder, company = adult(desk, WORKER), desk.employer()
    return desk.row(
        "housing.engineer_registration",
        certificate_no=certificate,
        holder_id=holder.id,
        name=holder.name,
        employer_uscc=company,
        status=status,
        from_on=start,
        to_on=end,
    )


def _other(desk: Desk, row: Row) -> str:
    """Another company than that of a registration."""
    while (company := desk.employer()) == row.values["employer_uscc"]:
        pass
    return company


def _two(
    desk: Desk,
    finding: Finding,
    *,
    overlap: int | None,
    status: str = "effective",
    same: bool = False,
    entered: int | None = None,
) -> None:
    """Two registrations; `overlap`: days in common (None: no end); `entered`: days in common as first told."""
    certificate, second = desk.numbers.qualification(), desk.day(FIRST, on(2025, 6, 1))
    end = None if overlap is None else second + overlap - 1
    first_row = _registration(desk, certificate, second - desk.between(500, 1_500), end, status)
    company = str(first_row.values["employer_uscc"]) if same else _other(desk, first_row)
    second_row = first_row.but(
        registration_no=desk.number(first_row.resource),
        employer_uscc=company,
        status="effective",
        from_on=second,
        to_on=None,
    )
    if entered is not None:
        desk.amend(first_row.but(to_on=second + entered - 1), first_row)
    else:
        desk.say(first_row, How.ON_TIME)
    desk.judge(RULE, first_row, ORDINARY)
    desk.say(second_row, How.ON_TIME)
    desk.judge(RULE, second_row, finding)


def tell_construction(desk: Desk) -> None:
    """Every case of the pack, and ordinary holders of one or two registrations."""
    lent = hit("lent", "lent")
    for _ in desk.cases(6):
        _two(desk, lent, overlap=None)
        _two(desk, explained("transfer_pending"), overlap=None, status="transfer_pending")
        _two(desk, withdrawn("ended"), overlap=desk.between(1, _HANDOVER), entered=400)
    for _ in desk.cases(3):
        _two(desk, near("handover"), overlap=_HANDOVER)
        _two(desk, hit("handover_too_long", "lent"), overlap=_HANDOVER + 1)
        _two(desk, near("same_company"), overlap=None, same=True)
        _two(desk, doubt("affiliated", "affiliated"), overlap=300)
        _two(desk, hit("since", "lent"), overlap=500, entered=-5)
    for _ in range(desk.size(150)):
        _two(desk, ORDINARY, overlap=-desk.between(0, 400))
