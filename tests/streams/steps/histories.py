"""Random histories of a few records, cut into numbered batches and delivered in any order, with repeats.

Rules: what a front node may really send: versions grow, a move is a delete from the old subject and an insert
at the new one under one version, batches are numbered from 1. Dense on purpose: few records, most of them
about one person, most periods within four months.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from hypothesis import strategies as st

from tests.streams.steps.world import (
    CLAIM,
    ENTERPRISE,
    FIELD,
    RESOURCES,
    SPELL,
    TOKENS,
    WAGE,
    Machine,
    batch_of,
)
from topics.batch import ChangeBatch, Row

Sent = tuple[ChangeBatch, list[Row]]
HANDLES = ("h1", "h2")
CODES: dict[str, tuple[dict[str, str], ...]] = {
    CLAIM: ({},),
    WAGE: ({},),
    SPELL: ({"kind": "regular"}, {"kind": "back_payment"}),
    ENTERPRISE: tuple({"status": s} for s in ("active", "dormant", "revoked", "cancelled")),
}


@dataclass(frozen=True)
class History:
    """`sent`: every batch once, as numbered; `delivered`: as it arrived, late and repeated."""

    sent: list[Sent]
    delivered: list[Sent]

    def machine(self) -> Machine:
        """A fresh machine that has heard everything."""
        machine = Machine()
        for batch, rows in self.delivered:
            machine.feed(batch, rows)
        return machine


class Change(NamedTuple):
    """One thing that happens to one record; `kind` 0 deletes it, if it is there."""

    resource: str
    handle: str
    kind: int
    token: bytes
    first: int
    days: int
    code: int


_changes = st.builds(
    Change,
    st.sampled_from((CLAIM, CLAIM, SPELL, WAGE, ENTERPRISE)),
    st.sampled_from(HANDLES),
    st.integers(0, 3),
    st.sampled_from((TOKENS[0], TOKENS[0], TOKENS[1])),
    st.integers(-1, 100),
    st.integers(-1, 70),
    st.integers(0, 3),
)


def _period(change: Change) -> tuple[date | None, date | None]:
    """A month for claims and wages, else days; -1 stands for an unknown start and a running end."""
    start = None if change.first < 0 else date(2008, 2, 20) + timedelta(change.first)
    if start is None:
        return None, None if change.days % 2 else date(2008, 4, 10)
    if change.resource in (CLAIM, WAGE):
        return start.replace(day=1), start.replace(day=monthrange(2008, start.month)[1])
    return start, None if change.days < 0 else start + timedelta(change.days)


def _rows(changes: list[Change]) -> dict[str, list[Row]]:
    """What the front nodes make of it: a move is a delete and an insert under one version."""
    at: dict[tuple[str, str], bytes] = {}
    rows: dict[str, list[Row]] = {resource: [] for resource in RESOURCES}
    for version, change in enumerate(changes, 1):
        place, field = (change.resource, change.handle), FIELD[change.resource]
        old = at.pop(place, None)
        if old is not None and change.kind == 0:
            rows[change.resource].append(Row("d", change.handle, version, field, old))
            continue
        at[place] = change.token
        if old not in (None, change.token):
            rows[change.resource].append(Row("d", change.handle, version, field, old))
        codes = CODES[change.resource][change.code % len(CODES[change.resource])]
        op = "u" if old == change.token else "i"
        rows[change.resource].append(
            Row(op, change.handle, version, field, change.token, *_period(change), codes)
        )
    return rows


def _cut(resource: str, rows: list[Row], chance: Random) -> list[Sent]:
    sent: list[Sent] = []
    while rows:
        size = chance.randint(1, 4)
        part, rows = rows[:size], rows[size:]
        chance.shuffle(part)
        sent.append((batch_of(resource, part, len(sent) + 1, ends_run=not rows), part))
    return sent


def _history(changes: list[Change], seed: int) -> History:
    chance = Random(seed)
    sent = [one for resource, rows in _rows(changes).items() for one in _cut(resource, rows, chance)]
    delivered = [*sent, *chance.choices(sent, k=chance.randint(0, 3))] if sent else []
    if seed:  # 0, where shrinking ends, keeps the order
        chance.shuffle(delivered)
    return History(sent, delivered)


def histories() -> st.SearchStrategy[History]:
    """Four resources, all their batches in any order, some of them more than once."""
    return st.builds(_history, st.lists(_changes, max_size=24), st.integers(0, 2**16))
