"""gateway/proxy/flow.py: reading goes on when the last reason to hold it is gone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.proxy.flow import Held, Reading


class Transport:
    closing = False

    def __init__(self) -> None:
        self.calls: list[str] = []

    def is_closing(self) -> bool:
        return self.closing

    def pause_reading(self) -> None:
        self.calls.append("pause")

    def resume_reading(self) -> None:
        self.calls.append("resume")


REASONS = st.sampled_from([Held.PEER_FULL, Held.NOT_WANTED, Held.PEER_FULL | Held.NOT_WANTED])


@given(st.lists(st.tuples(st.booleans(), REASONS), max_size=20))
def test_calls_alternate_and_agree_with_the_reasons(steps: list[tuple[bool, int]]) -> None:
    transport = Transport()
    reading = Reading(transport)  # type: ignore[arg-type]
    held = 0
    for holds, reason in steps:
        if holds:
            reading.hold(reason)
            held |= reason
        else:
            reading.release(reason)
            held &= ~reason
        paused = bool(transport.calls) and transport.calls[-1] == "pause"
        assert paused is bool(held)
    assert transport.calls == (["pause", "resume"] * len(transport.calls))[: len(transport.calls)]


def test_a_closing_transport_is_left_alone() -> None:
    transport = Transport()
    transport.closing = True
    reading = Reading(transport)  # type: ignore[arg-type]
    reading.hold(Held.PEER_FULL)
    reading.release(Held.PEER_FULL)
    assert transport.calls == []
