"""Lengths of time in words, as the pages say them."""

from __future__ import annotations

import math
from typing import Final

from gateway.texts.catalog import Words

_MINUTE_S: Final = 60
_IN_SECONDS_S: Final = 90
_IN_MINUTES_S: Final = 90 * _MINUTE_S


def duration(seconds: int, words: Words) -> str:
    """Return a wait in words, never shorter than it is: "45 seconds", "2 minutes", "2 hours"."""
    if seconds < _IN_SECONDS_S:
        number = max(seconds, 1)
        text = words.ngettext("%(num)d second", "%(num)d seconds", number)
    elif seconds < _IN_MINUTES_S:
        number = math.ceil(seconds / _MINUTE_S)
        text = words.ngettext("%(num)d minute", "%(num)d minutes", number)
    else:
        number = math.ceil(seconds / _MINUTE_S / _MINUTE_S)
        text = words.ngettext("%(num)d hour", "%(num)d hours", number)
    return text % {"num": number}
