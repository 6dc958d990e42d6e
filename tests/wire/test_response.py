"""gateway/wire/response.py: answers of upstreams (RFC 9112 sections 4 and 6.3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.errors import BadMessage
from gateway.wire.response import read_response

OK = b"HTTP/1.1 200 OK\r\n"
CL, TE = b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n"


def framing(raw: bytes, method: bytes = b"GET") -> tuple[object, ...]:
    head = read_response(raw + b"\r\n", method)
    return head.length, head.chunked, head.until_close, head.announced, head.keep_alive


BODY_5 = (5, False, False, None, True)
CHUNKED = (None, True, False, None, True)
TO_CLOSE = (None, False, True, None, False)
FRAMINGS = [
    (OK + CL, b"GET", BODY_5),
    (OK + TE, b"GET", CHUNKED),
    (OK, b"GET", TO_CLOSE),
    (OK + CL, b"HEAD", (0, False, False, 5, False)),
    (OK + TE, b"HEAD", (0, False, False, None, False)),
    (OK, b"HEAD", (0, False, False, None, True)),
    (OK + b"Content-Length: 0\r\n", b"HEAD", (0, False, False, 0, True)),
    (b"HTTP/1.1 204 No\r\n" + CL, b"GET", (0, False, False, None, False)),
    (b"HTTP/1.1 204 No\r\n" + TE, b"GET", (0, False, False, None, False)),
    (b"HTTP/1.1 304 Not\r\n" + CL, b"GET", (0, False, False, 5, False)),
    (b"HTTP/1.1 304 Not\r\n", b"GET", (0, False, False, None, True)),
    (b"HTTP/1.1 100 Continue\r\n" + CL, b"GET", (0, False, False, None, False)),
    (b"HTTP/1.1 103 Hints\r\n", b"GET", (0, False, False, None, True)),
    (OK + CL + b"Connection: close\r\n", b"GET", (5, False, False, None, False)),
    (OK + CL + b"Connection: x\r\nConnection: CLOSE\r\n", b"GET", (5, False, False, None, False)),
    (b"HTTP/1.0 200 OK\r\n" + CL, b"GET", (5, False, False, None, False)),
    (b"HTTP/1.0 200 OK\r\n" + CL + b"Connection: keep-alive\r\n", b"GET", BODY_5),
    (b"HTTP/1.0 200 OK\r\n", b"GET", TO_CLOSE),
    (b"HTTP/1.1 200\r\n" + CL, b"GET", BODY_5),
    (b"HTTP/1.1 200 \r\n" + CL, b"GET", BODY_5),
    (b"HTTP/1.1 599 J\xe4\r\n" + CL, b"GET", BODY_5),
]


@pytest.mark.parametrize(("raw", "method", "wanted"), FRAMINGS, ids=repr)
def test_framing(raw: bytes, method: bytes, wanted: tuple[object, ...]) -> None:
    assert framing(raw, method) == wanted


REFUSED = [
    b"",
    b"HTTP/1.1\r\n",
    b"HTTP/1.1 20 OK\r\n",
    b"HTTP/1.1 099 OK\r\n",
    b"HTTP/1.1 600 OK\r\n",
    b"HTTP/1.1 1000 OK\r\n",
    b"HTTP/1.1  200 OK\r\n",
    b"HTTP/1.1\t200 OK\r\n",
    b" HTTP/1.1 200 OK\r\n",
    b"HTTP/1.2 200 OK\r\n",
    b"HTTP/2.0 200 OK\r\n",
    b"http/1.1 200 OK\r\n",
    b"HTTP/1.1 200 O\rK\r\n",
    b"HTTP/1.1 200 O\0K\r\n",
    b"HTTP/1.1 200 OK\n" + CL,
    OK + b" folded\r\n",
    OK + b"A: b\r\n c\r\n",
    OK + b"A: b\nC: d\r\n",
    OK + b"A: b\0\r\n",
    OK + b"A : b\r\n",
    OK + b": b\r\n",
    OK + b"A B: c\r\n",
    OK + b"no colon\r\n",
    OK + CL + TE,
    OK + TE + CL,
    OK + CL + CL,
    OK + TE + TE,
    OK + b"Content-Length: 5, 5\r\n",
    OK + b"Content-Length: +5\r\n",
    OK + b"Content-Length: 05\r\n",
    OK + b"Content-Length:\r\n",
    OK + b"Transfer-Encoding: gzip, chunked\r\n",
    OK + b"Transfer-Encoding: xchunked\r\n",
    OK + b"Transfer-Encoding:\r\n",
    b"HTTP/1.0 200 OK\r\n" + TE,
    OK + b"A: b\r\n" * 513,
]


@pytest.mark.parametrize("raw", REFUSED, ids=lambda raw: repr(raw[:60]))
@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_refused(raw: bytes, method: bytes) -> None:
    with pytest.raises(BadMessage):
        read_response(raw + b"\r\n", method)


BOUND = {
    b"WWW-Authenticate: NTLM\r\n": True,
    b"www-authenticate: negotiate YII=\r\n": True,
    b"WWW-Authenticate: Basic, Negotiate\r\n": True,
    b"WWW-Authenticate: Basic\r\nWWW-Authenticate: NTLM\r\n": True,
    b"WWW-Authenticate: Basic realm=x\r\n": False,
    b"": False,
}


@pytest.mark.parametrize("lines", BOUND, ids=repr)
def test_bound(lines: bytes) -> None:
    assert read_response(OK + lines + CL + b"\r\n", b"GET").bound is BOUND[lines]


SWITCHES = {
    b"Connection: Upgrade\r\nUpgrade: WebSocket\r\n": b"websocket",
    b"Connection: keep-alive, upgrade\r\nUpgrade: foo\r\n": b"foo",
    b"Connection: Upgrade\r\nUpgrade: a\r\nUpgrade: b\r\n": b"a,b",
}


@pytest.mark.parametrize("lines", SWITCHES, ids=repr)
def test_switching(lines: bytes) -> None:
    head = read_response(b"HTTP/1.1 101 Switching\r\n" + lines + b"\r\n", b"GET")
    assert (head.upgrade, head.is_interim) == (SWITCHES[lines], False)


@pytest.mark.parametrize("lines", [b"", b"Upgrade: websocket\r\n", b"Connection: Upgrade\r\n"])
def test_switching_to_nothing_is_refused(lines: bytes) -> None:
    with pytest.raises(BadMessage):
        read_response(b"HTTP/1.1 101 Switching\r\n" + lines + b"\r\n", b"GET")


def test_an_upgrade_field_elsewhere_switches_nothing() -> None:
    head = read_response(OK + b"Connection: Upgrade\r\nUpgrade: h2c\r\n" + CL + b"\r\n", b"GET")
    assert (head.upgrade, head.length) == (b"", 5)


PIECES = st.sampled_from([b"HTTP/1.1 ", b"HTTP/1.0 ", b"200", b"101", b"304", b" OK", b"\r\n", b"\n", b"\r", b"\0", b": ", b"Content-Length", b"Transfer-Encoding", b"chunked", b"5", b"Connection", b"close", b"Upgrade", b",", b" ", b"\xff"])  # fmt: skip


@given(
    st.binary(max_size=200) | st.lists(PIECES, max_size=30).map(b"".join),
    st.sampled_from([b"GET", b"HEAD"]),
)
def test_any_bytes_are_a_head_or_a_refusal(raw: bytes, method: bytes) -> None:
    try:
        head = read_response(raw, method)
    except BadMessage:
        return
    assert [head.length is not None, head.chunked, head.until_close].count(True) == 1
    assert 100 <= head.status <= 599
