"""What a Cookie field holds for us and what it holds for an upstream; remembered for a while.

A browser sends the same field with every request, so it is taken apart once.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from policies.fields import own_cookie_values, without_own_cookies

_LONGEST_KEPT: Final = 1024
_KEPT: Final = 4096


class Cookies(NamedTuple):
    """The session tokens in a Cookie field (one, when all is well), and the field less ours."""

    tokens: tuple[bytes, ...]
    rest: bytes


class CookieReader:
    """Takes Cookie fields apart for one set of cookie names. Memory is bounded to some MiB."""

    __slots__ = ("_known", "_own", "_session")

    def __init__(self, session: bytes, own: frozenset[bytes]) -> None:
        self._session = session
        self._own = own
        self._known: dict[bytes, Cookies] = {}

    def read(self, value: bytes) -> Cookies:
        """Return what a Cookie field value holds."""
        known = self._known.get(value)
        if known is not None:
            return known
        tokens = tuple(own_cookie_values(value, self._session))
        cookies = Cookies(tokens, without_own_cookies(value, self._own))
        if len(value) <= _LONGEST_KEPT:
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[value] = cookies
        return cookies
