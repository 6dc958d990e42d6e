"""Signed double submit against cross-site request forgery (ASVS 3.5.1): no state on the server.

A browser carries a random mark in a cookie; a form carries a token that only we can make for that
mark, that purpose and, where the form acts on a session, that session. Imports nothing of ours.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final

LIFETIME_S: Final = 2 * 60 * 60
MARK_BYTES: Final = 16
_MARK: Final = re.compile(r"[0-9a-f]{32}")
_TOKEN: Final = re.compile(r"([0-9]{1,12})\.([0-9a-f]{64})")
_SMALLEST_SECRET: Final = 16


def is_mark(text: str | None) -> bool:
    """Whether a cookie value can be a mark of ours (32 hexadecimal digits)."""
    return text is not None and _MARK.fullmatch(text) is not None


class FormTokens:
    """Makes and verifies tokens with a key derived from the server's secret."""

    __slots__ = ("_key",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) < _SMALLEST_SECRET:
            raise ValueError("the secret is shorter than 128 bits")
        self._key = hmac.digest(secret, b"portvakt form token", hashlib.sha256)

    def issue(self, mark: str, session: str, purpose: str, now: float) -> str:
        """Return a token for one form in one browser; `session` is "" where none is acted on."""
        issued = int(now)
        return f"{issued}.{self._signature(mark, session, purpose, issued)}"

    def is_valid(self, token: str, mark: str, session: str, purpose: str, now: float) -> bool:
        """Whether `token` was issued for exactly this within two hours, by any clock of ours."""
        found = _TOKEN.fullmatch(token)
        if found is None:
            return False
        issued = int(found[1])
        right = hmac.compare_digest(found[2], self._signature(mark, session, purpose, issued))
        # A moment to come is no forgery: a clock was set back, or the other gateway's is ahead.
        return right and abs(int(now) - issued) <= LIFETIME_S

    def _signature(self, mark: str, session: str, purpose: str, issued: int) -> str:
        # NUL can stand in none of the parts, so no two sets of parts read alike.
        signed = "\0".join((mark, session, purpose, str(issued))).encode()
        return hmac.new(self._key, signed, hashlib.sha256).hexdigest()
