"""Whether a text may be somebody's password, and every reason why not.

The rules are those of the portal's instructions (lengths, sorts of signs, "not made of your name,
your user id or ordinary Swedish words"), with context words and a list of further passwords beside
them (NIST SP 800-63B 5.1.1.2; ASVS 5.0 6.2.11, 6.2.12). "Made of" is defined in `readings.py`.
Digits and signs never save a word, and case never does. Words are handed in; imports policies only.
"""

from __future__ import annotations

import enum
import unicodedata
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from policies import readings
from policies.letters import fold, spelt_out
from policies.signs import Signs

LONGEST: Final = 1024
"""Characters of a password; what is longer is refused, never cut (ASVS 6.2.9)."""

PART: Final = 3
"""Letters of a name or user name that may not stand inside a password; shorter ones may."""
CONTEXT_PART: Final = 4
"""Letters of the words of the organisation, the portal and the product that may not."""
COMMON_PART: Final = 5
"""Letters that make a common password what it is: "Qwerty99" is "qwerty"."""

_SHORTEST: Final = 2  # a single letter, as an initial, is no word
_DIGITS: Final = "0123456789"


class Reason(enum.StrEnum):
    """Why a text may not be a password; reasons are always told in this order."""

    TOO_SHORT = "too-short"
    TOO_LONG = "too-long"
    NO_LOWER = "no-lower"
    NO_UPPER = "no-upper"
    NO_DIGIT = "no-digit"
    SIGN_NOT_ALLOWED = "sign-not-allowed"
    HOLDS_NAME = "holds-name"
    HOLDS_USER_NAME = "holds-user-name"
    SWEDISH_WORD = "swedish-word"
    CONTEXT_WORD = "context-word"
    FORBIDDEN_LIST = "forbidden-list"


class Sort(enum.StrEnum):
    """A sort of signs that a password may have to hold."""

    LOWER = "lower"
    UPPER = "upper"
    DIGIT = "digit"

    def holds(self, sign: str) -> bool:
        """Return whether a character is of this sort, in any script."""
        match self:
            case Sort.LOWER:
                return sign.islower()
            case Sort.UPPER:
                return sign.isupper()
            case Sort.DIGIT:
                return sign.isdecimal()


class Forbidden(enum.StrEnum):
    """What a password may not be made of."""

    NAME = "name"
    USER_NAME = "user_name"
    SWEDISH_WORDS = "swedish_words"
    CONTEXT_WORDS = "context_words"
    COMMON_PASSWORDS = "common_passwords"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One rule to show before anything is typed, by the reason that breaking it has.

    `value` is what the rule's sentence speaks of: the characters at least, the signs, else "".
    """

    reason: Reason
    value: str = ""


@dataclass(frozen=True, slots=True)
class PersonWords:
    """The words of one person, folded; none of them is empty."""

    name: frozenset[str]
    user_name: frozenset[str]

    @classmethod
    def of(cls, user: str, name: str, email: str = "") -> PersonWords:
        """Return the words of a directory entry.

        Parts of the name and of the address before its "@"; the user name whole, its parts, and
        its letters. "Åkesson" is also "aakesson". A single letter is no word.
        """
        called = {part for text in (name, email.partition("@")[0]) for part in _parts(text)}
        known = {readings.plain(user), readings.letters(user)}
        known |= set(_runs(fold(user.partition("@")[0]), _DIGITS))
        known |= set(_parts(user.partition("@")[0]))
        return cls(_words(called), _words(known))


NOBODY: Final = PersonWords(frozenset(), frozenset())
"""Whose words are not known: the rules about names then find nothing."""


@dataclass(frozen=True, slots=True)
class PasswordRules:
    """The rules of one configuration, compiled.

    `words` holds ordinary words in every form, as `letters.fold` spells them; `context` comes
    from `context_words`; `common` holds passwords that are often guessed and `listed` those of
    the operators' own file (None without one), both as `normal` spells them.
    """

    min_length: int
    require: frozenset[Sort]
    allowed: Signs
    forbid: frozenset[Forbidden]
    words: Container[str] = field(default=(), repr=False)
    context: frozenset[str] = frozenset()
    common: Container[str] = field(default=(), repr=False)
    listed: Container[str] | None = field(default=None, repr=False)

    def requirements(self) -> tuple[Requirement, ...]:
        """Return the rules in the order of `Reason`, to be shown before typing.

        Lengths beyond LONGEST are left out: nobody types them.
        """
        return tuple(self._requirements())

    def _requirements(self) -> Iterator[Requirement]:
        yield Requirement(Reason.TOO_SHORT, str(self.min_length))
        yield from (Requirement(_MISSING[sort]) for sort in Sort if sort in self.require)
        if self.allowed.spoken:
            yield Requirement(Reason.SIGN_NOT_ALLOWED, self.allowed.spoken)
        yield from (Requirement(_MADE_OF[what]) for what in Forbidden if what in self.forbid)
        if self.listed is not None and Forbidden.COMMON_PASSWORDS not in self.forbid:
            yield Requirement(Reason.FORBIDDEN_LIST)

    def hint(self) -> str:
        """Return the value of the HTML attribute `passwordrules`, for password managers."""
        parts = [f"minlength: {self.min_length};"]
        parts += [f"required: {sort};" for sort in Sort if sort in self.require]
        ascii_signs = sorted(c for c in map(chr, range(33, 127)) if c in self.allowed)
        # "]" and "-" have a meaning in the attribute's classes, and no manager needs them.
        parts.append(f"allowed: [{''.join(c for c in ascii_signs if c not in '-]')}];")
        return " ".join(parts)


_MISSING: Final = {
    Sort.LOWER: Reason.NO_LOWER,
    Sort.UPPER: Reason.NO_UPPER,
    Sort.DIGIT: Reason.NO_DIGIT,
}
_MADE_OF: Final = {
    Forbidden.NAME: Reason.HOLDS_NAME,
    Forbidden.USER_NAME: Reason.HOLDS_USER_NAME,
    Forbidden.SWEDISH_WORDS: Reason.SWEDISH_WORD,
    Forbidden.CONTEXT_WORDS: Reason.CONTEXT_WORD,
    Forbidden.COMMON_PASSWORDS: Reason.FORBIDDEN_LIST,
}


def judge(password: str, person: PersonWords, rules: PasswordRules) -> tuple[Reason, ...]:
    """Return every reason why this may not be the person's password; none: it may.

    Takes any text. Work grows with its length up to LONGEST, and what is longer is not read for
    words.
    """
    found = {*_of_signs(password, rules)}
    if len(password) <= LONGEST:
        found.update(_of_words(password, person, rules))
    return tuple(reason for reason in Reason if reason in found)


def context_words(*texts: str) -> frozenset[str]:
    """Return the words of the organisation's and the portal's names that no password may hold."""
    found = {part for text in texts for part in _parts(text)}
    return frozenset(part for part in found if len(part) >= CONTEXT_PART)


def normal(password: str) -> str:
    """Return the spelling by which a password is looked up in a list: case does not count."""
    return unicodedata.normalize("NFKC", password).casefold()


def _of_signs(password: str, rules: PasswordRules) -> Iterator[Reason]:
    # As it is hashed (NFC), so that å counts once however a keyboard sends it.
    text = unicodedata.normalize("NFC", password)
    if len(text) < rules.min_length:
        yield Reason.TOO_SHORT
    if len(password) > LONGEST:
        yield Reason.TOO_LONG
    yield from (_MISSING[sort] for sort in rules.require if not any(map(sort.holds, text)))
    if not all(sign in rules.allowed for sign in text):
        yield Reason.SIGN_NOT_ALLOWED


def _of_words(password: str, person: PersonWords, rules: PasswordRules) -> Iterator[Reason]:
    letters = readings.letters(password)
    disguised = readings.undisguised(password)
    every = {readings.plain(password), letters, *disguised}
    if Forbidden.NAME in rules.forbid and _holds(every, person.name):
        yield Reason.HOLDS_NAME
    if Forbidden.USER_NAME in rules.forbid and _holds(every, person.user_name):
        yield Reason.HOLDS_USER_NAME
    if Forbidden.SWEDISH_WORDS in rules.forbid:
        short = {word for word in person.name | person.user_name if len(word) < PART}
        if readings.is_made_of(letters, rules.words, short) or any(
            readings.is_row_of(reading, rules.words, readings.WORD) for reading in disguised
        ):
            yield Reason.SWEDISH_WORD
    if Forbidden.CONTEXT_WORDS in rules.forbid and _stands_in(every, rules.context):
        yield Reason.CONTEXT_WORD
    if Forbidden.COMMON_PASSWORDS in rules.forbid and _is_common(password, every, rules.common):
        yield Reason.FORBIDDEN_LIST
    if normal(password) in (rules.listed or ()):
        yield Reason.FORBIDDEN_LIST


def _holds(every: Iterable[str], words: frozenset[str]) -> bool:
    """Return whether a word stands in a reading, or a reading is nothing but these words.

    The second is for words shorter than PART: "Bo" is not looked for inside "Bok4tzQ".
    """
    if _stands_in(every, [word for word in words if len(word) >= PART]):
        return True
    return any(readings.is_row_of(reading, words, _SHORTEST) for reading in every)


def _is_common(password: str, every: Iterable[str], common: Container[str]) -> bool:
    """Return whether a password is one that is often guessed, digits and disguises apart."""
    return normal(password) in common or any(
        len(reading) >= COMMON_PART and reading in common for reading in every
    )


def _stands_in(every: Iterable[str], words: Iterable[str]) -> bool:
    return any(word in reading for word in words for reading in every)


def _parts(text: str) -> list[str]:
    """Return the folded words of a text, in both spellings of å, ä and ö."""
    spellings = (fold(text), spelt_out(text))
    return [part for spelling in spellings for part in _runs(spelling)]


def _runs(text: str, further: str = "") -> list[str]:
    """Return the runs of letters, and of `further` characters, as `readings` knows letters."""
    return "".join(c if c.isalpha() or c in further else " " for c in text).split()


def _words(parts: Iterable[str]) -> frozenset[str]:
    return frozenset(part for part in parts if len(part) >= _SHORTEST)
