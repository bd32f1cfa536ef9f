"""A town's files shaken together: few people, firms and homes share all records, days move, rows go missing.

No truth is left, only records that meet in every way; the oracle reads them like any others. Keys stay as they are.
Must not know: rules, or how anything is evaluated.
"""

import csv
import random
from datetime import date, timedelta
from pathlib import Path

from matchers.normalise.numbers import normalise_certificate_no, normalise_property_no
from matchers.normalise.person_id import normalise_person_id
from matchers.normalise.uscc import normalise_uscc
from streams.city.town.columns import FILES

Row = dict[str, str]
_POOL = {"p": 300, "u": 8, "r": 20, "c": 12}
_READ = {
    "p": normalise_person_id,
    "u": normalise_uscc,
    "r": normalise_property_no,
    "c": normalise_certificate_no,
}
_MOVED, _GONE = 0.4, 0.1


def shake(folder: Path, seed: int) -> None:
    """In place; corrections and truth are dropped."""
    rng = random.Random(seed)
    pools = _pools(folder, rng)
    for resource, columns in FILES.items():
        path = folder / f"{resource}.csv"
        rows = [_shaken(row, columns, pools, rng) for row in _read(path) if rng.random() > _GONE]
        with path.open("w", encoding="utf-8", newline="") as file:
            out = csv.DictWriter(file, [name for name, _ in columns], lineterminator="\n")
            out.writeheader()
            out.writerows(_once(rows, columns[0][0]))
    for path in (*folder.glob("corrections/*.csv"), *folder.glob("truth/*.csv")):
        path.unlink()


def _once(rows: list[Row], key: str) -> list[Row]:
    """One row a key: repeats have been shaken apart."""
    return list({row[key]: row for row in rows}.values())


def _read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _pools(folder: Path, rng: random.Random) -> dict[str, list[str]]:
    """Some of the town's own identifiers, as the files write them; of an unreadable one, shared by many rows, the
    files would be no delivery.
    """
    found: dict[str, list[str]] = {kind: [] for kind in _POOL}
    for resource, columns in FILES.items():
        rows = _read(folder / f"{resource}.csv")
        for name, kind in columns:
            if kind in found:
                found[kind] += [row[name] for row in rows if _READ[kind](row[name])]
    return {kind: rng.sample(sorted(set(found[kind])), size) for kind, size in _POOL.items()}


def _shaken(
    row: Row, columns: tuple[tuple[str, str], ...], pools: dict[str, list[str]], rng: random.Random
) -> Row:
    changed = dict(row)
    for i, (name, kind) in enumerate(columns):
        if i and kind in pools and row[name]:
            changed[name] = rng.choice(pools[kind])
        elif kind == "d" and row[name] and rng.random() < _MOVED:
            changed[name] = _moved(row[name], rng)
    return changed


def _moved(day: str, rng: random.Random) -> str:
    try:
        return (
            date.fromisoformat(day) + timedelta(days=rng.choice((-400, -31, -30, -1, 0, 1, 30, 31, 400)))
        ).isoformat()
    except ValueError:
        return day
