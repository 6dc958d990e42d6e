"""The rules of `[password]` in words: before anything is typed, and as reasons afterwards.

A rule and the reason of breaking it are one sentence that begins with "The new password".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gateway.auth.outcomes import REFUSED_BY_DIRECTORY
from gateway.settings.model import Password
from gateway.texts.catalog import N_, Words
from policies.passwords import LONGEST, PasswordRules, Reason

_ONLY_SIGNS: Final = N_("may only hold the signs %(signs)s")
_NO_SWEDISH_SIGNS: Final = N_(
    "may only hold the signs %(signs)s, so no å, ä, ö or other special characters"
)
_SENTENCES: Final = {
    Reason.TOO_SHORT: N_("must have at least %(least)s characters"),
    Reason.TOO_LONG: N_("must have at most %(most)s characters"),
    Reason.NO_LOWER: N_("must hold a lower-case letter"),
    Reason.NO_UPPER: N_("must hold an upper-case letter"),
    Reason.NO_DIGIT: N_("must hold a digit"),
    Reason.HOLDS_NAME: N_("must not hold your name"),
    Reason.HOLDS_USER_NAME: N_("must not hold your user name"),
    Reason.SWEDISH_WORD: N_("must not be made of common Swedish words"),
    Reason.CONTEXT_WORD: N_("must not hold the name of the company or of the portal"),
    Reason.FORBIDDEN_LIST: N_("must not be one of those that are often guessed"),
}


_REFUSED: Final = N_(
    "is refused by the directory: choose a longer one, and one that you have not had before"
)


def password_rules(settings: Password, words: Words) -> list[str]:
    """Return the rules to show before anything is typed."""
    requirements = _rules(settings).requirements()
    return reasons_in_words((one.reason for one in requirements), settings, words)


def reasons_in_words(names: Iterable[str], settings: Password, words: Words) -> list[str]:
    """Return what each broken rule asks; `names` as in `gateway.auth.outcomes.Faults.new`."""
    values = {
        "least": settings.min_length,
        "most": LONGEST,
        "signs": settings.allowed.spoken.replace("-", "\N{NON-BREAKING HYPHEN}"),
    }
    return [words.gettext(_sentence(name, settings)) % values for name in names]


def manager_hint(settings: Password) -> str:
    """Return the value of the HTML attribute `passwordrules`."""
    return _rules(settings).hint()


def _sentence(name: str, settings: Password) -> str:
    if name == REFUSED_BY_DIRECTORY:
        return _REFUSED
    reason = Reason(name)
    if reason is Reason.SIGN_NOT_ALLOWED:
        swedish = any(sign in settings.allowed for sign in "åäöÅÄÖ")
        return _ONLY_SIGNS if swedish else _NO_SWEDISH_SIGNS
    return _SENTENCES[reason]


def _rules(settings: Password) -> PasswordRules:
    """Return the rules without their words, which are only needed to judge."""
    return PasswordRules(
        min_length=settings.min_length,
        require=frozenset(settings.require),
        allowed=settings.allowed,
        forbid=frozenset(settings.forbid),
        listed=None if settings.forbidden_file is None else (),
    )
