"""Which header fields may cross the gateway, in both directions, and its own cookies' names.

A name is judged by its fold (lower case, letters and digits only), because servers behind us read
`X_Remote_User`, `x-remote-user` and `X-Remote-User` as one (RFC 3875 section 4.1.18). Pure.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from typing import Final, NamedTuple


class CookieNames(NamedTuple):
    """Our cookies: the session, the challenge of a logon under way, the form's browser mark.

    `errand` is a reset or the proof of a number under way, `asked` says who was asked for a number,
    `language` is the one that was chosen, `trail` where the logon sent the browser just now,
    `known` who has logged on in this browser before.
    """

    session: str
    challenge: str
    form: str
    errand: str
    asked: str
    language: str
    trail: str
    known: str


def own_cookies(*, https: bool) -> CookieNames:
    """Return the cookie names; under https the `__Host-` prefix pins them to this host."""
    prefix = "__Host-" if https else ""
    kinds = ("", "-challenge", "-form", "-errand", "-asked", "-language", "-trail", "-known")
    return CookieNames(*(f"{prefix}gateway{kind}" for kind in kinds))


class Crossing(enum.IntEnum):
    """What becomes of a request field on its way to an upstream."""

    PASS = 0
    DROP = 1
    COOKIE = 2  # passes without our own cookies; other spellings of the name do not
    HOST = 3  # written anew
    FORWARDED_FOR = 4  # dropped, but read when the peer is a trusted proxy
    DISGUISE = 5  # dropped: to whoever reads names loosely it is one of ours, misspelt
    TRACE = 6  # passes when well-formed, unless we trace ourselves and write it anew


ASSERTION: Final = "X-Gateway-Assertion"
"""The signed field that says who is logged on."""

HOP_BY_HOP: Final = frozenset({
    "connection", "proxyconnection", "keepalive", "te", "trailer", "transferencoding", "upgrade",
    "proxyauthenticate", "proxyauthorization", "http2settings",
})  # fmt: skip
"""RFC 9110 section 7.6.1, folded. Expect is answered by us; framing is written anew."""

_WRITTEN_ANEW: Final = frozenset({"contentlength", "expect"})
_REWRITES: Final = frozenset({
    "xrealip", "xclientip", "xclusterclientip", "trueclientip", "clientip",
    "xremoteip", "xremoteaddr", "xproxyuserip", "xhost", "xhttphostoverride", "xrequestid",
    "xscheme", "xurlscheme", "frontendhttps", "fastlyclientip", "xappengineuserip",
    "xenvoyexternaladdress", "xazureclientip", "xazuresocketip",
    "proxy",  # a CGI program would take it for $HTTP_PROXY (CVE-2016-5385)
})  # fmt: skip
_REWRITE_PREFIXES: Final = (
    "forwarded",
    "xforward",
    "xgateway",
    "xoriginal",
    "xrewrite",
    "cfconnectingip",
)
_TRACE_CONTEXT: Final = frozenset({"traceparent", "tracestate"})
_SEPARATORS: Final = re.compile(r"[^a-z0-9]")


def fold(name: str) -> str:
    """Return the spelling in which look-alike field names are equal."""
    return _SEPARATORS.sub("", name.lower())


class FieldRules:
    """The crossing of every field name, for one set of identity fields.

    `known` holds the answers given so far, for whoever cannot afford a call a field.
    """

    __slots__ = ("_identity", "_ours", "known")

    _REMEMBERED: Final = 4096
    _LONGEST: Final = 64

    def __init__(self, identity: Iterable[str]) -> None:
        """Take the names of all identity fields of all upstreams: none crosses to any of them."""
        self._ours = frozenset(name.lower() for name in (*identity, ASSERTION))
        self._identity = frozenset(fold(name) for name in self._ours)
        self.known: dict[bytes, Crossing] = {}

    def crossing(self, name: bytes) -> Crossing:
        """Return what becomes of the request field called `name` (as received)."""
        known = self.known.get(name)
        if known is not None:
            return known
        judged = self._judge(name.decode("latin-1").lower())
        if len(name) <= self._LONGEST:  # strangers choose names: memory stays bounded
            if len(self.known) >= self._REMEMBERED:
                self.known.clear()
            self.known[name] = judged
        return judged

    def _judge(self, name: str) -> Crossing:
        folded = fold(name)
        if folded == "host":
            return Crossing.HOST
        if folded == "cookie":
            return Crossing.COOKIE if name == folded else Crossing.DROP
        if folded == "xforwardedfor":
            return Crossing.FORWARDED_FOR
        if folded in self._identity:
            return Crossing.DROP if name in self._ours else Crossing.DISGUISE
        if name in _TRACE_CONTEXT:
            return Crossing.TRACE
        ours = folded in HOP_BY_HOP or folded in _WRITTEN_ANEW
        rewrites = folded in _REWRITES or folded.startswith(_REWRITE_PREFIXES)
        return Crossing.DROP if ours or rewrites or not folded else Crossing.PASS


RESPONSE_HOP_BY_HOP: Final = frozenset({
    b"connection", b"proxy-connection", b"keep-alive", b"te", b"trailer", b"transfer-encoding",
    b"upgrade", b"proxy-authenticate", b"content-length",
})  # fmt: skip
"""Fields of an upstream's answer that end here; the framing is written anew."""


def without_own_cookies(value: bytes, own: frozenset[bytes]) -> bytes:
    """Return a Cookie field value less the pairs called `own`; b"" when none is left."""
    kept = [pair for pair in value.split(b";") if pair.partition(b"=")[0].strip() not in own]
    return b";".join(kept).strip()


def own_cookie_values(value: bytes, name: bytes) -> list[bytes]:
    """Return every value that a Cookie field gives for `name`, in order (RFC 6265 section 4.2)."""
    found = []
    for pair in value.split(b";"):
        key, equals, text = pair.partition(b"=")
        if equals and key.strip() == name:
            found.append(text.strip())
    return found


def sets_cookie(value: bytes, own: frozenset[bytes]) -> bool:
    """Return whether a Set-Cookie field value would set one of our own cookies.

    A nameless cookie (`=gateway=x`) counts: browsers send it back as if it had that name.
    """
    first = value.partition(b";")[0].strip()
    name = first.lstrip(b"=").partition(b"=")[0].strip()
    return name.lower() in {mine.lower() for mine in own}
