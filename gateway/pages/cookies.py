"""Our own cookies as the pages write and read them (RFC 6265bis).

All are HttpOnly, SameSite=Lax, Path=/, and under https Secure with the `__Host-` prefix. Session
and form cookies end with the browser; the others live as long as what they stand for.
"""

from __future__ import annotations

from datetime import timedelta

from aiohttp import web

from policies.fields import own_cookie_values


def read_cookie(field: str, name: str) -> str | None:
    """Return the value that a Cookie field gives for `name`, or None.

    Two different values are as good as none: no page may guess which one the front door read.
    """
    raw = field.encode("utf-8", "surrogateescape")
    values = set(own_cookie_values(raw, name.encode()))
    if len(values) != 1:
        return None
    value = values.pop()
    return value.decode() if value and value.isascii() else None


def set_cookie(
    response: web.StreamResponse,
    name: str,
    value: str,
    *,
    https: bool,
    lifetime: timedelta | None = None,
) -> None:
    """Write a cookie; without `lifetime` it ends with the browser."""
    response.set_cookie(
        name,
        value,
        max_age=None if lifetime is None else int(lifetime.total_seconds()),
        path="/",
        secure=https,
        httponly=True,
        samesite="Lax",
    )


def delete_cookie(response: web.StreamResponse, name: str, *, https: bool) -> None:
    """Take a cookie away; a `__Host-` one only goes when it is named with the same attributes."""
    response.del_cookie(name, path="/", secure=https, httponly=True, samesite="Lax")
