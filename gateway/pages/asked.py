"""Who was asked for a mobile number in this browser already: once is enough.

The cookie holds short keyed marks of user names, so that a shared computer tells nobody who used
it, and each user of it is asked once.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import timedelta
from typing import Final

LIFETIME: Final = timedelta(days=400)  # the longest that browsers keep a cookie
_MOST: Final = 40
_MARK: Final = re.compile(r"[0-9a-f]{12}")


def mark_of(user: str, secret: bytes) -> str:
    """Return the mark of a canonical user name."""
    named = b"portvakt asked\0" + user.encode("utf-8", "surrogatepass")
    return hmac.digest(secret, named, hashlib.sha256).hex()[:12]


def was_asked(cookie: str, user: str, secret: bytes) -> bool:
    """Whether a cookie value holds the user's mark."""
    return mark_of(user, secret) in cookie.split(".")


def with_asked(cookie: str, user: str, secret: bytes) -> str:
    """Return the cookie value with the user's mark; the oldest of many are forgotten."""
    kept = [mark for mark in cookie.split(".") if _MARK.fullmatch(mark)]
    return ".".join([*kept, mark_of(user, secret)][-_MOST:])
