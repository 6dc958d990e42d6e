"""Hostile requests for the oracle: what a stranger may send, generated (Hypothesis strategies).

Whatever a request claims carries EVIL, so that a claim that crosses is known by its value.
"""

from __future__ import annotations

import dataclasses

from hypothesis import strategies as st

from tests.system.gateway import INSIDE, OUTSIDE

EVIL = "evil"

CLAIMED = (
    "X-Remote-User", "X-Remote-Name", "X-Remote-Email", "X-Remote-Groups",
    "X-Gateway-Assertion", "X-Gateway-Client", "X-Gateway-Network", "X-Gateway-User",
    "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Uri",
    "X-Forwarded-Prefix", "X-Forwarded-User", "X-Forwarded-Groups", "Forwarded", "X-Real-IP",
    "X-Client-IP", "True-Client-IP", "CF-Connecting-IP", "X-Original-URL", "X-Original-URI",
    "X-Rewrite-URL", "X-Request-Id",
)  # fmt: skip
"""Field names that say who asks, from where, or for what: ours to write."""

_JOINTS = (
    "-",
    "_",
    "--",
    "-_",
    ".",
    "~",
    "!",
    "'",
    "*",
    "+",
    "^",
    "`",
    "|",
    "#",
    "$",
    "%",
    "&",
    "",
)
_CASES = (str, str.lower, str.upper, str.title, str.swapcase)
_CLAIMS = (
    EVIL, f"{EVIL}-root", f"{EVIL}, admin", f"{INSIDE}, {EVIL}", f"/static/{EVIL}", f"hr,{EVIL}",
    f"for={INSIDE};by={EVIL}", f"{EVIL}\xe5", "",
)  # fmt: skip
_PLACES = (
    "/static/portal.css",
    "/static/",
    "/",
    "/hr/",
    "/hr/lists",
    "/debug/echo",
    "/contact",
    "/hr",
    "/team/x",
    "/office/",
    "/night/",
    "/read/x",
    "/api/x",
    "/trial/",
    "/lobby/x",
)
_METHODS = (
    "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND",
    "TRACE", "CONNECT", "FOO", "get", "SOURCE",
)  # fmt: skip
_INSERTS = (
    "/../", "/./", "//", "%2f", "%2F..%2f", "%2e%2e/", "..%2f", "/%2e%2e/hr/", "%5c", "\\", "..\\",
    ";a=b", ";/../hr/", "%00", "%", "%zz", "%252e%252e%252f", "%252f", "?", "#", "/.", ".", " ", "%20",
    "\t", "/..;/hr/", "%c0%ae%c0%ae/", "%c0%af", "%ef%bc%8f", "/.gateway/..", "/static/../", "\xe5",
)  # fmt: skip
_FRONTS = (
    "",
    "/static/..",
    "/static",
    "/hr/..",
    "//evil",
    "http://localhost:{port}",
    "http://evil",
    "*",
)


@dataclasses.dataclass(frozen=True)
class Session:
    """What a request shows for a session: cookie lines, and whose live session that is."""

    lines: tuple[str, ...]
    user: str | None


@dataclasses.dataclass(frozen=True)
class Request:
    """One request as bytes, from an address, with what it shows for a session."""

    data: bytes
    source: str
    session: Session


def spelled(name: str) -> st.SearchStrategy[str]:
    """Return spellings of a field name that some server reads as that name."""
    parts = name.split("-")
    return st.builds(
        lambda joint, case: case(joint.join(parts)),
        st.sampled_from(_JOINTS),
        st.sampled_from(_CASES),
    )


def claims() -> st.SearchStrategy[list[str]]:
    """Return field lines that claim what only the gateway may say; also twice."""
    line = st.builds(
        "{}: {}".format, st.sampled_from(CLAIMED).flatmap(spelled), st.sampled_from(_CLAIMS)
    )
    return st.lists(line, max_size=6)


def hop_by_hop() -> st.SearchStrategy[list[str]]:
    """Return Connection fields that name what must not be dropped, and their kin."""
    named = st.sampled_from((*CLAIMED, "Host", "Cookie", "Content-Length", "close", "keep-alive"))
    line = st.builds(
        "{}: {}".format,
        st.sampled_from(
            ("Connection", "connection", "Proxy-Connection", "Keep-Alive", "TE", "Trailer")
        ),
        st.lists(named, min_size=1, max_size=5).map(", ".join),
    )
    upgrade = st.sampled_from(
        ("Upgrade: h2c", "Upgrade: websocket", "Connection: Upgrade, HTTP2-Settings")
    )
    return st.lists(line | upgrade, max_size=3)


def targets() -> st.SearchStrategy[str]:
    """Return request targets: known places, plain, spelled otherwise, or led to by detours."""
    # Half of them lead where somebody may go, so that a run shows what gets through too.
    plain = st.sampled_from(_PLACES) | st.sampled_from(_PLACES[:8])

    def insert(place: str, at: int, what: str) -> str:
        cut = at % (len(place) + 1)
        return place[:cut] + what + place[cut:]

    def escape(place: str, at: int) -> str:
        cut = at % len(place)
        return f"{place[:cut]}%{ord(place[cut]):02x}{place[cut + 1 :]}"

    at = st.integers(0, 30)
    odd = st.one_of(
        st.builds(insert, plain, at, st.sampled_from(_INSERTS)),
        st.builds(escape, plain, at),
        st.builds(str.__add__, st.sampled_from(_FRONTS), plain),
        plain.map(str.upper),
    )
    odder = st.builds(insert, odd, at, st.sampled_from(_INSERTS))
    path = st.one_of(plain, plain, plain, plain, odd, odder)
    return st.builds(str.__add__, path, st.sampled_from(("", "?a=/static/", "?next=//evil")))


def bodies() -> st.SearchStrategy[tuple[tuple[str, ...], bytes]]:
    """Return framing fields and what follows the head: plain, with trailers, or with a stowaway."""
    stowaway = b"GET /hr/ HTTP/1.1\r\nHost: localhost\r\nX-Remote-User: evil\r\n\r\n"
    trailers = b"1\r\nx\r\n0\r\nX-Remote-User: evil\r\nX-Forwarded-For: evil\r\n\r\n"
    length = f"Content-Length: {len(stowaway)}"
    return st.sampled_from((
        *[((), b"")] * 12,
        ((), stowaway),
        ((length,), stowaway),
        (("Content-Length: 0",), stowaway),
        (("Content-Length: 3",), b"a=b"),
        (("Transfer-Encoding: chunked",), b"0\r\n\r\n" + stowaway),
        (("Transfer-Encoding: chunked",), trailers),
        (("Transfer-Encoding: chunked", length), b"0\r\n\r\n" + stowaway),
        (("Transfer-Encoding: xchunked", length), stowaway),
        (("Transfer_Encoding: chunked", "Content-Length: 5"), b"0\r\n\r\n" + stowaway),
        (("Content-Length: 0", length), stowaway),
    ))  # fmt: skip


def hosts() -> st.SearchStrategy[tuple[str, ...]]:
    """Return Host lines, right ones for the most part."""
    right = ("Host: localhost:{port}",)
    odd = (
        ("Host: LOCALHOST:{port}",), ("Host: localhost.:{port}",), ("Host: evil",), (),
        ("Host: localhost:{port}", "Host: evil"), ("Host: a@localhost",), ("Host: localhost,evil",),
    )  # fmt: skip
    return st.sampled_from((*[right] * 28, *odd))


def requests(port: int, sessions: list[Session]) -> st.SearchStrategy[Request]:
    """Return requests to a gateway at `port` that show one of `sessions`."""

    @st.composite
    def build(draw: st.DrawFn) -> Request:
        session = draw(st.sampled_from(sessions))
        framing, body = draw(bodies())
        fields = [*draw(claims()), *draw(hop_by_hop()), *session.lines, *framing]
        turn = draw(st.integers(0, len(fields)))
        lines = [
            f"{draw(st.sampled_from(_METHODS[:8] * 4 + _METHODS))} {draw(targets())} HTTP/1.1",
            *draw(hosts()),
            *fields[turn:],
            *fields[:turn],
            draw(st.sampled_from(("Accept: text/html", "Sec-Fetch-Mode: cors"))),
            "Connection: close",
        ]
        text = "".join(line.replace("{port}", str(port)) + "\r\n" for line in lines) + "\r\n"
        source = draw(st.sampled_from((OUTSIDE, INSIDE)))
        return Request(text.encode("latin-1") + body, source, session)

    return build()
