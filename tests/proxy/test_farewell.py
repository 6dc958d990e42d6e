"""A Close of ours goes between two frames of the upstream's, once, and never after its own."""

from __future__ import annotations

from gateway.proxy.farewell import Farewell
from gateway.wire.websocket import GOING_AWAY

TEXT = b"\x81\x05hello"
CLOSE = b"\x88\x02\x03\xe8"


def test_between_frames_it_is_said_at_once_and_nothing_follows():
    farewell = Farewell()
    assert farewell.pass_on(TEXT) == TEXT
    assert farewell.leave() == GOING_AWAY
    assert farewell.leave() == b""
    assert farewell.pass_on(TEXT + CLOSE) == b""


def test_a_frame_on_its_way_ends_first():
    farewell = Farewell()
    assert farewell.pass_on(TEXT[:3]) == TEXT[:3]
    assert farewell.leave() == b""
    assert farewell.pass_on(TEXT[3:5]) == TEXT[3:5]
    assert farewell.pass_on(TEXT[5:] + TEXT) == TEXT[5:] + GOING_AWAY
    assert farewell.pass_on(TEXT) == b""


def test_an_upstream_that_has_said_goodbye_is_let_speak_alone():
    farewell = Farewell()
    assert farewell.pass_on(CLOSE[:3]) == CLOSE[:3]
    assert farewell.leave() == b""
    assert farewell.pass_on(CLOSE[3:]) == CLOSE[3:]
    assert farewell.leave() == b""
