"""A request head: bytes to a `RequestHead`, or a named refusal (RFC 9112 sections 3, 6; 9110 7).

Stricter than the parser below it on purpose: each thing that llhttp 9 lets pass and that two
servers could read in two ways has its own line and its own test here.
"""

from __future__ import annotations

import re
from typing import Any, Final

import httptools

from gateway.wire import proxy_header
from gateway.wire.errors import BadMessage
from gateway.wire.fields import (
    Fields,
    Roles,
    check_section,
    content_length,
    split_section,
    tokens,
)
from policies.methods import METHODS

IDEMPOTENT: Final = frozenset({b"GET", b"HEAD", b"PUT", b"DELETE", b"OPTIONS", b"PROPFIND"})
"""Methods that may be sent again when nothing was answered (RFC 9110 section 9.2.2)."""

_BODY_UNUSUAL: Final = frozenset({b"GET", b"HEAD", b"DELETE", b"OPTIONS"})
# Browsers leave | { } [ ] ^ ` unescaped, and a backslash in a query; a fragment never crosses.
_PATH: Final = rb"[!$%&'()*+,\-./0-9:;=@A-Z\[\]^_`a-z{|}~]*"
_QUERY: Final = rb"[!$%&'()*+,\-./0-9:;=@A-Z\[\]^_`a-z{|}~?\\]*"
_START: Final = re.compile(
    rb"([A-Z]+) (/" + _PATH + rb")(\?" + _QUERY + rb")? HTTP/1\.([01])\r\n",
)
_ABSOLUTE: Final = re.compile(rb"([A-Z]+) (?:https?)://([^/?#\s]+)([/?][^\s]*)?( HTTP/1\.[01]\r\n)")
_VERSION: Final = re.compile(rb"HTTP/[0-9]\.[0-9]\Z")
_METHOD: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_BAD_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_HOST: Final = re.compile(
    rb"([A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::([1-9][0-9]{0,4}))?\Z",
)
_LOOK_ALIKES: Final = frozenset({b"contentlength", b"transferencoding", b"host"})
_MAX_PORT: Final = 65535
_LINE_REST: Final = len(b"  HTTP/1.1\r\n")
_ABOUT_BODY: Final = frozenset({"coding", "length", "expect"})
_BOUND: Final = (b"ntlm", b"negotiate")
"""Schemes that log a connection on rather than a request (RFC 4559 section 6)."""

_STEERING: Final[dict[bytes, str]] = {
    b"host": "host",
    b"content-length": "length",
    b"transfer-encoding": "coding",
    b"connection": "connection",
    b"upgrade": "upgrade",
    b"expect": "expect",
    b"cookie": "cookie",
    b"authorization": "authorization",
}


class RequestHead:
    """One request as it stands on the wire, framing settled.

    `length` is the body's size, None for a chunked one (`chunked`). `host` is lower case without
    port and trailing dot, b"" for HTTP/1.0 without Host; `authority` is the Host as received.
    `upgrade` is the one protocol asked for, or b"". `odd_body`: a body where none is usual, so
    both connections end after it. `bound`: it carries an NTLM or Negotiate log-on, which would
    stay with the upstream's connection. `cookies` are the Cookie field values. `for_script`: where
    it goes only scripts ask, says whoever found its route. `shared` belongs to whoever prepares
    something from the fields alone: heads with equal field sections share it.
    """

    __slots__ = (
        "authority", "bound", "chunked", "cookies", "expects", "fields", "for_script", "host",
        "keep_alive", "length", "method", "minor", "named", "odd_body", "path", "query", "shared",
        "upgrade",
    )  # fmt: skip

    def __init__(self, method: bytes, path: bytes, query: bytes, minor: int) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.minor = minor
        self.fields: Fields = []
        self.cookies: list[bytes] = []
        self.authority = b""
        self.host = b""
        self.length: int | None = 0
        self.chunked = False
        self.keep_alive = minor == 1
        self.expects = False
        self.upgrade = b""
        self.odd_body = False
        self.for_script = False
        self.bound = False
        self.named: frozenset[bytes] = frozenset()  # fields that Connection names, lower case
        self.shared: dict[object, Any] = {}

    @property
    def target(self) -> bytes:
        """The request target as it will be sent on: path and query, byte for byte."""
        return self.path + self.query

    @property
    def bodiless(self) -> bool:
        """Whether its answer has no body (RFC 9110 section 9.3.2)."""
        return self.method == b"HEAD"

    @property
    def has_body(self) -> bool:
        """Whether body bytes follow the head."""
        return self.chunked or self.length != 0

    def value(self, name: bytes) -> bytes | None:
        """Return the first field called `name` (lower case), or None."""
        for key, value in self.fields:
            if key.lower() == name:
                return value
        return None


class HeadReader:
    """Reads request heads within limits.

    A client on one connection mostly repeats its field section to the letter; a section that was
    read is remembered, within bounds, and only the request line is read anew.
    """

    __slots__ = ("_known", "max_fields", "max_url")

    _SECTIONS: Final = 1024
    _LONGEST_SECTION: Final = 2048

    def __init__(self, max_fields: int, max_url: int) -> None:
        self.max_fields = max_fields
        self.max_url = max_url
        self._known: dict[bytes, RequestHead] = {}

    def read(self, raw: bytes) -> RequestHead:
        """Return the head in `raw`, which ends with its empty line. Raises BadMessage."""
        start = _START.match(raw)
        authority = None
        if start is None:
            check_section(raw, self.max_fields)
            raw, authority = _origin_form(raw, self.max_url)
            start = _START.match(raw)
        if start is None:
            raise BadMessage(400, "malformed request line")
        method, path, query, minor = start.groups()
        line_end = start.end()
        section = raw[line_end:]
        known = self._known.get(section) if minor == b"1" else None
        if known is None:
            # What is wrong with the fields is told before what is wrong with the line.
            check_section(raw, self.max_fields)
        self._check_line(method, path, line_end - len(method) - _LINE_REST)
        head = RequestHead(method, path, query or b"", 1 if minor == b"1" else 0)
        if known is None:
            self._read_fields(head, raw, section)
        else:
            head.fields = known.fields
            head.cookies = known.cookies
            head.authority = known.authority
            head.host = known.host
            head.keep_alive = known.keep_alive
            head.named = known.named
            head.bound = known.bound
            head.shared = known.shared
        if authority is not None and head.authority.lower() != authority.lower():
            raise BadMessage(400, "absolute-form for another host")
        return head

    def _check_line(self, method: bytes, path: bytes, target_length: int) -> None:
        if method not in METHODS:
            raise BadMessage(*_refused_method(method))
        if target_length > self.max_url:
            raise BadMessage(414, "request target too long")
        if b"%" in path and _BAD_ESCAPE.search(path) is not None:
            raise BadMessage(400, "malformed percent-encoding")

    def _read_fields(self, head: RequestHead, raw: bytes, section: bytes) -> None:
        fields = split_section(raw, httptools.HttpRequestParser)
        if fields is None:
            raise BadMessage(400, "malformed head")
        head.fields = fields
        seen = self._steer(head)
        plain = not head.has_body and not head.upgrade and head.minor == 1
        if plain and seen.isdisjoint(_ABOUT_BODY) and len(section) <= self._LONGEST_SECTION:
            if len(self._known) >= self._SECTIONS:
                self._known.clear()
            self._known[section] = head

    def _steer(self, head: RequestHead) -> frozenset[str]:
        """Settle host, framing, persistence and upgrade; return the roles that were given."""
        seen: dict[str, bytes] = {}
        known = _ROLES.known
        for name, value in head.fields:
            role = known.get(name)
            if role is None:
                role = _ROLES.learn(name)
            if role:
                if role == "cookie":
                    head.cookies.append(value)
                    continue
                if role in seen:
                    if role != "connection":
                        raise BadMessage(400, f"{role} given twice")
                    value = seen[role] + b"," + value  # noqa: PLW2901 - one list of tokens
                seen[role] = value
        _settle_host(head, seen.get("host"))
        if "authorization" in seen:
            head.bound = seen["authorization"].lower().startswith(_BOUND)
        if "connection" in seen:
            _settle_connection(head, seen)
        if not _ABOUT_BODY.isdisjoint(seen):
            _settle_body(head, seen)
        return frozenset(seen)


def _role(name: bytes) -> str:
    if not name:
        raise BadMessage(400, "field without a name")
    role = _STEERING.get(name, "")
    if not role and name.translate(None, b"-_.!#$%&'*+^`|~") in _LOOK_ALIKES:
        raise BadMessage(400, "look-alike of a framing field")
    return role


_ROLES: Final = Roles(_role)


def _refused_method(method: bytes) -> tuple[int, str]:
    if method in {b"TRACE", b"CONNECT"}:
        return 405, "method not allowed"
    return 501, "unknown method"


def _origin_form(raw: bytes, max_url: int) -> tuple[bytes, bytes]:
    """Return the head with an absolute-form target made origin-form, and its authority.

    Raises BadMessage with the reason why the request line is none.
    """
    absolute = _ABSOLUTE.match(raw)
    if absolute is not None:
        method, authority, rest, end = absolute.groups()
        rest = rest or b"/"
        if rest.startswith(b"?"):
            rest = b"/" + rest
        return method + b" " + rest + end + raw[absolute.end() :], authority
    line = raw[: raw.find(b"\r\n")]
    words = line.split(b" ")
    if len(words) != 3:  # noqa: PLR2004 - method, target, version
        why = proxy_header.UNEXPECTED if proxy_header.is_v1(line) else "malformed request line"
        raise BadMessage(400, why)
    if words[2] not in {b"HTTP/1.1", b"HTTP/1.0"}:
        known = _VERSION.match(words[2])
        raise BadMessage(505 if known else 400, "HTTP version not supported")
    if len(words[1]) > max_url:
        raise BadMessage(414, "request target too long")
    if _METHOD.match(words[0]) and words[0] not in METHODS:
        raise BadMessage(*_refused_method(words[0]))
    raise BadMessage(400, "malformed request target")


def _settle_host(head: RequestHead, value: bytes | None) -> None:
    if value is None:
        if head.minor == 1:
            raise BadMessage(400, "no Host")
        return
    host = _HOST.match(value)
    if host is None or int(host[2] or 0) > _MAX_PORT:
        raise BadMessage(400, "malformed Host")
    head.authority = value
    head.host = host[1].lower().removesuffix(b".")
    if not head.host:
        raise BadMessage(400, "malformed Host")


def _settle_connection(head: RequestHead, seen: dict[str, bytes]) -> None:
    names = frozenset(tokens(seen["connection"]))
    head.named = names
    if b"close" in names:
        head.keep_alive = False
    if b"upgrade" in names and head.minor == 1 and "upgrade" in seen:
        protocols = tokens(seen["upgrade"])
        head.upgrade = protocols[0] if len(protocols) == 1 else b""
        body = "coding" in seen or seen.get("length", b"0") != b"0"
        if body:
            raise BadMessage(400, "upgrade with a body")


def _settle_body(head: RequestHead, seen: dict[str, bytes]) -> None:
    if "coding" in seen:
        if "length" in seen:
            raise BadMessage(400, "Content-Length and Transfer-Encoding")
        if head.minor == 0:
            raise BadMessage(400, "Transfer-Encoding in HTTP/1.0")
        if seen["coding"].lower() != b"chunked":
            raise BadMessage(400, "Transfer-Encoding other than chunked")
        head.chunked = True
        head.length = None
    elif "length" in seen:
        head.length = content_length(seen["length"])
    if head.has_body and head.method in _BODY_UNUSUAL:
        head.odd_body = True
    expect = seen.get("expect")
    if expect is not None and head.minor == 1:
        if expect.lower() != b"100-continue":
            raise BadMessage(417, "unknown expectation")
        head.expects = head.has_body
