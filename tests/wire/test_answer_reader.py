"""AnswerReader: what is remembered reads like what is read, and cookies are not kept."""

from __future__ import annotations

import pytest

from gateway.wire.errors import BadMessage
from gateway.wire.response import AnswerReader, read_response
from tests.wire.reading import told

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n"


def test_an_equal_head_is_read_once_and_reads_the_same():
    reader = AnswerReader()
    first = reader.read(PLAIN, b"GET")
    assert reader.read(PLAIN, b"POST") is first
    assert told(first) == told(read_response(PLAIN, b"GET"))


def test_the_method_is_part_of_it():
    reader = AnswerReader()
    assert reader.read(PLAIN, b"GET").length == 5
    assert reader.read(PLAIN, b"HEAD").length == 0
    assert reader.read(PLAIN, b"GET").length == 5


@pytest.mark.parametrize("name", [b"Set-Cookie", b"set-cookie", b"SET-COOKIE"])
def test_a_head_that_sets_a_cookie_is_not_kept(name):
    reader = AnswerReader()
    raw = PLAIN[:-2] + name + b": a=secret\r\n\r\n"
    assert reader.read(raw, b"GET") is not reader.read(raw, b"GET")
    assert reader._known == {}


def test_memory_is_bounded():
    reader = AnswerReader()
    for number in range(3 * reader._HEADS):
        reader.read(PLAIN.replace(b"5", b"%d" % (10 + number)), b"GET")
    assert len(reader._known) <= reader._HEADS
    reader = AnswerReader()
    reader.read(PLAIN[:-2] + b"A: " + b"b" * reader._LONGEST + b"\r\n\r\n", b"GET")
    assert reader._known == {}


def test_a_bad_head_is_refused_each_time():
    reader = AnswerReader()
    for _ in range(2):
        with pytest.raises(BadMessage):
            reader.read(b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n", b"GET")
