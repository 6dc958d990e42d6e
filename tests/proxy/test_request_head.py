"""gateway/proxy/request_head.py: nothing of ours ever comes from a client."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.proxy import request_head
from gateway.proxy.decide import Origin
from policies.fields import fold
from tests.proxy.parts import plan, request

PLAN = plan()
PORTAL = PLAN.upstreams["portal"]
OURS = b"X-Remote-User: anna\r\n"
EVIL = b"""X-Remote-User: root\r
x-remote-user: root\r
X_Remote_User: root\r
X.Remote--User: root\r
X-Gateway-Assertion: eyJ\r
X_Gateway_Client: 10.0.0.5\r
X-Forwarded-For: 10.0.0.5\r
X-Forwarded-Host: evil\r
X_Forwarded_Proto: https\r
Forwarded: for=10.0.0.5\r
X-Real-IP: 10.0.0.5\r
X-Original-URL: /static/a\r
X-Rewrite-URL: /static/a\r
X-Request-Id: mine\r
Proxy: http://evil\r
TE: gzip\r
Keep-Alive: 5\r
Proxy-Authorization: Basic x\r
"""


def sent(
    fields: bytes, line: bytes = b"GET / HTTP/1.1", *, upgrade: bool = False, ours: bytes = OURS
) -> bytes:
    head = request(fields, line)
    return request_head.for_upstream(PLAN, head, PORTAL, lines=ours, upgrade=upgrade)


def test_the_whole_head() -> None:
    got = sent(b"Accept: */*\r\nCookie: a=1; gateway=t; b=2\r\n" + EVIL + b"X-Own:  kept \r\n")
    assert got == (
        b"GET / HTTP/1.1\r\nHost: localhost:8080\r\nAccept: */*\r\nCookie: a=1; b=2\r\n"
        b"X-Own: kept\r\nX-Remote-User: anna\r\n\r\n"
    )


@pytest.mark.parametrize(
    "named",
    [b"X-Remote-User", b"x-remote-user, X-FORWARDED-FOR", b"Host", b"Content-Length", b"X-Request-Id, close", b"TE\r\nConnection: X-Remote-User"],
)  # fmt: skip
def test_connection_names_nothing_of_ours(named: bytes) -> None:
    got = sent(EVIL + b"Connection: " + named + b"\r\nContent-Length: 5\r\n", b"POST / HTTP/1.1")
    assert got == (
        b"POST / HTTP/1.1\r\nHost: localhost:8080\r\nContent-Length: 5\r\nX-Remote-User: anna\r\n\r\n"
    )


def test_connection_drops_what_it_names_of_the_clients() -> None:
    got = sent(b"X-A: 1\r\nConnection: x-a, Cookie\r\nCookie: a=1\r\nX-B: 2\r\n", ours=b"")
    assert got == b"GET / HTTP/1.1\r\nHost: localhost:8080\r\nX-B: 2\r\n\r\n"


def test_cookies_of_ours_only_leave_no_field() -> None:
    got = sent(
        b"Cookie: gateway=t; gateway-form=u\r\nCookie: c=3\r\ncookie: gateway=v\r\n", ours=b""
    )
    assert got == b"GET / HTTP/1.1\r\nHost: localhost:8080\r\nCookie: c=3\r\n\r\n"


FRAMINGS = [
    (b"GET", b"", b""),
    (b"POST", b"", b"Content-Length: 0\r\n"),
    (b"PUT", b"Content-Length: 0\r\n", b"Content-Length: 0\r\n"),
    (b"DELETE", b"Content-Length: 0\r\n", b""),
    (b"POST", b"content-length: \t7 \r\n", b"Content-Length: 7\r\n"),
    (b"POST", b"transfer-encoding: CHUNKED\r\nTrailer: X\r\n", b"Transfer-Encoding: chunked\r\n"),
    (b"POST", b"Expect: 100-continue\r\nContent-Length: 1\r\n", b"Content-Length: 1\r\n"),
]


@pytest.mark.parametrize(("method", "given_", "wanted"), FRAMINGS)
def test_framing_is_written_anew(method: bytes, given_: bytes, wanted: bytes) -> None:
    got = sent(given_, method + b" / HTTP/1.1", ours=b"")
    assert got == method + b" / HTTP/1.1\r\nHost: localhost:8080\r\n" + wanted + b"\r\n"


def test_an_upgrade_is_written_anew() -> None:
    asks = b"Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Key: k\r\n"
    assert sent(asks, upgrade=True, ours=b"").endswith(
        b"\r\nSec-WebSocket-Key: k\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    )
    assert b"pgrade" not in sent(asks, upgrade=False)


def test_the_bytes_of_the_target_are_the_clients() -> None:
    line = b"GET /a%20b//c;d=%2F/?q=%zz\\&x=/../ HTTP/1.1"
    assert sent(b"", line).startswith(line + b"\r\n")


def test_http_1_0_without_host() -> None:
    head = request(b"", b"GET / HTTP/1.0", host=b"")
    got = request_head.for_upstream(PLAN, head, PORTAL, lines=b"", upgrade=False)
    assert got == b"GET / HTTP/1.1\r\nHost: localhost:8080\r\n\r\n"


def test_the_upstreams_own_host() -> None:
    changed = plan({"identity =": 'host = "upstream"\nidentity ='})
    head = request()
    got = request_head.for_upstream(
        changed, head, changed.upstreams["portal"], lines=b"", upgrade=False
    )
    assert got == b"GET / HTTP/1.1\r\nHost: 127.0.0.1:9\r\n\r\n"


def test_pages_are_told_what_we_know_and_nothing_of_that_by_the_client() -> None:
    head = request(EVIL + b"X-Gateway-Network: corporate\r\nCookie: gateway=t\r\n")
    got = request_head.for_pages(PLAN, head, Origin("203.0.113.9", "internet"), b"id-1")
    assert got == (
        b"GET / HTTP/1.1\r\nHost: localhost:8080\r\nCookie: gateway=t\r\n"
        b"X-Gateway-Client: 203.0.113.9\r\nX-Gateway-Network: internet\r\nX-Gateway-Request-Id: id-1\r\n"
        b"X-Gateway-Host: localhost\r\n\r\n"
    )


def test_pages_get_what_they_read_once_each() -> None:
    """Their parser refuses fields given twice with words of its own; two cookie fields are one."""
    fields = b"Cookie: a=1\r\nX-Own: 1\r\nORIGIN: http://localhost:8080\r\nCookie: b=2\r\n"
    twice = b"User-Agent: a\r\nUser-Agent: b\r\norigin: https://evil.example\r\nETag: 1\r\n"
    got = request_head.for_pages(PLAN, request(fields + twice), Origin("", "internet"), b"id-1")
    assert got.partition(b"X-Gateway-")[0] == (
        b"GET / HTTP/1.1\r\nHost: localhost:8080\r\nCookie: a=1; b=2\r\n"
        b"Origin: http://localhost:8080, https://evil.example\r\nUser-Agent: a, b\r\n"
    )


def test_forwarded_lines() -> None:
    forwarded = request_head.Forwarded()
    assert forwarded.lines(PLAN, request(), "2001:db8::1") == (
        b"X-Forwarded-For: 2001:db8::1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: localhost:8080\r\n"
    )
    assert forwarded.lines(PLAN, request(), "").startswith(b"X-Forwarded-Proto")
    assert b"other:1" in forwarded.lines(PLAN, request(host=b"Host: other:1\r\n"), "")


def test_equal_field_sections_share_nothing_between_plans() -> None:
    """A reload that makes a field an identity field counts for heads that were read before."""
    other = plan({"X-Remote-User": "X-Token"})
    head = request(b"X-Token: evil\r\nX-Remote-User: evil\r\n")
    for each, passes in ((PLAN, b"X-Token"), (other, b"X-Remote-User"), (PLAN, b"X-Token")):
        got = request_head.for_upstream(each, head, PORTAL, lines=b"", upgrade=False)
        assert got.endswith(b"\r\n" + passes + b": evil\r\n\r\n")


NAMES = st.from_regex(rb"[XxRrEeMmOoTtUuSsFfWwDdGgAaHhIi_.~!-]{1,20}", fullmatch=True)
SPELLED = st.sampled_from([b"X-Remote-User", b"X_REMOTE_USER", b"x.remote.groups", b"X-Forwarded-For", b"Forwarded", b"X-Gateway-A"])  # fmt: skip


@given(st.lists(NAMES | SPELLED, max_size=12), st.lists(SPELLED | NAMES, max_size=3))
def test_only_ours_folds_to_ours(names: list[bytes], named: list[bytes]) -> None:
    fields = b"".join(b"%b: evil\r\n" % name for name in names)
    got = sent(fields + b"Connection: close, " + b", ".join(named) + b"\r\n")
    lines = [line.partition(b":") for line in got.split(b"\r\n")[1:] if line]
    told = [(fold(name.decode()), value) for name, _, value in lines]
    assert [value for name, value in told if name == "xremoteuser"] == [b" anna"]
    assert not [name for name, _ in told if name == "xremotegroups" or name.startswith(("xforw", "forwarded", "xgateway"))]  # fmt: skip
