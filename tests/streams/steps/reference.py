"""The naive reference: the final facts by highest version, and each claim judged day by day.

Rules: none of matchers or streams; slow and obvious on purpose.
"""

import hashlib
from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple

from topics.batch import ChangeBatch, Row

EXCULPATIONS = {
    ("hrss.social_insurance", "back_payment"): "back_payment",
    ("market.enterprise", "dormant"): "enterprise_not_operating",
    ("market.enterprise", "revoked"): "enterprise_not_operating",
    ("market.enterprise", "cancelled"): "enterprise_not_operating",
}
CLAIM = "hrss.unemployment_benefit"
Evidence = tuple[str, str | None, str, str | None]


class Final(NamedTuple):
    """The last word on one record and subject, and the batch that brought it."""

    resource: str
    handle: str
    subject: bytes
    row: Row
    batch: str


class Verdict(NamedTuple):
    """What one claim comes to."""

    state: str
    period: str
    evidence: list[Evidence]
    batches: list[str]


def final_facts(sent: Iterable[tuple[ChangeBatch, list[Row]]]) -> list[Final]:
    """Live facts after every change, by highest version per (resource, handle, subject)."""
    newest: dict[tuple[str, str, bytes], Final] = {}
    for batch, rows in sent:
        for row in rows:
            key = (batch.resource, row.handle, row.subject)
            if key not in newest or row.version > newest[key].row.version:
                name = f"{batch.resource}/{batch.epoch}/{batch.bucket}/{batch.seq}"
                newest[key] = Final(*key, row, name)
    return [fact for fact in newest.values() if fact.row.op != "d"]


def verdicts(facts: list[Final]) -> dict[str, Verdict]:
    """By check id, every live claim's verdict."""
    return {check_id(f): _verdict(f, facts) for f in facts if f.resource == CLAIM}


def check_id(claim: Final) -> str:
    """As topics.alerts documents it."""
    text = f"benefit-while-employed\x1f{CLAIM}\x1f{claim.handle}\x1f{claim.subject.hex()}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _verdict(claim: Final, facts: list[Final]) -> Verdict:
    others = [f for f in facts if f.resource != CLAIM and f.subject == claim.subject]
    hits = sorted((f for f in others if _share_a_day(claim.row, f.row)), key=lambda f: (f.resource, f.handle))
    evidence = [_disclosed(f) for f in hits]
    state = "clear" if not hits else "explained" if all(e[3] for e in evidence) else "open"
    return Verdict(state, _months(claim.row), evidence, sorted({claim.batch, *(f.batch for f in hits)}))


def _share_a_day(claim: Row, other: Row) -> bool:
    if claim.start is None or claim.end is None or other.start is None:
        return False
    day = claim.start
    while day <= claim.end:
        if other.start <= day <= (other.end or date.max):
            return True
        day += timedelta(days=1)
    return False


def _disclosed(fact: Final) -> Evidence:
    code = fact.row.codes.get(
        {"hrss.social_insurance": "kind", "market.enterprise": "status"}.get(fact.resource, "")
    )
    return fact.resource, code, _months(fact.row), EXCULPATIONS.get((fact.resource, code or ""))


def _months(row: Row) -> str:
    if row.start is None:
        return ""
    first = row.start.isoformat()[:7]
    if row.end is None:
        return f"{first}/.."
    last = row.end.isoformat()[:7]
    return first if first == last else f"{first}/{last}"
