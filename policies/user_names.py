"""The one spelling of a user name, for looking up and for counting failures.

NFKC, case folding and trimming (UAX #15; RFC 8265 does much the same for user names), so that
"ANNA", "anna " and its full-width letters share one account and one failure counter. Imports
nothing but Unicode's tables.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LONGEST: Final = 64
"""Characters of a user name, after normalisation."""

_PLAIN: Final = re.compile(rf"[a-z0-9._@-]{{1,{LONGEST}}}")
"""How almost everybody writes theirs: its own canonical spelling, ten times as fast."""
_READ: Final = 8 * LONGEST  # normalising costs time: a longer text is cut before it is read
_MARKS: Final = frozenset("._-@")
_LETTERS_AND_DIGITS: Final = frozenset({"Ll", "Lo", "Lm", "Nd"})  # no "Lu": case is folded
# What breaks a line or an encoding: controls, surrogates, line and paragraph separators.
_HOSTILE: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_CUT: Final = "…"
_UNREADABLE: Final = "\N{REPLACEMENT CHARACTER}"


def canonical(text: str) -> str:
    """Return the spelling that every spelling of this name shares; any text has one.

    Idempotent. At most LONGEST + 1 characters: what is cut ends in "…". Control characters,
    line separators and lone surrogates become U+FFFD, so the result is safe in a log line and
    encodes as UTF-8; such a name, like one that was cut, is never `is_possible`.
    """
    if _PLAIN.fullmatch(text):
        return text
    readable = "".join(_UNREADABLE if _is_hostile(c) else c for c in text[: 2 * _READ]).strip()
    folded = readable[:_READ]
    # Folding can undo a normal form (U+0345 and its kin), and a second round settles it.
    for _ in range(2):
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", folded).casefold())
    folded = folded.strip()
    if len(folded) > LONGEST or len(readable) > _READ:
        return folded[:LONGEST] + _CUT
    return folded


def is_possible(name: str) -> bool:
    """Return whether a canonical name may belong to an account.

    Letters, digits and ``. _ - @``, 1 to LONGEST characters. All that looks alike but is not the
    same (zero-width, bidirectional, combining characters) is outside, so it can hide no account.
    """
    if _PLAIN.fullmatch(name):
        return True
    return 0 < len(name) <= LONGEST and all(
        c in _MARKS or unicodedata.category(c) in _LETTERS_AND_DIGITS for c in name
    )


def _is_hostile(character: str) -> bool:
    return unicodedata.category(character) in _HOSTILE
