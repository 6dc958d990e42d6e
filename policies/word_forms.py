"""The words of a Hunspell dictionary with all their inflected forms, folded to plain letters.

Hunspell keeps stems with flags, and rules that make forms of a stem by its flags (hunspell(5):
SFX). Forms are not written out, which for Swedish would be 900 000 of them; a word is looked up
by taking endings off. Prefix rules, compound words and words with anything but letters are left
out: what matters here is which strings people know as words. Text in, values out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from policies.letters import fold
from policies.stem_table import Stems

LONGEST: Final = 24
"""Letters of a form that is looked up; longer words are compounds of shorter ones."""

_RULE: Final = re.compile(r"SFX\s+(\S)\s+(\S+)\s+([^/\s]+)(?:/(\S+))?\s+(\S+)")
_OPTION: Final = re.compile(r"^(NEEDAFFIX|ONLYINCOMPOUND|FORBIDDENWORD)\s+(\S)", re.MULTILINE)
_NOTHING: Final = "0"
_NO_FLAG: Final = "\n"  # stands in no line
_SHORTEST_NAME: Final = 4  # a shorter entry with a capital is an abbreviation more often than not


@dataclass(frozen=True, slots=True)
class _Ending:
    """A rule, turned round: take it off, put `strip` back, and the stem must bear `flag`."""

    strip: str
    flag: str
    condition: re.Pattern[str] | None


class WordForms:
    """Every word of a dictionary, in every form, as `fold` spells it."""

    def __init__(
        self,
        stems: Stems,
        endings: dict[str, tuple[_Ending, ...]],
        inflected_only: str = _NO_FLAG,
    ) -> None:
        """Take the flags of each stem; `inflected_only` is that of a stem that is no word alone.

        Among the stems there may be anything that is spelled with more than letters.
        """
        self._stems: Final = stems
        self._endings: Final = endings
        self._inflected_only: Final = inflected_only
        self._longest: Final = max(map(len, endings), default=0)

    def __contains__(self, word: object) -> bool:
        """Return whether a folded text is a form of a word."""
        if not isinstance(word, str) or len(word) > LONGEST or not word.isalpha():
            return False
        if self._inflected_only not in self._stems.get(word, self._inflected_only):
            return True
        return any(
            self._is_form(word[: len(word) - size], ending)
            for size in range(min(self._longest, len(word)) + 1)
            for ending in self._endings.get(word[len(word) - size :], ())
        )

    def __len__(self) -> int:
        """Return how many stems there are."""
        return len(self._stems)

    def _is_form(self, base: str, ending: _Ending) -> bool:
        stem = base + ending.strip
        if ending.flag not in self._stems.get(stem, ""):
            return False
        return ending.condition is None or ending.condition.search(stem) is not None


def read_word_forms(affixes: str, stems: Stems) -> WordForms:
    """Return the forms of a dictionary's .aff text and of the stems that `read_stems` found.

    Raises ValueError when the dictionary is of a kind that this does not read.
    """
    options = _options(affixes)
    only_inside = options.get("ONLYINCOMPOUND", "")
    endings: defaultdict[str, set[_Ending]] = defaultdict(set)
    for line in affixes.splitlines():
        rule = _RULE.match(line)
        if rule is None:  # also the line that opens a group of rules, which has no condition
            continue
        flag, strip, added, further, condition = rule.groups()
        if only_inside and only_inside in (further or ""):
            continue
        plain = _letters_of(added)
        if plain is not None:
            endings[plain].add(_Ending(_letters_of(strip) or "", flag, _condition(condition)))
    by_letters = {added: tuple(rules) for added, rules in endings.items()}
    return WordForms(stems, by_letters, options.get("NEEDAFFIX", _NO_FLAG))


def read_stems(affixes: str, words: str) -> dict[str, str]:
    """Return the flags of each folded stem of a dictionary's .aff and .dic text.

    Raises ValueError when the dictionary is of a kind that this does not read, or empty.
    """
    stems = _stems(words, _options(affixes))
    if not any(map(str.isalpha, stems)):
        raise ValueError("a dictionary without words")
    return stems


def _options(affixes: str) -> dict[str, str]:
    if re.search(r"^(?:FLAG|AF) ", affixes, re.MULTILINE):
        raise ValueError("a dictionary with long, numbered or aliased flags")
    return dict(_OPTION.findall(affixes))


def _letters_of(part: str) -> str | None:
    """Return the folded letters of a rule's part, "" for none, None when there is more in it."""
    if part == _NOTHING:
        return ""
    return fold(part) if part.isalpha() else None


def _condition(written: str) -> re.Pattern[str] | None:
    """Return the condition on the stem's end.

    One that speaks of å, ä or ö is dropped, since folded stems cannot tell: that gives a few forms
    too many, and none too few.
    """
    if written == "." or not written.isascii():
        return None
    return re.compile(written.lower() + r"\Z")


def _stems(words: str, options: dict[str, str]) -> dict[str, str]:
    """Return the flags of each folded stem; entries that fold alike share theirs.

    The first start of a gateway waits for this loop over 280 000 lines, so it looks at no line
    longer than it must: what is no word but folded (a number, one with a hyphen) is left in.
    """
    for letter in "åäöé":  # what `fold` does to each word, done to all of them at once
        words = words.replace(letter, fold(letter))
    unlisted = {options[name] for name in ("ONLYINCOMPOUND", "FORBIDDENWORD") if name in options}
    inflected_only = options.get("NEEDAFFIX", _NO_FLAG)
    shared: dict[str, str] = {}
    stems: dict[str, str] = {}
    for line in words.splitlines():
        stem, _, flags = line.partition("/")
        if not (stem.isascii() and stem.islower()):
            if not (stem.isalpha() and _is_word(stem)):
                continue
            stem = fold(stem)
        if not unlisted.isdisjoint(flags):
            continue
        if stem in stems:
            flags = _both(flags, stems[stem], inflected_only)
        stems[stem] = shared.setdefault(flags, flags)
    return stems


def _both(one: str, other: str, inflected_only: str) -> str:
    """Return the flags of two entries that fold alike; a word alone when one of them is."""
    if inflected_only in one and inflected_only in other:
        return one + other
    return (one + other).replace(inflected_only, "")


def _is_word(entry: str) -> bool:
    """Return whether an entry is no abbreviation: those have capitals, or a capital and no room."""
    if entry.islower():
        return True
    return entry[1:].islower() and len(entry) >= _SHORTEST_NAME
