"""What a person reads in a password: the letters behind digits and disguises, and words in them.

"Sommar2026", "2026Sommar", "Som26mar" and "S0mm4r" all read "sommar". Work grows with the length
of the text, not faster. Imports policies only.
"""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Final

from policies.letters import fold
from policies.word_forms import LONGEST

WORD: Final = 4
"""Letters that one word has at least, where a text is made of several."""
SHORT_WORD: Final = 3
"""Letters of the other words beside it: "min", "jag", "bil"."""

_DISGUISES: Final = tuple(str.maketrans("013457", letters) for letters in ("oieast", "oleast"))
_AS_DIGITS: Final = str.maketrans({"@": "4", "$": "5", "!": "1", "€": "3"})
_DIGITS: Final = "0123456789"
_RUNS: Final = re.compile(r"([0-9]+)")
_LONGEST_DISGUISE: Final = 3  # digits in a row that stand for letters; a year does not


def plain(text: str) -> str:
    """Return the folded letters and the digits of a text, everything else left out."""
    return "".join(c for c in fold(text) if c.isalpha() or c in _DIGITS)


def letters(text: str) -> str:
    """Return the folded letters of a text: "Som26mar" is "sommar"."""
    return "".join(c for c in fold(text) if c.isalpha())


def undisguised(text: str) -> frozenset[str]:
    """Return the letters of a text with digits read as the letters they look like.

    Up to three digits in a row are letters (0 o, 1 i or l, 3 e, 4 a, 5 s, 7 t), those at either
    end also nothing; longer runs are nothing. At most eight readings, `letters` not among them.
    """
    written = plain(text.translate(_AS_DIGITS))
    rest = written.lstrip(_DIGITS)
    middle = rest.rstrip(_DIGITS)
    opening, closing = written[: len(written) - len(rest)], rest[len(middle) :]
    found: set[str] = set()
    for disguise in _DISGUISES:
        runs = (_read(run, disguise) if run.isdecimal() else run for run in _RUNS.split(middle))
        inner = "".join(runs)
        found |= {
            before + inner + after
            for before in ("", _read(opening, disguise))
            for after in ("", _read(closing, disguise))
        }
    return frozenset(found) - {letters(text)}


def is_made_of(text: str, words: Container[str], own: Container[str] = ()) -> bool:
    """Return whether `text`, folded letters only, is a word or a row of words without a gap.

    One word has two letters or more, and may be said again; of several, one has at least WORD
    letters and the others at least SHORT_WORD. `own` are further words that may stand among them,
    of two letters or more.
    """
    again = text[: (text + text).find(text, 1)]  # "hej" of "hejhejhej"
    return (
        (len(text) > 1 and text in words)
        or (len(again) >= SHORT_WORD and again in words)
        or _longest_of_row(text, words, own, SHORT_WORD) >= WORD
    )


def is_row_of(text: str, words: Container[str], least: int) -> bool:
    """Return whether `text` is one or more of `words` without a gap, each of `least` or more."""
    return _longest_of_row(text, words, (), least) >= least


def _longest_of_row(text: str, words: Container[str], own: Container[str], least: int) -> int:
    """Return the letters of the longest word in a row that is all of `text`; -1 for no row.

    `least` is how long words are at least. Among several rows the one with the longest word counts.
    """
    longest = [0] + [-1] * len(text)  # on the best way to each place; -1 where none leads
    for start in range(len(text)):
        if longest[start] < 0:
            continue
        for end in range(start + 2, min(start + LONGEST, len(text)) + 1):
            piece = text[start:end]
            if piece in own or (end - start >= least and piece in words):
                longest[end] = max(longest[end], longest[start], end - start)
    return longest[-1]


def _read(digits: str, disguise: dict[int, int]) -> str:
    if len(digits) > _LONGEST_DISGUISE:
        return ""
    return "".join(c for c in digits.translate(disguise) if c.isalpha())
