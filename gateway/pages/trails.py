"""Where the logon sent a browser lately, as the browser keeps it: a cookie that we sign.

Also the mark of a second try, which a link carries where cookies do not come back at all.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import timedelta
from typing import Final

from policies.bounces import MOST, WINDOW_S, Trail

LIFETIME: Final = timedelta(seconds=WINDOW_S)
TRIED: Final = "tried"
"""The field of a query that carries `tried`."""

_TRIED_S: Final = 10 * 60
_TIME: Final = r"[0-9]{1,12}"
_TRAIL: Final = re.compile(rf"((?:{_TIME}\.){{1,{MOST}}})([0-9a-f]{{16}})\.([0-9a-f]{{32}})")
_TRIED: Final = re.compile(rf"({_TIME})\.([0-9a-f]{{32}})")


def dump_trail(trail: Trail, secret: bytes) -> str:
    """Return the cookie value of a trail; the target is in it as a keyed hash only."""
    return _signed(trail.times, _hash(trail.target, secret), secret)


def load_trail(cookie: str, target: str, secret: bytes) -> Trail:
    """Return the trail in a cookie value; an empty one when it leads elsewhere or is not ours."""
    found = _TRAIL.fullmatch(cookie)
    if found is None or found[2] != _hash(target, secret):
        return Trail()
    times = tuple(int(time) for time in found[1].removesuffix(".").split("."))
    genuine = hmac.compare_digest(cookie, _signed(times, found[2], secret))
    return Trail(target, times) if genuine else Trail()


def tried(now: float, secret: bytes) -> str:
    """Return the mark of a try that failed now because no cookie came back."""
    return f"{int(now)}.{_mac('tried', str(int(now)), secret)}"


def was_tried(mark: str, now: float, secret: bytes) -> bool:
    """Whether `mark` is ours and at most ten minutes old."""
    found = _TRIED.fullmatch(mark)
    if found is None or not hmac.compare_digest(found[2], _mac("tried", found[1], secret)):
        return False
    return 0 <= int(now) - int(found[1]) <= _TRIED_S


def _signed(times: tuple[int, ...], target: str, secret: bytes) -> str:
    text = ".".join((*map(str, times), target))
    return f"{text}.{_mac('trail', text, secret)}"


def _hash(target: str, secret: bytes) -> str:
    return _mac("target", target, secret)[:16]


def _mac(purpose: str, text: str, secret: bytes) -> str:
    signed = f"portvakt {purpose}\0{text}".encode("utf-8", "surrogatepass")
    return hmac.digest(secret, signed, hashlib.sha256).hex()[:32]
