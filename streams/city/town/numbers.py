"""Real-estate units and certificates of the town, and how each kind of value is written and miswritten.

Rules: a number is given once; a spoiled value can never be read as a valid one. Must not know: rows, resources.
"""

from collections.abc import Callable
from random import Random

from streams.city.days import day_text, month_text
from streams.city.identity import spoiled, spoiled_uscc, written, written_uscc
from streams.city.names import one_of

_COUNTIES = ("330102", "330105", "330106", "330108", "330110")
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_FULL_WIDTH = str.maketrans({chr(c): chr(c + 0xFEE0) for c in (*range(0x30, 0x3A), *range(0x41, 0x5B))})
_NOISE = 0.004


class Numbers:
    """Counts up, so that no number is given twice."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._parcels = 0
        self._units = 0
        self._certificates = 0

    def parcel(self) -> str:
        """A land parcel, without a building."""
        self._parcels += 1
        zone = f"{self._parcels // 99_000:03d}{self._parcels // 330 % 300:03d}"
        return f"{self._rng.choice(_COUNTIES)}{zone}GB{self._parcels % 99_000:05d}W00000000"

    def unit(self, parcel: str) -> str:
        """A unit of a building on a parcel."""
        self._units += 1
        return f"{parcel[:19]}F{1 + self._units // 300 % 9_999:04d}{1 + self._units % 300:04d}"

    def birth_certificate(self) -> str:
        """A letter and nine digits."""
        self._certificates += 1
        return f"{one_of(self._rng, _LETTERS)}33{self._certificates:07d}"

    def qualification(self) -> str:
        """A constructor's certificate, as it is printed."""
        self._certificates += 1
        return f"ZJ-{2008 + self._certificates % 15}-{self._certificates:07d}"


def plain(kind: str, number: str) -> str:
    """An identifier as the register that gave it writes it in a key."""
    return number.replace("-", "") if kind == "c" else number


def _written_person(rng: Random, number: str) -> str:
    return written(rng, number) if len(number) == 18 else number


def _written_number(rng: Random, number: str) -> str:
    draw = rng.random()
    if draw >= _NOISE:
        return number
    if draw < _NOISE / 3:
        return number.lower()
    return number.translate(_FULL_WIDTH) if draw < _NOISE * 2 / 3 else f" {number[:6]} {number[6:]} "


def _written_certificate(rng: Random, number: str) -> str:
    draw = rng.random()
    if draw < 0.02:
        return f"{number[:2]}-{number[2:]}".replace("--", "-")
    return number.replace("-", "") if draw < 0.2 else _written_number(rng, number)


def _text(rng: Random, value: object) -> str:
    return str(value)


WRITTEN: dict[str, Callable[[Random, object], str]] = {
    "p": lambda rng, value: _written_person(rng, str(value)),
    "u": lambda rng, value: written_uscc(rng, str(value)),
    "r": lambda rng, value: _written_number(rng, str(value)),
    "c": lambda rng, value: _written_certificate(rng, str(value)),
    "d": lambda rng, value: day_text(value if isinstance(value, int) else None),
    "m": lambda rng, value: month_text(value) if isinstance(value, int) else "",
    "n": lambda rng, value: f"{value:.2f}" if isinstance(value, float) else str(value),
    "k": _text,
    "t": _text,
}
"""By kind of column: a value as a clerk writes it."""

SPOILED: dict[str, Callable[[Random, str], str]] = {
    "p": lambda rng, number: spoiled(rng, number) if len(number) == 18 else f"{number[:6]}I{number[7:]}",
    "u": spoiled_uscc,
    "r": lambda rng, number: number[:-1] if rng.random() < 0.5 else f"{number[:4]}O{number[5:]}",
    "c": lambda rng, number: number[:2] if rng.random() < 0.5 else f"{number}*",
    "d": lambda rng, day: rng.choice(("2025-02-29", "2025-13-01", "20250301", "未知")),
    "m": lambda rng, month: rng.choice(("2025-00", "2025-13", "202503")),
    "n": lambda rng, number: rng.choice(("1,200", "约3000", "-")),
    "k": lambda rng, code: rng.choice(("unknown", "99", "其他")),
}
"""By kind of column: a value that must be refused."""
