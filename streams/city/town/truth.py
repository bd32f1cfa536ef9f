"""What is true of each check: its label, the case behind it, and what an officer who looks would find.

Rules: a label says what really was, not what can be seen; `decidable` is False where the files cannot show it
(a sum of bands that stays under the line, a death that one register alone knows of).
Must not know: how a rule is written or evaluated.
"""

from typing import Literal

from msgspec import Struct

Label = Literal["clear", "open", "explained"]
Decision = Literal["confirmed", "dismissed", ""]


class Finding(Struct, frozen=True):
    """One line of truth/<rule>.csv, without its key."""

    label: Label
    case: str
    decidable: bool = True
    decision: Decision = ""
    reason: str = ""


ORDINARY = Finding("clear", "ordinary")
"""Nothing to see: how most records end."""


def near(case: str) -> Finding:
    """Clear, by as little as the rule allows."""
    return Finding("clear", f"near_{case}")


def explained(case: str) -> Finding:
    """Found, and there is something that speaks for the person."""
    return Finding("explained", case)


def withdrawn(case: str) -> Finding:
    """Clear in the end; an early reader of the files would have asked."""
    return Finding("clear", f"withdrawn_{case}")


def hit(case: str, reason: str, *, decidable: bool = True) -> Finding:
    """A question, and an officer who looks finds that it was right to ask."""
    return Finding("open", case, decidable, "confirmed", reason)


def doubt(case: str, reason: str) -> Finding:
    """A question that the officer's own look answers."""
    return Finding("open", case, decision="dismissed", reason=reason)
