"""The words of a Hunspell dictionary with all their inflected forms, folded to plain letters.

Hunspell keeps stems with flags, and rules that make forms of a stem by its flags (hunspell(5):
SFX). Forms are not written out, which for Swedish would be 900 000 of them; a word is looked up
by taking endings off. Prefix rules, compound words and words with anything but letters are left
out: what matters here is which strings people know as words. Text in, values out.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from policies.letters import fold

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


@dataclass(frozen=True, slots=True)
class _Marks:
    """The flags that say what an entry is not: a word as it stands, or a word at all."""

    inflected_only: str
    unlisted: tuple[str, ...]

    @classmethod
    def of(cls, options: dict[str, str]) -> _Marks:
        named = ("ONLYINCOMPOUND", "FORBIDDENWORD")
        unlisted = tuple(options[name] for name in named if name in options)
        return cls(options.get("NEEDAFFIX", _NO_FLAG), unlisted)


class WordForms:
    """Every word of a dictionary, in every form, as `fold` spells it.

    About 40 MB for the 280 000 entries of Swedish; a look-up costs some twenty microseconds.
    """

    def __init__(
        self, entries: list[str], endings: dict[str, tuple[_Ending, ...]], marks: _Marks
    ) -> None:
        """Take "stem/flags" lines, sorted, beside which anything else may stand."""
        self._entries: Final = entries
        self._endings: Final = endings
        self._marks: Final = marks
        self._longest: Final = max(map(len, endings), default=0)

    def __contains__(self, word: object) -> bool:
        """Return whether a folded text is a form of a word."""
        if not isinstance(word, str) or len(word) > LONGEST or not word.isalpha():
            return False
        if any(self._marks.inflected_only not in flags for flags in self._flags(word)):
            return True
        return any(
            self._is_form(word[: len(word) - size], ending)
            for size in range(min(self._longest, len(word)) + 1)
            for ending in self._endings.get(word[len(word) - size :], ())
        )

    def __len__(self) -> int:
        """Return how many entries there are."""
        return len(self._entries)

    def _is_form(self, base: str, ending: _Ending) -> bool:
        stem = base + ending.strip
        if not any(ending.flag in flags for flags in self._flags(stem)):
            return False
        return ending.condition is None or ending.condition.search(stem) is not None

    def _flags(self, stem: str) -> list[str]:
        """Return the flags of each entry of this stem; there are several that fold alike."""
        entries, found = self._entries, []
        for index in range(bisect_left(entries, stem), len(entries)):
            entry = entries[index]
            if not entry.startswith(stem):
                break
            sign, flags = entry[len(stem) :][:1], entry[len(stem) + 1 :]
            if sign > "/":  # a longer stem: those of this one stand before it
                break
            if sign == "/" and any(flag in flags for flag in self._marks.unlisted):
                continue
            if sign in {"", "/"}:  # and not one with a hyphen or a dot, which is another stem
                found.append(flags)
        return found


def read_word_forms(affixes: str, words: str) -> WordForms:
    """Return the forms of a dictionary's .aff and .dic text.

    Raises ValueError when the dictionary is of a kind that this does not read, or empty.
    """
    if re.search(r"^(?:FLAG|AF) ", affixes, re.MULTILINE):
        raise ValueError("a dictionary with long, numbered or aliased flags")
    options = dict(_OPTION.findall(affixes))
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
    return WordForms(_entries(words), by_letters, _Marks.of(options))


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


def _entries(words: str) -> list[str]:
    """Return the lines of a .dic text with folded stems, sorted. Raises ValueError without words.

    A line that is no word (a number, one with a hyphen) is left in where that is cheaper than to
    look at it: nothing that is looked up is spelled so. All of Swedish is read in a tenth of a
    second, which each start of the gateway waits for.
    """
    for letter in "åäöé":  # what `fold` does to each word, done to all of them at once
        words = words.replace(letter, fold(letter))
    lines = words.splitlines()
    for index, line in enumerate(lines):
        if not ("a" <= line[:1] <= "z" and line.isascii()):
            lines[index] = _folded(line)
    lines.sort()
    if not any(line.partition("/")[0].isalpha() for line in lines):
        raise ValueError("a dictionary without words")
    return lines


def _folded(line: str) -> str:
    """Return a line with its stem folded; "" when that is no word."""
    entry, slash, flags = line.partition("/")
    return fold(entry) + slash + flags if entry.isalpha() and _is_word(entry) else ""


def _is_word(entry: str) -> bool:
    """Return whether an entry is no abbreviation: those have capitals, or a capital and no room."""
    if entry.islower():
        return True
    return entry[1:].islower() and len(entry) >= _SHORTEST_NAME
