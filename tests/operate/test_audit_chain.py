"""gateway/operate/audit_chain.py: a line fits its key, its place and every one of its bits."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from gateway.operate.audit_chain import START, Chain, Position
from tests.operate.audits import CHAIN, OTHER

TEXTS = st.dictionaries(st.sampled_from(["time", "event", "user", "reason"]), st.text(max_size=40))


@given(TEXTS, st.integers(0, 10**17), st.binary(min_size=16, max_size=16))
def test_what_is_sealed_opens_and_says_its_place(fields, seq, mac) -> None:
    before = Position(seq, mac.hex())
    line, after = CHAIN.seal(fields, before)
    opened = CHAIN.open(line.removesuffix(b"\n"))
    assert opened is not None
    assert (opened.seq, opened.prev) == (seq + 1, before.mac)
    assert opened.position == after
    assert line.count(b"\n") == 1
    told = json.loads(line)
    assert {name: told[name] for name in fields} == fields
    assert list(told)[-3:] == ["seq", "prev", "mac"]


@given(TEXTS, st.data())
def test_no_bit_of_a_line_can_be_changed(fields, data) -> None:
    line = CHAIN.seal(fields, START)[0].removesuffix(b"\n")
    place = data.draw(st.integers(0, len(line) - 1))
    bit = data.draw(st.integers(0, 7))
    changed = line[:place] + bytes([line[place] ^ (1 << bit)]) + line[place + 1 :]
    assert CHAIN.open(changed) is None


@given(st.binary(max_size=200))
def test_any_bytes_are_read(raw) -> None:
    assert CHAIN.open(raw) is None


def test_another_key_fits_nothing() -> None:
    line = CHAIN.seal({"event": "e"}, START)[0].removesuffix(b"\n")
    assert OTHER.open(line) is None


def test_a_line_that_says_two_places_keeps_to_the_sealed_one() -> None:
    fields = {"user": '", "seq": 7, "prev": "' + "0" * 32 + '"'}
    opened = CHAIN.open(CHAIN.seal(fields, START)[0].removesuffix(b"\n"))
    assert opened is not None
    assert opened.seq == 1


def test_purposes_do_not_fit_each_other() -> None:
    assert CHAIN.mac(b"line", b"x") != CHAIN.mac(b"position", b"x")
    assert Chain(b"k" * 32).mac(b"line", b"x") == CHAIN.mac(b"line", b"x")
