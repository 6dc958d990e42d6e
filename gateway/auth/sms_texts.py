"""What messages say, in the language of the browser that caused them. Each fits in one or two SMS.

The text of a logon's code is gateway.toml's. Those here carry no link, so that nobody learns to
follow links in messages.
"""

from __future__ import annotations

import enum
from typing import Final

from gateway.settings.model import Branding


class Notice(enum.Enum):
    """What somebody is told about their own account (ASVS 5.0 6.3.7)."""

    MOBILE_CHANGED = "mobile-changed"
    PASSWORD_CHANGED = "password-changed"  # noqa: S105 - the name of a message
    PASSWORD_RESET = "password-reset"  # noqa: S105 - the name of a message


_NOTICES: Final = {
    "en": {
        Notice.MOBILE_CHANGED: (
            "The mobile number for {portal} was changed, and codes no longer go to this phone."
        ),
        Notice.PASSWORD_CHANGED: "Your password for {portal} was changed.",
        Notice.PASSWORD_RESET: (
            "A new password for {portal} was chosen with a code to this phone, and you are logged "
            "off everywhere."
        ),
    },
    "sv": {
        Notice.MOBILE_CHANGED: (
            "Mobilnumret för {portal} har ändrats, och koder skickas inte längre till den här "
            "telefonen."
        ),
        Notice.PASSWORD_CHANGED: "Ditt lösenord för {portal} har ändrats.",
        Notice.PASSWORD_RESET: (
            "Ett nytt lösenord för {portal} har valts med en kod till den här telefonen, och du är "
            "utloggad överallt."
        ),
    },
}
_NOT_YOU: Final = {
    "en": "Was it not you? Contact {support} at once.",
    "sv": "Var det inte du? Kontakta genast {support}.",
}
_RESET: Final = {
    "en": "{code} is your code for a new password at {organisation}. Give it to nobody.",
    "sv": "{code} är din kod för ett nytt lösenord hos {organisation}. Lämna den inte till någon.",
}
_PROVE: Final = {
    "en": "{code} is your code to confirm this number at {organisation}.",
    "sv": "{code} är din kod för att bekräfta det här numret hos {organisation}.",
}


def notice_text(notice: Notice, language: str, branding: Branding) -> str:
    """Return the message; an unknown language reads English."""
    known = language if language in _NOTICES else "en"
    both = f"{_NOTICES[known][notice]} {_NOT_YOU[known]}"
    return both.format(portal=branding.portal, support=branding.support_email)


def reset_text(language: str) -> str:
    """Return the template of a reset's code, with {code} and {organisation}."""
    return _RESET.get(language, _RESET["en"])


def prove_text(language: str) -> str:
    """Return the template of the code that proves a new number."""
    return _PROVE.get(language, _PROVE["en"])
