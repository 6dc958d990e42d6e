"""One-time passwords by SMS: what a typed code means, and whether a code may be sent again.

Imports nothing of ours. Times are seconds, `now` is given.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final

_LONGEST_TYPED: Final = 64
_SEPARATORS: Final = frozenset(
    "-\u2010\u2011\u2012\u2013\u2014\u00ad\u200b\u200c\u200d\u2060\ufeff"
)


@dataclass(frozen=True, slots=True)
class Send:
    """The code may be sent now."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Not yet: `seconds` (> 0) left."""

    seconds: float


@dataclass(frozen=True, slots=True)
class NoMore:
    """Every resend of this challenge is used."""


@dataclass(frozen=True, slots=True)
class Sending:
    """What has been sent for one challenge: how often, when last, and whether that failed."""

    sends: int
    sent_at: float
    failed: bool


def may_resend(
    sending: Sending, now: float, resend_after_s: float, resends: int
) -> Send | Wait | NoMore:
    """Return whether the same code may be sent again.

    The first message is no resend, so at most `1 + resends` messages leave for one challenge. A
    message that the provider refused needs no waiting, but it counts: each try may cost money.
    """
    if sending.sends > resends:
        return NoMore()
    left = sending.sent_at + resend_after_s - now
    if sending.sends == 0 or sending.failed or left <= 0:
        return Send()
    return Wait(min(left, resend_after_s))


def normalise(typed: str) -> str:
    """Return the ASCII digits of what a person typed, or "" when it cannot be a code.

    Spaces (also the ones that phones paste), hyphens and invisible separators are dropped, and
    digits of any script (full-width ones of an input method) become ASCII.
    """
    if len(typed) > _LONGEST_TYPED:
        return ""
    digits = []
    for char in typed:
        if char.isspace() or char in _SEPARATORS:
            continue
        value = unicodedata.decimal(char, None)
        if value is None:
            return ""
        digits.append(str(value))
    return "".join(digits)


def is_over(expires: float, now: float) -> bool:
    """Return whether a challenge that ends at `expires` is over at `now` (ASVS 6.5.5)."""
    return now >= expires
