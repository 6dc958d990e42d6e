"""The words of the pages: English in the source, other languages from gettext catalogs.

Catalogs are compiled in memory at start from the `.po` files beside this module, so that neither
an install nor a first run needs a build step.
"""

from __future__ import annotations

import gettext
import io
import math
from functools import cache
from importlib.resources import files
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES: Final = ("en", "sv")
"""Languages the pages speak; the first is that of the source."""

_MINUTE_S: Final = 60
_IN_SECONDS_S: Final = 90
_IN_MINUTES_S: Final = 90 * _MINUTE_S


def N_(message: str) -> str:  # noqa: N802 - the name gettext tools look for
    """Mark a text for the catalogs where it stands; it is translated where it is shown."""
    return message


@cache
def translations(language: str) -> gettext.NullTranslations:
    """Return the catalog of one of LANGUAGES; an unknown language reads the source."""
    if language == LANGUAGES[0] or language not in LANGUAGES:
        return gettext.NullTranslations()
    place = files("gateway.pages") / "locales" / language / "LC_MESSAGES" / "portvakt.po"
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(place.read_bytes()), locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def duration(seconds: int, language: str) -> str:
    """Return a wait in words, never shorter than it is: "45 seconds", "2 minutes", "2 hours"."""
    words = translations(language).ngettext
    if seconds < _IN_SECONDS_S:
        number = max(seconds, 1)
        return words("%(num)d second", "%(num)d seconds", number) % {"num": number}
    if seconds < _IN_MINUTES_S:
        number = math.ceil(seconds / _MINUTE_S)
        return words("%(num)d minute", "%(num)d minutes", number) % {"num": number}
    number = math.ceil(seconds / _MINUTE_S / _MINUTE_S)
    return words("%(num)d hour", "%(num)d hours", number) % {"num": number}
