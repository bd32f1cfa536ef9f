"""Characters: full-width to half-width, stray spaces away, Latin letters upper case.

Rule: only what typists and exports do to identifiers; never guesses a missing character.
"""

import unicodedata


def fold(text: str) -> str:
    """NFKC (full-width digits and letters become half-width), no white space, upper case."""
    if text.isascii():
        return text.strip().upper() if " " not in text.strip() else "".join(text.split()).upper()
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()
