"""The head that an upstream receives: the client's fields that may cross, then ours.

Security sensitive and therefore in one place (docs/outside.md): identity, forwarded fields and
cookies of the client are left out under every spelling before ours are added.
"""

from __future__ import annotations

from typing import Final

from gateway.proxy.decide import Origin
from gateway.proxy.plan import Plan
from gateway.settings.model import Upstream
from gateway.wire.request import RequestHead
from policies.fields import Crossing
from policies.trace_context import well_formed

_HARMLESS_NAMES: Final = frozenset({b"close", b"keep-alive", b"upgrade", b"te", b""})
_FOR_PAGES: Final = {
    name.lower(): name
    for name in (
        b"Accept-Language", b"Content-Encoding", b"Content-Type", b"Cookie", b"Origin",
        b"Referer", b"Sec-Fetch-Dest", b"Sec-Fetch-Site", b"User-Agent",
    )
}  # fmt: skip
"""What the pages read. Each comes once, so that their parser finds nothing to refuse."""
_PASS: Final = Crossing.PASS
_COOKIE: Final = Crossing.COOKIE
_TRACE: Final = Crossing.TRACE


def for_upstream(
    plan: Plan, head: RequestHead, upstream: Upstream, *, lines: bytes, upgrade: bool
) -> bytes:
    """Return the head for `upstream`; `lines` are our own field lines, each ended by CRLF."""
    authority = head.authority or plan.public_authority
    if upstream.host == "upstream":
        authority = _authority(upstream)
    out = [head.method, b" ", head.path, head.query, b" HTTP/1.1\r\nHost: ", authority, b"\r\n"]
    out.append(_crossing(plan, head))
    _framing(head, out, upgrade=upgrade)
    out += (lines, b"\r\n")
    return b"".join(out)


def for_pages(
    plan: Plan, head: RequestHead, origin: Origin, request_id: bytes, context: bytes = b""
) -> bytes:
    """Return the head for our own pages: the fields they read, and what the front door knows.

    `context` are the field lines of our own trace, each ended by CRLF.
    """
    authority = head.authority or plan.public_authority
    out = [head.method, b" ", head.path, head.query, b" HTTP/1.1\r\nHost: ", authority, b"\r\n"]
    read: dict[bytes, list[bytes]] = {}
    for name, value in head.fields:
        known = _FOR_PAGES.get(name.lower())
        if known is not None:
            read.setdefault(known, []).append(value)
    for name, values in read.items():
        # Given twice, they read as one list (RFC 9110 section 5.3): two origins are none of ours.
        out += (name, b": ", (b"; " if name == b"Cookie" else b", ").join(values), b"\r\n")
    _framing(head, out, upgrade=False)
    out.append(
        b"X-Gateway-Client: %b\r\nX-Gateway-Network: %b\r\nX-Gateway-Request-Id: %b\r\n"
        b"X-Gateway-Host: %b\r\n%b\r\n"
        % (
            origin.address.encode("ascii"),
            origin.network.encode("ascii"),
            request_id,
            head.host or plan.public_host,
            context,
        )
    )
    return b"".join(out)


class Forwarded:
    """X-Forwarded-For, -Proto and -Host as we know them; nothing of the client's.

    A connection keeps the last lines: they seldom change from request to request.
    """

    __slots__ = ("_for", "_lines")

    def __init__(self) -> None:
        self._for: tuple[str, bytes, bytes] | None = None
        self._lines = b""

    def lines(self, plan: Plan, head: RequestHead, address: str) -> bytes:
        """Return the field lines, each ended by CRLF; an unknown address is left out."""
        authority = head.authority or plan.public_authority
        key = (address, authority, plan.scheme)
        if key != self._for:
            forwarded_for = b"X-Forwarded-For: %b\r\n" % address.encode("ascii")
            self._lines = b"%bX-Forwarded-Proto: %b\r\nX-Forwarded-Host: %b\r\n" % (
                forwarded_for if address else b"",
                plan.scheme,
                authority,
            )
            self._for = key
        return self._lines


def _crossing(plan: Plan, head: RequestHead) -> bytes:
    """Return the client's field lines that may cross; prepared once for equal field sections."""
    prepared: bytes | None = head.shared.get(plan)
    if prepared is not None:
        return prepared
    named = head.named - _HARMLESS_NAMES if head.named else head.named
    known = plan.rules.known
    out: list[bytes] = []
    traced: list[tuple[bytes, bytes]] = []
    for name, value in head.fields:
        crossing = known.get(name)
        if crossing is None:
            crossing = plan.rules.crossing(name)
        if crossing is _PASS:
            # A field that Connection names is hop-by-hop (RFC 9110 section 7.6.1).
            if not named or name.lower() not in named:
                out += (name, b": ", value, b"\r\n")
        elif crossing is _COOKIE and not (named and b"cookie" in named):
            kept = plan.cookies.read(value).rest
            if kept:
                out += (b"Cookie: ", kept, b"\r\n")
        elif crossing is _TRACE:
            traced.append((name, value))
    if traced:
        out.append(_trace_context(plan, traced, named))
    lines = b"".join(out)
    head.shared.clear()  # of an older plan
    head.shared[plan] = lines
    return lines


def _trace_context(plan: Plan, traced: list[tuple[bytes, bytes]], named: frozenset[bytes]) -> bytes:
    """Return the client's trace context as it crosses: untouched, unless we write our own."""
    if plan.traces is not None:
        return b""
    crossing = well_formed([one for one in traced if one[0].lower() not in named])
    return b"".join(b"%b: %b\r\n" % one for one in crossing)


def _framing(head: RequestHead, out: list[bytes], *, upgrade: bool) -> None:
    if upgrade:
        out += (b"Connection: Upgrade\r\nUpgrade: ", head.upgrade, b"\r\n")
    if head.chunked:
        out.append(b"Transfer-Encoding: chunked\r\n")
    elif head.length or head.method in {b"POST", b"PUT", b"PATCH"}:
        out.append(b"Content-Length: %d\r\n" % (head.length or 0))


def _authority(upstream: Upstream) -> bytes:
    url = upstream.urls[0]
    host = f"[{url.host}]" if ":" in url.host else url.host
    default = {"http": 80, "https": 443}.get(url.scheme)
    return (host if url.port == default else f"{host}:{url.port}").encode("ascii")
