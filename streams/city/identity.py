"""Identifiers of the invented people and enterprises, and the ways clerks write and miswrite them.

Rules: every identifier is valid and unique until it is spoiled on purpose; a spoiled one can never be read
as a valid one (a truncated person id is never 15 characters long).
Must not know: rows and files.
"""

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from random import Random

from msgspec import Struct

from matchers.normalise.person_id import check_digit
from matchers.normalise.uscc import ALPHABET, check_character
from streams.city.names import one_of, person_name

# Area codes of GB/T 2260 as issued to people of working age in 2008.
# fmt: off
_HANGZHOU = (
    "330102", "330103", "330104", "330105", "330106", "330108", "330109", "330110", "330122", "330127",
    "330182", "330183", "330185",
)
_ELSEWHERE = (
    "330203", "330302", "330381", "330402", "330502", "330602", "330681", "330702", "330782", "330802",
    "330902", "331002", "332501", "310101", "320102", "320503", "340102", "341221", "350102", "360102",
    "362321", "370102", "410102", "411502", "420102", "421181", "430102", "500101", "510104", "520102",
)
# fmt: on
_OLDEST, _YOUNGEST = date(1949, 1, 1).toordinal(), date(1989, 12, 31).toordinal()
_BIRTHS = tuple(date.fromordinal(day).strftime("%Y%m%d") for day in range(_OLDEST, _YOUNGEST))
_FULL_WIDTH = str.maketrans(
    {chr(c): chr(c + 0xFEE0) for c in (*range(0x30, 0x3A), *range(0x41, 0x5B), *range(0x61, 0x7B))}
)
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
CARELESS = 0.06
CAREFUL = 0.006


class Person(Struct, frozen=True):
    """Someone who does not exist: a valid 18-character id and a name."""

    id: str
    name: str


class People:
    """Invents people and enterprise codes, each once."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._ids: set[str] = set()

    def person(self, births: Sequence[str] = _BIRTHS) -> Person:
        """Born on one of these days (YYYYMMDD)."""
        return Person(self._unique(partial(_person_id, births=births)), person_name(self._rng))

    def uscc(self) -> str:
        return self._unique(_uscc)

    def _unique(self, invent: Callable[[Random], str]) -> str:
        while (found := invent(self._rng)) in self._ids:
            pass
        self._ids.add(found)
        return found


def _person_id(rng: Random, births: Sequence[str]) -> str:
    areas = _HANGZHOU if rng.random() < 0.7 else _ELSEWHERE
    area = areas[int(rng.random() * len(areas))]
    first17 = f"{area}{births[int(rng.random() * len(births))]}{1 + int(rng.random() * 998):03d}"
    return first17 + check_digit(first17)


def _uscc(rng: Random) -> str:
    """Department and kind (91: enterprise), area, organisation code (GB 11714), check character."""
    organisation = "".join(one_of(rng, "0123456789") for _ in range(7))
    organisation = one_of(rng, "123456789M") + organisation
    first17 = f"91{rng.choice(_HANGZHOU)}{organisation}{_organisation_check(organisation)}"
    return first17 + check_character(first17)


def _organisation_check(first8: str) -> str:
    total = sum(int(c, 36) * w for c, w in zip(first8, _ORGANISATION_WEIGHTS, strict=True))
    return "0123456789X0"[11 - total % 11]


def written(rng: Random, number: str, noise: float = CAREFUL) -> str:
    """A person id as a clerk writes it: mostly plain, now and then full-width, 15-digit or lower-case x."""
    draw = rng.random()
    if draw < noise:
        short = draw >= noise * 0.5 and number[6:8] == "19"  # 15 digits leave the century out
        return number[:6] + number[8:17] if short else number.translate(_FULL_WIDTH)
    return number.lower() if number[17] == "X" and draw < 0.15 else number


def written_uscc(rng: Random, code: str) -> str:
    draw = rng.random()
    if draw < 0.003:
        return code.translate(_FULL_WIDTH) if draw < 0.001 else code.lower()
    return code


def spoiled(rng: Random, number: str) -> str:
    """A person id that must be refused: wrong check digit, cut off, a letter O, or no such birthday."""
    kind = int(rng.random() * 4)
    if kind == 0:
        return number[:17] + one_of(rng, "0123456789X".replace(number[17], ""))
    if kind == 1:
        return number[: int(rng.random() * 2) + 16]
    if kind == 2:
        return number[:6] + "I" + number[7:]
    impossible = number[:10] + "0231" + number[14:17]
    return impossible + check_digit(impossible)


def spoiled_uscc(rng: Random, code: str) -> str:
    """An enterprise code that must be refused: wrong check character, or cut off."""
    if rng.random() < 0.5:
        return code[:17]
    return code[:17] + one_of(rng, ALPHABET.replace(code[17], ""))
