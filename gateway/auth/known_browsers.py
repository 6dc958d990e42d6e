"""Browsers that somebody has logged on with before: what a signed cookie of theirs says.

A stranger can spend the tries of any user name, but has no such cookie for it; so tries that come
with one are counted apart (`auth/lockout.py`), and nobody is locked out of their own browser (after
the device cookies of the OWASP guide to authentication). It opens nothing and names nobody: an
entry is a time, a random id and a keyed hash over both and the user. Several people may share a
browser, the five latest are remembered.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from gateway.auth.sealing import Sealer

LIFETIME: Final = timedelta(days=180)
MOST: Final = 5
_ID_SIGNS: Final = 22
"""128 bits of a token's 256: enough that no two browsers meet."""
_ENTRY: Final = re.compile(r"([0-9]{1,12})\.([A-Za-z0-9_-]{22})\.([0-9a-f]{32})")
_BETWEEN: Final = "~"


@dataclass(frozen=True, slots=True)
class _Entry:
    issued: int
    browser: str
    mac: str

    def __str__(self) -> str:
        return f"{self.issued}.{self.browser}.{self.mac}"


def known_browser(cookie: str, user: str, sealer: Sealer, now: float) -> str | None:
    """Return the id of a browser in which this user has logged on, or None.

    `cookie` is what came along, whoever wrote it; `user` is canonical, `now` in seconds.
    """
    return next(
        (entry.browser for entry in _read(cookie, now) if _is_of(entry, user, sealer)), None
    )


def with_logon(cookie: str, user: str, sealer: Sealer, now: float) -> str:
    """Return the cookie's value after a logon of this user: theirs first, others kept."""
    others = [entry for entry in _read(cookie, now) if not _is_of(entry, user, sealer)]
    browser = known_browser(cookie, user, sealer, now) or sealer.new_token()[:_ID_SIGNS]
    issued = int(now)
    fresh = _Entry(issued, browser, _mac(issued, browser, user, sealer))
    return _BETWEEN.join(map(str, [fresh, *others][:MOST]))


def _read(cookie: str, now: float) -> Iterator[_Entry]:
    """Yield what may be entries and is not too old."""
    for text in cookie.split(_BETWEEN, MOST)[:MOST]:
        found = _ENTRY.fullmatch(text)
        if found is not None and now - int(found[1]) <= LIFETIME.total_seconds():
            yield _Entry(int(found[1]), found[2], found[3])


def _is_of(entry: _Entry, user: str, sealer: Sealer) -> bool:
    return hmac.compare_digest(entry.mac, _mac(entry.issued, entry.browser, user, sealer))


def _mac(issued: int, browser: str, user: str, sealer: Sealer) -> str:
    return sealer.hidden("known browser", str(issued), browser, user)[:32]
