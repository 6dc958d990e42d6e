"""What messages say, in the language of the browser that caused them. Each fits in one SMS.

The text of a logon's code is gateway.toml's. Those here carry no link, so that nobody learns to
follow links in messages. Like the texts of the pages they stand in the catalogs.
"""

from __future__ import annotations

import enum
from typing import Final

from gateway.auth.challenges import Purpose
from gateway.settings.model import Branding
from gateway.texts.catalog import N_, Words


class Notice(enum.Enum):
    """What somebody is told about their own account (ASVS 5.0 6.3.7)."""

    MOBILE_CHANGED = "mobile-changed"
    PASSWORD_CHANGED = "password-changed"  # noqa: S105 - the name of a message
    PASSWORD_RESET = "password-reset"  # noqa: S105 - the name of a message


_NOTICES: Final = {
    Notice.MOBILE_CHANGED: N_(
        "The mobile number for {portal} was changed, and codes no longer go to this phone."
    ),
    Notice.PASSWORD_CHANGED: N_("Your password for {portal} was changed."),
    Notice.PASSWORD_RESET: N_(
        "Your password for {portal} was reset by a code to this phone; you are logged off."
    ),
}
_NOT_YOU: Final = N_("Was it not you? Contact {support} at once.")
_RESET: Final = N_("{code} is your code for a new password at {organisation}. Give it to nobody.")
_PROVE: Final = N_("{code} is your code to confirm this number at {organisation}.")


def notice_text(notice: Notice, words: Words, branding: Branding) -> str:
    """Return the message."""
    both = f"{words.gettext(_NOTICES[notice])} {words.gettext(_NOT_YOU)}"
    return both.format(portal=branding.portal, support=branding.support_email)


def code_text(purpose: str, logon: str, words: Words) -> str:
    """Return the template of a code's message, with {code} and {organisation}.

    `logon` is gateway.toml's for a logon: while it is the usual one, it is translated too.
    """
    if purpose == Purpose.RESET.value:
        return words.gettext(_RESET)
    return words.gettext(_PROVE if purpose == Purpose.PROVE.value else logon)
