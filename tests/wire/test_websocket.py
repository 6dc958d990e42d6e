"""Where WebSocket frames end: any frames, cut anywhere."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.websocket import GOING_AWAY, Frames


def frame(opcode: int, size: int, *, masked: bool) -> bytes:
    mask = 0x80 if masked else 0
    if size < 126:
        head = bytes([0x80 | opcode, mask | size])
    elif size < 65536:
        head = bytes([0x80 | opcode, mask | 126]) + size.to_bytes(2, "big")
    else:
        head = bytes([0x80 | opcode, mask | 127]) + size.to_bytes(8, "big")
    return head + (b"mask" if masked else b"") + b"\x88" * size


SIZES = st.one_of(st.integers(0, 300), st.sampled_from([125, 126, 127, 65535, 65536, 70000]))
FRAMES = st.lists(st.tuples(st.sampled_from([0, 1, 2, 9, 10]), SIZES, st.booleans()), max_size=6)


@given(FRAMES, st.data())
def test_the_end_of_every_frame_is_found_however_the_bytes_are_cut(wanted, data):
    whole = [frame(opcode, size, masked=masked) for opcode, size, masked in wanted]
    stream = b"".join(whole)
    ends = {sum(map(len, whole[:n])) for n in range(len(whole) + 1)}
    frames, at = Frames(), 0
    while at < len(stream):
        piece = stream[at : at + data.draw(st.integers(1, len(stream)))]
        at += frames.feed(piece)
        assert frames.is_between == (at in ends)
    assert not frames.closing


@given(FRAMES.filter(bool), st.integers(0, 5))
def test_to_end_stops_at_the_first_end(wanted, begun):
    whole = [frame(opcode, size, masked=masked) for opcode, size, masked in wanted]
    stream = b"".join(whole)
    first = len(whole[0])
    frames = Frames()
    begun = min(begun, first - 1)
    frames.feed(stream[:begun])
    assert begun + frames.feed(stream[begun:], to_end=True) == first
    assert frames.is_between


def test_a_close_is_seen_and_ours_is_one():
    frames = Frames()
    frames.feed(GOING_AWAY)
    assert frames.closing
    assert frames.is_between
    assert int.from_bytes(GOING_AWAY[2:], "big") == 1001


def test_without_being_asked_to_stop_it_takes_all():
    frames = Frames()
    two = frame(1, 3, masked=True) + frame(2, 300, masked=False)
    assert frames.feed(two) == len(two)
    assert frames.is_between
    assert frames.closing is False


def test_a_payload_in_three_pieces_behind_its_head():
    whole = frame(2, 20, masked=False)
    frames = Frames()
    for piece in (whole[:8], whole[8:9], whole[9:21]):
        assert frames.feed(piece) == len(piece)
        assert not frames.is_between
    assert frames.feed(whole[21:] + whole[:1]) == 2
    assert not frames.is_between
