"""Why a text is not a mobile number, in sentences that help."""

from __future__ import annotations

from typing import Final

from gateway.texts.catalog import N_, Words
from policies.mobiles import NotMobileReason, example

_SENTENCES: Final = {
    NotMobileReason.EMPTY: N_("Type your mobile number."),
    NotMobileReason.NOT_A_NUMBER: N_(
        "A mobile number has digits only, as in %(national)s or %(international)s."
    ),
    NotMobileReason.UNKNOWN_COUNTRY: N_("No country has the country code of this number."),
    NotMobileReason.TOO_SHORT: N_("The number is too short: a digit or more is missing."),
    NotMobileReason.TOO_LONG: N_("The number is too long: it has a digit or more too many."),
    NotMobileReason.NOT_IN_USE: N_("There is no such number. Is a digit wrong?"),
    NotMobileReason.LANDLINE: N_(
        "This is a landline, which receives no messages. Type the number of a mobile phone."
    ),
    NotMobileReason.OTHER_SERVICE: N_(
        "This is no mobile number, so it receives no messages. Type the number of a mobile phone."
    ),
}


def number_fault(reason: NotMobileReason, words: Words, region: str) -> str:
    """Return the sentence; its examples are numbers of `region`."""
    shown = example(region)
    sentence = words.gettext(_SENTENCES[reason])
    return sentence % {"national": shown.national, "international": shown.e164}
