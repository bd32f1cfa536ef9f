"""Rows that no department should have sent: a value that cannot be right, and lines sent twice.

Rules: bad rows come on top, under keys of their own, and are never in the truth; a refused correction leaves
the row before it in place. Must not know: which rows are anchors.
"""

from streams.city.town.columns import FILES
from streams.city.town.desk import Desk
from streams.city.town.ledger import Line
from streams.city.town.numbers import SPOILED

_BAD, _TWICE = 0.002, 0.002
_LEAST = 2


def tell_bad_rows(desk: Desk) -> None:
    """A few bad rows in every file that has any, and a bad correction of a good row here and there."""
    ledger = desk.ledger
    for resource, rows in ledger.base.items():
        good = list(rows)
        for _ in range(max(_LEAST, round(len(good) * _BAD)) if good else 0):
            line = _spoiled(desk, resource, desk.one(good), fresh=True)
            rows.append(line)
            ledger.refused[resource].append(line)
        if good and desk.chance(0.5):
            line = _spoiled(desk, resource, desk.one(good), fresh=False)
            ledger.late[resource].append(("upsert", line))
            ledger.refused[resource].append(line)


def _spoiled(desk: Desk, resource: str, line: Line, *, fresh: bool) -> Line:
    """One value spoiled; a fresh key, unless the key is the value (then nobody can tell whose row it is)."""
    columns = FILES[resource]
    can = [i for i, (_, kind) in enumerate(columns) if kind in SPOILED and line[i] and (fresh or i > 0)]
    if columns[0][1] in SPOILED and fresh:
        can = [0]
    at = desk.one(can)
    values = list(line)
    if fresh and at > 0:
        values[0] = desk.number(resource)
    values[at] = SPOILED[columns[at][1]](desk.rng, _plain(values[at]))
    return tuple(values)


def _plain(value: str) -> str:
    """Without what a clerk's hand added, so that spoiling it spoils it."""
    narrow = "".join(chr(ord(c) - 0xFEE0) if "\uff01" <= c <= "\uff5e" else c for c in value)
    return narrow.replace(" ", "").replace("-", "").upper() if len(narrow) > 10 else narrow


def in_file_order(desk: Desk, resource: str) -> tuple[list[Line], int]:
    """Base rows by key, and how many are repeats: half beside the first, half at the end."""
    rows, refused = desk.ledger.base[resource], desk.ledger.refused[resource]
    chosen = desk.rng.sample(rows, min(len(rows), max(_LEAST, round(len(rows) * _TWICE))))
    twice = [row for row in chosen if row not in refused]
    return [*sorted((*rows, *twice[::2])), *twice[1::2]], len(twice)
