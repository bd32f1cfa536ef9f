"""Full-width signs (全角) where YAML wants its own: the mistake that a Chinese keyboard makes by itself.

Rule: suggests, never substitutes. Must not know what is written with them.
"""

from collections.abc import Iterable

SIGNS = {
    "\uff1a": ("colon", ": "),
    "\uff0c": ("comma", ", "),
    "、": ("enumeration comma", ", "),
    "“": ("quotation mark", "'"),
    "”": ("quotation mark", "'"),
    "‘": ("quotation mark", "'"),
    "’": ("quotation mark", "'"),
    "【": ("bracket", "["),
    "】": ("bracket", "]"),
    "\uff3b": ("bracket", "["),
    "\uff3d": ("bracket", "]"),
    "\uff5b": ("bracket", "{"),
    "\uff5d": ("bracket", "}"),
    "\uff0d": ("hyphen", "-"),
    "\u3000": ("space", " "),
}
"""Full-width sign: its name, and what YAML reads."""

OPENING = "【\uff3b\uff5b"
CLOSING = "】\uff3d\uff5d"
"""Brackets of a list or of keys with values."""

QUOTES = "“”‘’\"'"


def full_width(text: str) -> str | None:
    """The first full-width sign of a text, in words; None if there is none."""
    found = next((sign for sign in text if sign in SIGNS), None)
    return None if found is None else f"{found!r} is a full-width {SIGNS[found][0]}"


def hint(text: object) -> str:
    """What to add to a remedy where the fault may be a full-width sign."""
    sign = full_width(text) if isinstance(text, str) else None
    return f"; {sign}" if sign else ""


def half_width(text: str, signs: Iterable[str] = SIGNS) -> str:
    """The text with YAML's own signs in place of these."""
    for sign in signs:
        text = text.replace(sign, SIGNS[sign][1])
    return text
