"""Characters: full-width to half-width, stray spaces away, Latin letters upper case.

Rule: only what typists and exports do to identifiers; never guesses a missing character.
"""

import unicodedata


def fold(text: str) -> str:
    """NFKC (full-width digits and letters become half-width), no white space, upper case; a fixed point."""
    if text.isascii():
        return text.upper() if text.isalnum() else "".join(text.split()).upper()
    bare = "".join(unicodedata.normalize("NFKC", text).split())
    return unicodedata.normalize("NFKC", bare.upper())
