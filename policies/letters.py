"""The plain letters of a text: what is left of a word when case and marks are taken away.

Passwords, names and dictionary words are compared in this spelling, since a password may hold no
å, ä or ö and people then write a, a and o. Imports nothing but Unicode's tables.
"""

from __future__ import annotations

import unicodedata
from typing import Final

# Letters that no normal form takes apart, as Swedish writes them without their strokes.
_STROKES: Final = str.maketrans(
    {"ø": "o", "æ": "a", "œ": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h"}
)
# The two-letter spelling of the same letters, as in passports and old user names.
_SPELT_OUT: Final = str.maketrans(
    {"å": "aa", "ä": "ae", "æ": "ae", "ö": "oe", "ø": "oe", "ü": "ue"}
)


def fold(text: str) -> str:
    """Return `text` in lower case without marks: "Åkesson" is "akesson". Idempotent."""
    if text.isascii():
        return text.lower()
    bare = unicodedata.normalize("NFKD", text).casefold().translate(_STROKES)
    # Folding can bring marks back (U+0130), and a second round settles it.
    again = unicodedata.normalize("NFKD", bare).casefold().translate(_STROKES)
    return "".join(c for c in again if not unicodedata.combining(c))


def spelt_out(text: str) -> str:
    """Return `text` folded with å as aa, ä as ae, ö as oe: "Åkesson" is "aakesson"."""
    return fold(unicodedata.normalize("NFC", text).casefold().translate(_SPELT_OUT))
