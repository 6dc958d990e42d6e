"""gateway/proxy/inbox.py: the same heads however the bytes arrive, at a cost in proportion."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.proxy.inbox import Inbox
from gateway.wire.errors import BadMessage

HEAD, URL = 64 * 1024, 16 * 1024
GOOD = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def cut(pieces: list[bytes], max_head: int = HEAD, max_url: int = URL) -> list[object]:
    """Return the heads that come out, then the status of a refusal."""
    inbox, out = Inbox(), []
    try:
        for piece in pieces:
            inbox.add(piece)
            while (head := inbox.cut_head(max_head, max_url) if inbox else None) is not None:
                out.append(head)
    except BadMessage as error:
        out.append(error.status)
    return out


def split(raw: bytes, size: int) -> list[bytes]:
    return [raw[at : at + size] for at in range(0, len(raw), size)]


CASES = {
    b"": [],
    GOOD: [GOOD],
    GOOD * 3: [GOOD] * 3,
    b"\r\n" + GOOD: [GOOD],
    (b"\r\n" + GOOD) * 3: [GOOD] * 3,
    b"\r\n\r\n" + GOOD: [400],
    b"\n" + GOOD: [400],
    b"\r" + GOOD: [400],
    b" " + GOOD: [400],
    b"\x16\x03\x01": [400],
    b"\x81\x85": [400],
    b"\0": [400],
    b"GET / HTTP/1.1\r\nA: b\n": [400],
    b"GET / HTTP/1.1\r\nA: b\rc": [400],
    GOOD + b"\r\n": [GOOD],
    GOOD + b"\r\n\r\n": [GOOD, 400],
    b"G" * (URL + 1100): [414],
    b"GET / HTTP/1.1\r\nA: " + b"b" * HEAD: [431],
    b"GET / HTTP/1.1\r\nA: " + b"b" * HEAD + b"\r\n\r\n": [431],
    b"GET /" + b"b" * HEAD + b" HTTP/1.1\r\n\r\n": [414],
    b"GET / HTTP/1.1\r\nA: " + b"b" * (HEAD - 19 - 1): [],
}


@pytest.mark.parametrize("raw", CASES, ids=lambda raw: repr(raw[:30]))
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000, 10**6])
def test_case(raw: bytes, size: int) -> None:
    if size < 100 and len(raw) > 2000:
        size *= 500
    assert cut(split(raw, size)) == CASES[raw]


PARTS = st.sampled_from(
    [GOOD, b"\r\n", b"\n", b"\r", b"G", b"GET / HTTP/1.1", b"A: b", b" ", b"\0", b"\xff"]
)


@given(st.lists(PARTS, max_size=12).map(b"".join), st.lists(st.integers(0, 300), max_size=8))
def test_the_way_of_arrival_changes_nothing(raw: bytes, cuts: list[int]) -> None:
    whole = cut([raw])
    places = sorted({0, len(raw), *(place % (len(raw) + 1) for place in cuts)})
    pieces = [raw[a:b] for a, b in itertools.pairwise(places)]
    # A head that is refused whole may be handed on in pieces and refused by the reader behind: the
    # heads before the first refusal are the same, and no head comes out that is not one whole.
    for one in (cut(pieces), cut(split(raw, 1))):
        heads = [head for head in one if isinstance(head, bytes)]
        assert heads == [head for head in whole if isinstance(head, bytes)][: len(heads)]
        assert len(heads) == len(whole) or one[-1] == 400 or one == whole


def test_a_body_is_taken_whole() -> None:
    inbox = Inbox()
    inbox.add(GOOD + b"bo")
    assert inbox.cut_head(HEAD, URL) == GOOD
    assert len(inbox) == 2
    inbox.add(b"dy")
    assert inbox.take() == b"body"
    assert (len(inbox), inbox.take()) == (0, b"")
    inbox.add(b"\r\n" + GOOD)  # after a body one empty line is forgiven again
    assert inbox.cut_head(HEAD, URL) == GOOD


class Watched(bytearray):
    """A bytearray that counts what is searched and copied out of it."""

    work = 0

    def find(self, what, start=0, end=None):
        Watched.work += len(self) - start
        return super().find(what, start)

    def __getitem__(self, key):
        got = super().__getitem__(key)
        if isinstance(key, slice):
            Watched.work += len(got)
        return got


@pytest.mark.parametrize("size", [1, 100])
def test_a_dripped_head_costs_in_proportion_to_its_bytes(size: int) -> None:
    inbox = Inbox()
    raw = b"GET / HTTP/1.1\r\nA: " + b"b" * (15 * 1024)
    inbox._data = Watched()
    inbox._data += raw[:1]
    Watched.work = 0
    for piece in split(raw[1:], size):
        inbox.add(piece)
        assert inbox.cut_head(HEAD, URL) is None
    assert type(inbox._data) is Watched
    assert Watched.work <= 20 * len(raw)


def test_many_pipelined_heads_cost_in_proportion() -> None:
    """10 080 requests in one write: each byte is searched once, the rest is never copied along."""
    inbox = Inbox()
    inbox.add(b"x")
    inbox.take()
    inbox._data = Watched(GOOD * 10_080)
    Watched.work = 0

    def find_once(self, what, start=0, end=None):
        at = bytearray.find(self, what, start)
        Watched.work += (at if at >= 0 else len(self)) - start
        return at

    original, Watched.find = Watched.find, find_once
    try:
        count = 0
        while inbox:
            assert inbox.cut_head(HEAD, URL) == GOOD
            count += 1
    finally:
        Watched.find = original
    assert count == 10_080
    assert Watched.work <= 3 * len(GOOD) * 10_080
