"""What an upstream's answer looks like to the client: status line, fields, trailers.

Hop-by-hop fields end here, framing is written anew, and no upstream sets a cookie of ours.
"""

from __future__ import annotations

from typing import Final

from gateway.wire.fields import Fields
from gateway.wire.response import ResponseHead
from policies.fields import RESPONSE_HOP_BY_HOP, sets_cookie

_KEPT: Final = frozenset({
    b"keep-alive", b"close", b"upgrade", b"www-authenticate", b"set-cookie", b"content-type",
})  # fmt: skip
"""Names in Connection that drop nothing: connection options, and what an answer must not lose."""

_NEVER_IN_TRAILERS: Final = frozenset({
    b"set-cookie", b"content-encoding", b"content-type", b"content-range", b"host", b"location",
    b"cache-control", b"authorization", b"www-authenticate", b"content-security-policy",
    b"strict-transport-security",
}) | RESPONSE_HOP_BY_HOP  # fmt: skip

_known: dict[bytes, bool] = {}
_REMEMBERED: Final = 4096
_LONGEST: Final = 64


def answer_head(head: ResponseHead, own_cookies: frozenset[bytes], extra: list[bytes]) -> bytes:
    """Return the head for the client: the upstream's fields that may cross, then `extra` lines.

    `own_cookies` are the names that the upstream may not set; none for our own pages.
    """
    prepared = (own_cookies, *extra)
    known = head.shared.get(prepared)
    if known is not None:
        return known
    out = [b"HTTP/1.1 %d %b\r\n" % (head.status, head.reason)]
    named = head.named - _KEPT if head.named else head.named
    for name, value in head.fields:
        crosses = _known.get(name)
        if crosses is None:
            crosses = _remember(name)
        if not crosses or (named and name.lower() in named):
            continue
        if name[:3].lower() == b"set" and _sets_ours(name, value, own_cookies):
            continue
        out += (name, b": ", value, b"\r\n")
    out += extra
    out.append(b"\r\n")
    made = head.shared[prepared] = b"".join(out)
    return made


def stamped(answer: bytes, line: bytes) -> bytes:
    """Return an answer with one more field line, right behind its status line."""
    return answer.replace(b"\r\n", b"\r\n" + line, 1) if line else answer


def trailer_section(trailers: Fields) -> bytes:
    """Return the last chunk with the trailers that may cross (RFC 9110 section 6.5)."""
    lines = [
        b"%b: %b\r\n" % (name, value)
        for name, value in trailers
        if name.lower() not in _NEVER_IN_TRAILERS
    ]
    return b"0\r\n" + b"".join(lines) + b"\r\n"


def _remember(name: bytes) -> bool:
    crosses = name.lower() not in RESPONSE_HOP_BY_HOP
    if len(name) <= _LONGEST:
        if len(_known) >= _REMEMBERED:
            _known.clear()
        _known[name] = crosses
    return crosses


def _sets_ours(name: bytes, value: bytes, own_cookies: frozenset[bytes]) -> bool:
    return name.lower() == b"set-cookie" and sets_cookie(value, own_cookies)
