"""gateway/proxy/answers.py: what of an upstream's answer crosses."""

from __future__ import annotations

import pytest

from gateway.proxy import answers
from gateway.proxy.answers import answer_head, trailer_section
from gateway.wire.response import read_response
from policies.fields import own_cookies

OWN = frozenset(name.encode() for name in own_cookies(https=False))
SECURE = frozenset(name.encode() for name in own_cookies(https=True))


def crossed(fields: bytes, own: frozenset[bytes] = OWN, *, status: bytes = b"200 OK") -> bytes:
    head = read_response(
        b"HTTP/1.1 " + status + b"\r\n" + fields + b"Content-Length: 0\r\n\r\n", b"GET"
    )
    start, _, rest = answer_head(head, own, [b"Extra: 1\r\n"]).partition(b"\r\n")
    assert start == b"HTTP/1.1 " + status
    assert rest.endswith(b"Extra: 1\r\n\r\n")
    return rest.removesuffix(b"Extra: 1\r\n\r\n")


CROSSING = {
    b"A: 1\r\na: 2\r\nB:\r\n": b"A: 1\r\na: 2\r\nB: \r\n",
    b"Connection: x-a\r\nX-A: 1\r\nX-B: 2\r\n": b"X-B: 2\r\n",
    b"Connection: x-a\r\nConnection: X-B\r\nX-A: 1\r\nX-B: 2\r\n": b"",
    b"X-A: 1\r\nconnection: X-a\r\n": b"",
    b"Connection: Set-Cookie, Content-Type\r\nSet-Cookie: a=1\r\nContent-Type: a\r\n": b"Set-Cookie: a=1\r\nContent-Type: a\r\n",
    b"Keep-Alive: 1\r\nProxy-Connection: x\r\nTE: x\r\nTrailer: x\r\nUpgrade: h2c\r\nProxy-Authenticate: x\r\n": b"",
    b"WWW-Authenticate: Basic\r\nLocation: //evil\r\n": b"WWW-Authenticate: Basic\r\nLocation: //evil\r\n",
    b"Set-Cookie: gateway=evil\r\nSet-Cookie: b=1\r\n": b"Set-Cookie: b=1\r\n",
    b"sEt-CoOkIe: =gateway=evil\r\nSet-Cookie2: gateway=x\r\n": b"Set-Cookie2: gateway=x\r\n",
    b"Set-Cookie: gateway-challenge=; Max-Age=0\r\nSet-Cookie: Gateway-Form=x\r\n": b"",
    b"Set-Other: gateway=x\r\nSet: gateway=x\r\n": b"Set-Other: gateway=x\r\nSet: gateway=x\r\n",
}


@pytest.mark.parametrize("fields", CROSSING, ids=repr)
def test_fields(fields: bytes) -> None:
    assert crossed(fields) == CROSSING[fields]


def test_under_https_the_pinned_names_are_ours() -> None:
    fields = b"Set-Cookie: __host-GATEWAY=x\r\nSet-Cookie: gateway=x\r\n"
    assert crossed(fields, SECURE) == b"Set-Cookie: gateway=x\r\n"


def test_our_own_pages_set_our_cookies() -> None:
    assert crossed(b"Set-Cookie: gateway=x\r\n", frozenset()) == b"Set-Cookie: gateway=x\r\n"


def test_the_reason_is_kept() -> None:
    assert crossed(b"", status=b"418 J\xe4tte bra") == b""


def test_trailers() -> None:
    hostile = b"Set-Cookie Content-Length Transfer-Encoding Content-Type Location Host Connection Trailer Cache-Control"
    trailers = [
        (b"X-Sum", b"1"),
        *((name, b"x") for name in hostile.split()),
        (b"grpc-status", b"0"),
    ]
    assert trailer_section(trailers) == b"0\r\nX-Sum: 1\r\ngrpc-status: 0\r\n\r\n"
    assert trailer_section([]) == b"0\r\n\r\n"


def test_what_is_remembered_is_bounded() -> None:
    for n in range(5000):
        crossed(b"X-%d: 1\r\nX-%b: 1\r\n" % (n, b"y" * 100))
    assert len(answers._known) <= 4096
    assert max(map(len, answers._known)) <= 64
