"""The name a steward probably meant: nearest of the names that exist.

Rule: suggests, never substitutes. Must not know what the names stand for.
"""

from collections.abc import Iterable

_ENOUGH = 60
"""rapidfuzz ratio below which a suggestion would only mislead."""


def nearest(word: str, names: Iterable[str]) -> str | None:
    """Closest of `names`, or None where nothing is close."""
    from rapidfuzz import process  # only needed when something is wrong; 17 ms of start-up otherwise

    found = process.extractOne(word, sorted(names), score_cutoff=_ENOUGH)
    return found[0] if found else None


def remedy_for(word: str, names: Iterable[str]) -> str:
    """Next action for a name that does not exist: the nearest one, or the whole (short) list."""
    known = sorted(names)
    guess = nearest(word, known)
    if guess is not None:
        return f"did you mean {guess!r}?"
    return f"one of: {', '.join(known[:20])}" if known else "none is declared yet"
