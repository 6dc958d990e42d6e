"""Where a logon may return to: a path on our own origin, or the start page.

The result is safe for a Location field whoever parses it: RFC 3986 and WHATWG URL parsers agree
that it stays on the origin, and no reading of it (decoded, with dot segments removed) starts with
two slashes. Bytes that are kept are kept as they are. Imports nothing of ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Final
from urllib.parse import quote_from_bytes, unquote

START: Final = "/"
LONGEST: Final = 8 * 1024
_CARRIED: Final = 2048
_PRINTABLE: Final = re.compile(r"[!-\[\]-~]+")
"""ASCII without controls, space and backslash (WHATWG reads a backslash as a slash)."""
_LOOPS: Final = re.compile(r"/\.gateway/+(logon|otp|logout)(?![^/;])", re.IGNORECASE)
"""Pages that would lead straight back to a logon, or log off again."""
_DECODINGS: Final = 8


def safe_return_path(text: str, own_origins: Collection[str]) -> str:
    """Return path and query of `text` when it leads to our origin and into no loop, else "/".

    `text` is a path from the root or an absolute URL of one of `own_origins` (serialised as RFC
    6454 does, without a slash at the end). A fragment is dropped. When in doubt the answer is "/".
    """
    return _judged(text, own_origins, _leads_on)


def own_path(text: str, own_origins: Collection[str]) -> str:
    """Return the same for any page of ours, those of the logon too: somebody stays where they are.

    Not for the way on after a logon, which could lead back to it.
    """
    return _judged(text, own_origins, _stays)


def carried(target: bytes) -> str:
    """Return a request target as a query's value that leads back to it.

    One that is too long leads to its path alone, or to the start page.
    """
    if len(target) > _CARRIED:
        target = target.partition(b"?")[0]
    return quote_from_bytes(target if len(target) <= _CARRIED else START.encode(), safe="/")


def _judged(text: str, own_origins: Collection[str], is_good: Callable[[str], bool]) -> str:
    if len(text) > LONGEST or not _PRINTABLE.fullmatch(text):
        return START
    for origin in own_origins:
        if text.startswith(origin + "/"):
            text = text[len(origin) :]
            break
    text = text.partition("#")[0]
    path = text.partition("?")[0]
    return text if path.startswith("/") and _in_every_reading(path, is_good) else START


def _in_every_reading(path: str, is_good: Callable[[str], bool]) -> bool:
    """Whether a rule holds of the path and of whatever it decodes to."""
    for _ in range(_DECODINGS):
        if not is_good(path):
            return False
        decoded = unquote(path, errors="replace")
        if decoded == path:
            return True
        path = decoded
    return False


def _stays(path: str) -> bool:
    """Whether the path leaves the origin for nobody who reads it."""
    if path.startswith(("//", "/\\")) or any(char < " " or char == "\x7f" for char in path[:3]):
        return False
    return not _without_dots(path).startswith("//")


def _leads_on(path: str) -> bool:
    """Whether it stays, and leads neither back to a logon nor to its end."""
    return _stays(path) and not _LOOPS.match(_without_dots(path))


def _without_dots(path: str) -> str:
    """Remove dot segments as RFC 3986 section 5.2.4 and the WHATWG path state do."""
    kept: list[str] = []
    segments = path.replace("\\", "/").split("/")[1:]
    for place, segment in enumerate(segments):
        last = place == len(segments) - 1
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
            continue
        if last:
            kept.append("")
    return "/" + "/".join(kept)
