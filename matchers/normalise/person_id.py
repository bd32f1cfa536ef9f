"""Citizen identity numbers (公民身份号码), GB 11643-1999, and their 15-digit predecessors.

Rule: a number with a wrong check digit or an impossible birth date is refused, never repaired.
"""

from datetime import date
from functools import lru_cache
from operator import mul

from matchers.normalise.text import fold

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_ZEROS = ord("0") * sum(_WEIGHTS)


def check_digit(first17: str) -> str:
    """GB 11643 section 4: sum of digit times weight, modulo 11, through the table."""
    return _CHECK[(sum(map(mul, first17.encode(), _WEIGHTS)) - _ZEROS) % 11]


@lru_cache(maxsize=65_536)
def _real_day(yyyymmdd: str) -> bool:
    try:
        date(int(yyyymmdd[:4]), int(yyyymmdd[4:6]), int(yyyymmdd[6:]))
    except ValueError:
        return False
    return True


@lru_cache(maxsize=65_536)
def normalise_person_id(text: str) -> str | None:
    """18-character form, or None where the number cannot be right.

    15-digit numbers (issued until 1999, births 19xx) gain the century and a check digit.
    """
    number = fold(text)
    if not number.isascii():
        return None
    if len(number) == 15 and number.isdigit():
        number = number[:6] + "19" + number[6:]
        number += check_digit(number)
    if len(number) != 18 or not number[:17].isdigit() or not _real_day(number[6:14]):
        return None
    return number if number[17] == check_digit(number[:17]) else None
