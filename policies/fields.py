"""Which header fields may cross the gateway, and the names of its own cookies."""

from __future__ import annotations

from typing import NamedTuple


class CookieNames(NamedTuple):
    """Our cookies: the session, the challenge of a logon under way, and the form's browser mark."""

    session: str
    challenge: str
    form: str


def own_cookies(*, https: bool) -> CookieNames:
    """Return the cookie names; under https the `__Host-` prefix pins them to this host."""
    prefix = "__Host-" if https else ""
    return CookieNames(f"{prefix}gateway", f"{prefix}gateway-challenge", f"{prefix}gateway-form")
