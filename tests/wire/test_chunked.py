"""gateway/wire/chunked.py (RFC 9112 section 7.1)."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire import chunked
from gateway.wire.chunked import END, ChunkedBody, encode
from gateway.wire.errors import BadMessage

NEXT = b"GET /next HTTP/1.1\r\n"


def feed_all(body: ChunkedBody, pieces: list[bytes]) -> None:
    for piece in pieces:
        body.feed(piece)


def decode(pieces: list[bytes]) -> tuple[bytes, list[tuple[bytes, bytes]], bytes]:
    """Return body, trailers and what follows; a body that does not end is told as one."""
    body, out, after = ChunkedBody(), b"", b""
    for piece in pieces:
        if body.done:
            after += piece
        else:
            out += b"".join(body.feed(piece))
    assert body.done
    return out, body.trailers, body.rest + after


def cuts_of(raw: bytes) -> list[list[bytes]]:
    """Whole, byte by byte, and every cut in two."""
    single = [raw[at : at + 1] for at in range(len(raw))]
    return [[raw], single, *([raw[:at], raw[at:]] for at in range(1, len(raw)))]


GOOD = {
    b"0\r\n\r\n": b"",
    b"5\r\nhello\r\n0\r\n\r\n": b"hello",
    b"00005\r\nhello\r\n000\r\n\r\n": b"hello",
    b"a\r\n0123456789\r\n0\r\n\r\n": b"0123456789",
    b"A\r\n0123456789\r\n0\r\n\r\n": b"0123456789",
    b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n": b"hello",
    b"2\r\n\r\n\r\n0\r\n\r\n": b"\r\n",
    b"5\r\n0\r\n\r\n\r\n0\r\n\r\n": b"0\r\n\r\n",
    b"5;a\r\nhello\r\n0;b=c\r\n\r\n": b"hello",
    b'5;a="b;c\\"d"\r\nhello\r\n0\r\n\r\n': b"hello",
    b"5 ; a = b ;c\r\nhello\r\n0\r\n\r\n": b"hello",
    b"1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n": b"a",
}


@pytest.mark.parametrize("raw", GOOD, ids=repr)
def test_good(raw: bytes) -> None:
    for pieces in cuts_of(raw + NEXT):
        body, _, rest = decode(pieces)
        assert (body, rest) == (GOOD[raw], NEXT)


BAD = {
    b"\r\n": 400,
    b";a\r\n": 400,
    b"g\r\n": 400,
    b"-1\r\n": 400,
    b"+1\r\n": 400,
    b"0x1\r\na\r\n": 400,
    b"1_0\r\n": 400,
    b" 1\r\na\r\n": 400,
    b"1 \r\na\r\n": 400,  # gunicorn, llhttp lenient: blanks after the size
    b"1\t\r\na\r\n": 400,
    b"1\na\r\n": 400,  # bare LF
    b"1\ra\n": 400,
    b"1\r\r\na": 400,
    b"1;a\nb\r\nc": 400,  # TERM.EXT, EXT.TERM
    b"1;a\rb\r\nc": 400,
    b"1;a\0\r\nc": 400,
    b"1;\r\na\r\n": 400,
    b"1;a=\r\nb": 400,
    b'1;a="b\r\nc': 400,
    b'1;a="b"c\r\nd': 400,
    b"1 a\r\nb": 400,
    b"1\r\nab": 400,
    b"1\r\na\n": 400,
    b"1\r\na\rb": 400,
    b"1" * 16 + b"\r\n": 400,  # more than 60 bits
    b"\xef\xbc\x91\r\na": 400,
    b"0\r\n\n": 400,
    b"0\r\n folded: a\r\n": 400,
    b"0\r\nA: b\r\n c\r\n\r\n": 400,
    b"0\r\nA : b\r\n\r\n": 400,
    b"0\r\n: b\r\n\r\n": 400,
    b"0\r\nA\r\n\r\n": 400,
    b"0\r\nA: b\0\r\n\r\n": 400,
    b"0\r\nA: b\rc\r\n\r\n": 400,
    b"0\r\nA: b\n\r\n": 400,
    b"0\r\nGET / HTTP/1.1\r\n\r\n": 400,
    b"1;" + b"a" * 1024: 400,
    b"0\r\nA: " + b"b" * 1024: 400,
    b"1;a=bcdefgh\r\nx\r\n" * 2000: 400,  # CVE-2023-39326: extensions without end
    b"0\r\n" + b"A: b\r\n" * 65: 431,
    b"0\r\n" + (b"A: " + b"b" * 1000 + b"\r\n") * 9: 431,
}


@pytest.mark.parametrize("raw", BAD, ids=lambda raw: repr(raw[:24]))
def test_bad(raw: bytes) -> None:
    splits = (
        cuts_of(raw) if len(raw) < 100 else [[raw], [raw[at : at + 1] for at in range(len(raw))]]
    )
    for pieces in splits:
        body = ChunkedBody()
        with pytest.raises(BadMessage) as error:
            feed_all(body, pieces)
        assert error.value.status == BAD[raw]
        assert not body.done


def test_trailers_are_handed_out_apart() -> None:
    raw = b"0\r\nX-Remote-User: root\r\nA:\tb \t\r\nEmpty:\r\n\r\n"
    body, trailers, _ = decode([raw])
    assert body == b""
    assert trailers == [(b"X-Remote-User", b"root"), (b"A", b"b"), (b"Empty", b"")]


@given(
    st.lists(st.binary(min_size=1, max_size=40), max_size=12),
    st.lists(st.integers(0, 400), max_size=12),
)
def test_encode_and_decode_are_inverse_under_any_split(
    pieces: list[bytes], cuts: list[int]
) -> None:
    raw = b"".join(map(encode, pieces)) + END + NEXT
    places = sorted({0, len(raw), *(cut % (len(raw) + 1) for cut in cuts)})
    split = [raw[a:b] for a, b in pairwise(places)]
    body, trailers, rest = decode(split)
    assert (body, trailers, rest) == (b"".join(pieces), [], NEXT)


PARTS = st.sampled_from([b"0", b"1", b"5", b"a", b"\r\n", b"\n", b"\r", b";", b"=", b'"', b"\\", b" ", b"A: b", b"hello", b"\0", b"ffffffffffffffff"])  # fmt: skip


@given(st.binary(max_size=200) | st.lists(PARTS, max_size=30).map(b"".join), st.integers(1, 7))
def test_any_bytes_are_read_alike_under_any_split(raw: bytes, size: int) -> None:
    def outcome(pieces: list[bytes]):
        body, out = ChunkedBody(), b""
        try:
            for piece in pieces:
                out += b"".join(body.feed(piece))
        except BadMessage as error:
            return error.status
        return body.done, out, body.rest if body.done else b"", tuple(body.trailers)

    assert outcome([raw]) == outcome([raw[at : at + size] for at in range(0, len(raw), size)])


def test_bytes_behind_the_end_are_left_alone() -> None:
    body = ChunkedBody()
    body.feed(b"1\r\na\r\n0\r\n\r\n" + NEXT)
    assert body.done
    assert body.rest == NEXT


class CountedBytes(bytes):
    """Bytes that count how much of them is copied."""

    copied = 0

    def __getitem__(self, key):
        got = super().__getitem__(key)
        if isinstance(key, slice):
            CountedBytes.copied += len(got)
        return got


@pytest.mark.parametrize("count", [1_000, 100_000])
def test_tiny_chunks_in_one_feed_cost_in_proportion(count: int) -> None:
    """Counted, not timed: bytes copied for N chunks of one byte stay under a few times N."""
    raw = CountedBytes(b"1\r\na\r\n" * count + END)
    CountedBytes.copied = 0
    assert b"".join(ChunkedBody().feed(raw)) == b"a" * count
    assert CountedBytes.copied <= 8 * count


def test_a_dripped_line_is_bounded() -> None:
    body = ChunkedBody()
    body.feed(b"1;")
    for _ in range(chunked._MAX_LINE - 3):
        body.feed(b"a")
    assert len(body._buffer) == chunked._MAX_LINE - 1
    with pytest.raises(BadMessage):
        body.feed(b"a")


@pytest.mark.parametrize("inner", [b" ", b"\t", b";a", b"a", b'"', b'\\"', b"=", b'="'])
def test_a_hostile_extension_costs_few_steps(inner: bytes) -> None:
    """Backtracking would show as minutes: 16 KiB of lines of the worst kind, each refused."""
    line = (b"1;a" + inner * 1000)[:1000] + b"\x01\r\n"
    for _ in range(200):
        with pytest.raises(BadMessage):
            ChunkedBody().feed(line)
