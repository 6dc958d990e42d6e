"""Frames for the echo: what is cut is what was framed, however the bytes come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.clients.frames import cut, frame, masked


def test_a_frame_of_the_rfc():
    """RFC 6455 section 5.7, but binary."""
    assert frame(b"Hello") == b"\x82\x05Hello"
    assert frame(b"Hello", b"\x37\xfa\x21\x3d") == bytes.fromhex("828537fa213d7f9f4d5158")
    with pytest.raises(ValueError, match="125"):
        frame(bytes(126))


@given(
    st.lists(st.tuples(st.binary(max_size=125), st.binary(min_size=4, max_size=4) | st.just(b""))),
    st.integers(0, 200),
)
def test_frames_are_cut_as_they_were_made(messages, missing):
    data = b"".join(frame(payload, mask) for payload, mask in messages)
    assert cut(data) == ([payload for payload, _ in messages], b"")
    part = data[: len(data) - missing] if missing else data
    payloads, rest = cut(part)
    assert payloads == [payload for payload, _ in messages][: len(payloads)]
    assert cut(rest + data[len(part) :])[0] == [payload for payload, _ in messages][len(payloads) :]


@given(st.binary(max_size=125), st.binary(min_size=4, max_size=4))
def test_masking_twice_is_nothing(payload, mask):
    assert masked(masked(payload, mask), mask) == payload
