"""An upstream's answer head: bytes to a `ResponseHead`, or a refusal that ends in 502.

RFC 9112 sections 4 and 6.3. The framing of an answer depends on the request's method, which the
parser below does not know: it is settled here.
"""

from __future__ import annotations

import re
from typing import Final

import httptools

from gateway.wire.errors import BadMessage
from gateway.wire.fields import (
    Fields,
    Roles,
    check_section,
    content_length,
    split_section,
    tokens,
)

_START: Final = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9][0-9])(?: ([^\r\n]*))?\r\n")
_CONTINUE: Final = 100
_OK: Final = 200
_SWITCHING: Final = 101
_NO_BODY: Final = frozenset({204, 304})
_MAX_FIELDS: Final = 512

_STEERING: Final = {
    b"content-length": "length",
    b"transfer-encoding": "coding",
    b"connection": "connection",
    b"upgrade": "upgrade",
    b"www-authenticate": "authenticate",
}
_ROLES: Final = Roles(lambda name: _STEERING.get(name, ""))


class ResponseHead:
    """One answer head, framing settled.

    Exactly one of these holds: `length` is a number (0 for answers without a body), `chunked`, or
    `until_close`. `announced` is a Content-Length that describes no bytes here (HEAD, 304).
    `bound`: the connection carries somebody's NTLM or Negotiate log-on and is used once only.
    `shared` belongs to whoever prepares something from the head alone; equal heads share it.
    """

    __slots__ = (
        "announced", "bound", "chunked", "fields", "keep_alive", "length", "minor", "named",
        "reason", "shared", "status", "until_close", "upgrade",
    )  # fmt: skip

    def __init__(self, status: int, reason: bytes, minor: int) -> None:
        self.status = status
        self.reason = reason
        self.minor = minor
        self.fields: Fields = []
        self.length: int | None = None
        self.announced: int | None = None
        self.chunked = False
        self.until_close = False
        self.keep_alive = minor == 1
        self.upgrade = b""
        self.bound = False
        self.named: frozenset[bytes] = frozenset()  # what Connection names, lower case
        self.shared: dict[object, bytes] = {}

    @property
    def is_interim(self) -> bool:
        """Whether another head follows: any 1xx but 101."""
        return _CONTINUE <= self.status < _OK and self.status != _SWITCHING


class AnswerReader:
    """Reads answer heads; a busy upstream repeats them to the letter within a second (Date).

    Heads that set cookies are not remembered: they are secrets of one client each.
    """

    __slots__ = ("_known",)

    _HEADS: Final = 256
    _LONGEST: Final = 1024

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, bool], ResponseHead] = {}

    def read(self, raw: bytes, method: bytes) -> ResponseHead:
        """Return the answer head in `raw`; see `read_response`. Raises BadMessage."""
        key = (raw, method == b"HEAD")
        known = self._known.get(key)
        if known is not None:
            return known
        head = read_response(raw, method)
        if len(raw) <= self._LONGEST and not any(
            n.lower() == b"set-cookie" for n, _ in head.fields
        ):
            if len(self._known) >= self._HEADS:
                self._known.clear()
            self._known[key] = head
        return head


def read_response(raw: bytes, method: bytes) -> ResponseHead:
    """Return the answer head in `raw`, which ends with its empty line. Raises BadMessage."""
    check_section(raw, _MAX_FIELDS)
    start = _START.match(raw)
    if start is None:
        raise BadMessage(502, "malformed status line")
    minor, status, reason = start.groups()
    head = ResponseHead(int(status), reason or b"", 1 if minor == b"1" else 0)
    fields = split_section(raw, httptools.HttpResponseParser)
    if fields is None:
        raise BadMessage(502, "malformed answer head")
    head.fields = fields
    seen: dict[str, bytes] = {}
    known = _ROLES.known
    for name, value in fields:
        role = known.get(name)
        if role is None:
            role = _ROLES.learn(name)
        if role:
            if role in seen:
                if role in {"length", "coding"}:
                    raise BadMessage(502, "framing given twice")
                value = seen[role] + b"," + value  # noqa: PLW2901 - one list
            seen[role] = value
    _settle(head, seen, method)
    return head


def _settle(head: ResponseHead, seen: dict[str, bytes], method: bytes) -> None:
    coding = seen.get("coding")
    length = seen.get("length")
    if coding is not None and (length is not None or coding.lower() != b"chunked"):
        raise BadMessage(502, "Transfer-Encoding that we cannot trust")
    if coding is not None and head.minor == 0:
        raise BadMessage(502, "Transfer-Encoding in HTTP/1.0")
    _settle_connection(head, seen)
    number = None if length is None else content_length(length)
    if method == b"HEAD" or head.status in _NO_BODY or head.status < _OK:
        head.length = 0
        head.announced = number if head.status >= _OK and head.status != 204 else None  # noqa: PLR2004
        if number or coding is not None:
            # An upstream that sends the body all the same may do so late, when the connection
            # is somebody else's already: bytes would be read as the answer to them.
            head.keep_alive = False
    elif coding is not None:
        head.chunked = True
    elif number is not None:
        head.length = number
    else:
        head.until_close = True
        head.keep_alive = False


def _settle_connection(head: ResponseHead, seen: dict[str, bytes]) -> None:
    names = tokens(seen["connection"]) if "connection" in seen else []
    head.named = frozenset(names)
    if b"close" in names or (head.minor == 0 and b"keep-alive" not in names):
        head.keep_alive = False
    elif head.minor == 0:
        head.keep_alive = True
    if "authenticate" in seen:
        schemes = seen["authenticate"].lower()
        head.bound = b"ntlm" in schemes or b"negotiate" in schemes
    if head.status == _SWITCHING:
        head.upgrade = seen.get("upgrade", b"").lower() if b"upgrade" in names else b""
