"""gateway/wire/request.py: properties; single cases are files of the corpus."""

from __future__ import annotations

import httptools
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.wire.errors import BadMessage
from gateway.wire.request import IDEMPOTENT, HeadReader
from policies.methods import METHODS
from tests.wire.reading import told

STATUSES = {400, 405, 414, 417, 431, 501, 505}
HOST = b"Host: localhost\r\n"
PIECES = st.sampled_from([
    b"GET", b"POST", b"HEAD", b"TRACE", b"get", b" ", b"  ", b"\t", b"/", b"/a", b"*", b"http://localhost",
    b"?", b"%2e", b"%", b"#", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"\r\n", b"\n", b"\r", b"\0", b":", b"Host",
    b"localhost", b"Content-Length", b"Transfer-Encoding", b"chunked", b"5", b"0", b"-", b"_", b",", b";",
    b"Connection", b"close", b"Upgrade", b"websocket", b"Expect", b"100-continue", b"Cookie", b"\xff", b"A",
])  # fmt: skip


def read(raw: bytes):
    return HeadReader(128, 16384).read(raw)


@given(st.binary(max_size=300) | st.lists(PIECES, max_size=40).map(b"".join))
@example(b"")
@example(b"\r\n\r\n")
def test_any_bytes_are_a_head_or_a_named_refusal(raw: bytes) -> None:
    refusal = None
    try:
        head = read(raw)
    except BadMessage as error:
        refusal = error
    if refusal is not None:
        assert refusal.status in STATUSES
        assert refusal.why.isascii()
    else:
        assert head.method in METHODS
        assert head.target.startswith(b"/")
        assert (head.length is None) == head.chunked


FIELD = st.tuples(
    st.from_regex(rb"[A-Za-z][A-Za-z0-9!#$%&'*+.^`|~-]{0,12}", fullmatch=True),
    st.from_regex(rb"([!-~\x80-\xff]([ \t!-~\x80-\xff]{0,20}[!-~\x80-\xff])?)?", fullmatch=True),
).filter(lambda field: not any(word in field[0].lower() for word in (b"host", b"length", b"encoding", b"connection", b"upgrade", b"expect", b"authorization", b"cookie")))  # fmt: skip


@given(st.lists(FIELD, max_size=20), st.booleans())
def test_fields_are_kept_as_they_are_in_their_order(fields, blanks: bool) -> None:
    gap = b" \t " if blanks else b""
    lines = b"".join(b"%b:%b%b%b\r\n" % (name, gap, value, gap) for name, value in fields)
    head = read(b"GET / HTTP/1.1\r\n" + HOST + lines + b"\r\n")
    assert head.fields[1:] == fields


@given(st.lists(PIECES, max_size=30).map(b"".join), st.lists(PIECES, max_size=30).map(b"".join))
def test_what_is_remembered_changes_nothing(line: bytes, section: bytes) -> None:
    """A field section that was read behind another request line says the same again."""
    section = HOST + section + b"\r\n\r\n"
    warm = HeadReader(128, 16384)
    for first in (b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.0\r\n", line):
        answers: list[object] = []
        for reader in (HeadReader(128, 16384), warm):
            try:
                head = reader.read(first + section)
            except BadMessage as error:
                answers.append((error.status, error.why))
            else:
                answers.append(told(head))
        assert answers[0] == answers[1]


@pytest.mark.parametrize("method", sorted(METHODS))
def test_every_method_is_known_below_too(method: bytes) -> None:
    assert read(method + b" / HTTP/1.1\r\n" + HOST + b"\r\n").method == method


def test_methods_that_are_repeated_are_idempotent() -> None:
    assert IDEMPOTENT < METHODS
    assert not {b"POST", b"PATCH", b"LOCK", b"MKCOL"} & IDEMPOTENT


class Counting:
    """httptools' parser, counting what it is fed."""

    fed = 0

    def __init__(self, protocol: object) -> None:
        self._parser = httptools.HttpRequestParser(protocol)

    def feed_data(self, data: bytes) -> None:
        Counting.fed += 1
        self._parser.feed_data(data)


def test_too_many_fields_are_counted_before_they_are_parsed(monkeypatch) -> None:
    monkeypatch.setattr(httptools, "HttpRequestParser", Counting)
    Counting.fed = 0
    with pytest.raises(BadMessage) as error:
        read(b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 1_000_000 + b"\r\n")
    assert (error.value.status, Counting.fed) == (431, 0)


def test_what_is_remembered_is_bounded() -> None:
    reader = HeadReader(128, 16384)
    for n in range(3000):
        reader.read(b"GET / HTTP/1.1\r\nHost: a\r\nX-%d: %b\r\n\r\n" % (n, b"y" * (n % 3000)))
    assert len(reader._known) <= 1024
    assert all(len(section) <= 2048 for section in reader._known)


def test_a_secret_of_one_client_is_never_anothers() -> None:
    """Heads share what was read only when their fields are equal to the byte."""
    reader = HeadReader(128, 16384)
    raws = [
        b"GET /%d HTTP/1.1\r\nHost: a\r\nCookie: gateway=%d\r\n\r\n" % (n, n % 7)
        for n in range(100)
    ]
    for n, raw in enumerate(raws):
        head = reader.read(raw)
        assert (head.cookies, head.path) == ([b"gateway=%d" % (n % 7)], b"/%d" % n)


@pytest.mark.parametrize(
    ("line", "status", "why"),
    [
        (b"GET /" + b"a" * 99 + b'" HTTP/1.1', 414, "request target too long"),
        (b"GET /" + b"a" * 98 + b'" HTTP/1.1', 400, "malformed request target"),
        (b'GET /" HTTP/1.0', 400, "malformed request target"),
        (b'BREW /" HTTP/1.1', 501, "unknown method"),
        (b'TRACE /" HTTP/1.1', 405, "method not allowed"),
        (b'GE(T /" HTTP/1.1', 400, "malformed request target"),
        (b'GET /" HTTP/1.2', 505, "HTTP version not supported"),
        (b'GET /" HTTP/11', 400, "HTTP version not supported"),
        (b'GET  /" HTTP/1.1', 400, "malformed request line"),
    ],
)
def test_what_is_wrong_with_a_line_is_told(line: bytes, status: int, why: str) -> None:
    with pytest.raises(BadMessage) as raised:
        HeadReader(8, 100).read(line + b"\r\nHost: a\r\n\r\n")
    assert (raised.value.status, raised.value.why) == (status, why)


def test_a_field_is_found_by_its_name_in_any_case() -> None:
    head = HeadReader(8, 100).read(b"GET / HTTP/1.1\r\nHost: a\r\nX-a: 1\r\nx-A: 2\r\n\r\n")
    assert (head.value(b"x-a"), head.value(b"x-b")) == (b"1", None)


@pytest.mark.parametrize(
    ("port", "good"),
    [(b"", True), (b":1", True), (b":65535", True), (b":65536", False), (b":0", False), (b":99999", False)],
)  # fmt: skip
def test_ports_of_a_host(port: bytes, good: bool) -> None:
    raw = b"GET / HTTP/1.1\r\nHost: localhost" + port + b"\r\n\r\n"
    if good:
        assert read(raw).authority == b"localhost" + port
    else:
        with pytest.raises(BadMessage, match="Host"):
            read(raw)


def test_a_chunked_body_has_no_length() -> None:
    head = read(b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n")
    assert (head.chunked, head.length) == (True, None)


def test_every_field_counts_behind_a_cookie() -> None:
    lines = (
        b"Cookie: a=1\r\n" + HOST + b"cookie: b=2\r\nContent-Length: 7\r\nConnection: close, X\r\n"
    )
    head = read(b"POST / HTTP/1.1\r\n" + lines + b"\r\n")
    assert (head.cookies, head.host, head.length) == ([b"a=1", b"b=2"], b"localhost", 7)
    assert (head.keep_alive, head.named) == (False, {b"close", b"x"})
    with pytest.raises(BadMessage, match="look-alike"):
        read(b"GET / HTTP/1.1\r\n" + HOST + b"Cookie: a=1\r\nContent_Length: 7\r\n\r\n")


def test_a_head_that_says_nothing_special_is_nothing_special() -> None:
    head = read(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
    assert (head.bound, head.for_script, head.expects, head.odd_body) == (False,) * 4
    assert (head.named, head.shared, head.upgrade) == (frozenset(), {}, b"")
