"""A WebSocket that must end because we do: its client is told so with a Close frame of ours.

The frame goes between two of the upstream's. From then on nothing of the upstream reaches the
client; the client's own Close still reaches the upstream, so both ends close as RFC 6455 has it.
"""

from __future__ import annotations

from gateway.wire.websocket import GOING_AWAY, Frames


class Farewell:
    """Watches what an upstream sends through one tunnel."""

    __slots__ = ("_frames", "_leaving", "_said")

    def __init__(self) -> None:
        self._frames = Frames()
        self._leaving = False
        self._said = False

    def leave(self) -> bytes:
        """Return what to send now; b"" when it has been sent, or a frame must end first."""
        self._leaving = True
        return self._goodbye()

    def pass_on(self, data: bytes) -> bytes:
        """Return what the client gets for these bytes of the upstream."""
        if self._said:
            return b""
        end = self._frames.feed(data, to_end=self._leaving)
        goodbye = self._goodbye() if self._leaving else b""
        return data[:end] + goodbye if goodbye else data

    def _goodbye(self) -> bytes:
        if self._said or self._frames.closing or not self._frames.is_between:
            return b""
        self._said = True
        return GOING_AWAY
