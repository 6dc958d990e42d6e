"""Where a logon may return to: a path on our own origin, or the start page.

The result is safe for a Location field whoever parses it: RFC 3986 and WHATWG URL parsers agree
that it stays on the origin, and no reading of it (decoded, with dot segments removed) starts with
two slashes. Bytes that are kept are kept as they are. Imports nothing of ours.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final
from urllib.parse import unquote

START: Final = "/"
LONGEST: Final = 8 * 1024
_PRINTABLE: Final = re.compile(r"[!-\[\]-~]+")
"""ASCII without controls, space and backslash (WHATWG reads a backslash as a slash)."""
_LOOPS: Final = re.compile(r"/\.gateway/+(logon|otp|logout)(?![^/;])", re.IGNORECASE)
"""Pages that would lead straight back to a logon, or log off again."""
_DECODINGS: Final = 8


def safe_return_path(text: str, own_origins: Collection[str]) -> str:
    """Return path and query of `text` when it leads to our origin, else "/".

    `text` is a path from the root or an absolute URL of one of `own_origins` (serialised as RFC
    6454 does, without a slash at the end). A fragment is dropped. When in doubt the answer is "/".
    """
    if len(text) > LONGEST or not _PRINTABLE.fullmatch(text):
        return START
    for origin in own_origins:
        if text.startswith(origin + "/"):
            text = text[len(origin) :]
            break
    text = text.partition("#")[0]
    path = text.partition("?")[0]
    if not path.startswith("/") or not _stays(path):
        return START
    return text


def _stays(path: str) -> bool:
    """Whether no reading of the path leaves the origin or loops through the logon."""
    for _ in range(_DECODINGS):
        if not _reads_well(path):
            return False
        decoded = unquote(path, errors="replace")
        if decoded == path:
            return True
        path = decoded
    return False


def _reads_well(path: str) -> bool:
    if path.startswith(("//", "/\\")) or any(char < " " or char == "\x7f" for char in path[:3]):
        return False
    plain = _without_dots(path)
    return not plain.startswith("//") and not _LOOPS.match(plain)


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
