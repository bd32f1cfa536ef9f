"""Full-width signs (全角) where YAML wants its own: the mistake that a Chinese keyboard makes by itself.

Rule: suggests, never substitutes. Must not know what is written with them.
"""

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
    "\uff0d": ("hyphen", "-"),
    "\u3000": ("space", " "),
}
"""Full-width sign: its name, and what YAML reads."""

QUOTES = "“”‘’\"'"


def full_width(text: str) -> str | None:
    """The first full-width sign of a text, in words; None if there is none."""
    found = next((sign for sign in text if sign in SIGNS), None)
    return None if found is None else f"{found!r} is a full-width {SIGNS[found][0]}"


def half_width(text: str) -> str:
    """The text with YAML's own signs."""
    for sign, (_, own) in SIGNS.items():
        text = text.replace(sign, own)
    return text
