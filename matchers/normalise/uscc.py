"""Unified social credit codes (统一社会信用代码), GB 32100-2015.

Rule: a code with a wrong check character is refused, never repaired.
"""

from functools import lru_cache

from matchers.normalise.text import fold

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
NO_REGISTRY = "0"
"""The first character names who registers; none is 0, so the all-zero filler (whose check holds) is no code."""

_VALUE = {char: value for value, char in enumerate(ALPHABET)}
_WEIGHTS = tuple(pow(3, i, 31) for i in range(17))


def check_character(first17: str) -> str:
    """GB 32100 section 4: 31 minus (sum of value times 3^(i-1)) modulo 31."""
    total = sum(_VALUE[char] * w for char, w in zip(first17, _WEIGHTS, strict=True))
    return ALPHABET[(31 - total % 31) % 31]


@lru_cache(maxsize=65_536)
def normalise_uscc(text: str) -> str | None:
    """18-character form, or None where the code cannot be right."""
    code = fold(text)
    if len(code) != 18 or code[0] == NO_REGISTRY or any(char not in _VALUE for char in code):
        return None
    return code if code[17] == check_character(code[:17]) else None
