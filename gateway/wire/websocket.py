"""Where WebSocket frames end (RFC 6455 section 5.2), so that a Close can be put between two.

Payloads are counted, never read. Sans I/O.
"""

from __future__ import annotations

from typing import Final

GOING_AWAY: Final = b"\x88\x02\x03\xe9"
"""A server's Close frame with status 1001 (RFC 6455 section 7.4.1), unmasked."""

_SHORTEST: Final = 2
_LENGTHS: Final = {126: 2, 127: 8}
_MASKED: Final = 0x80
_CLOSE: Final = 0x8


class Frames:
    """The frames of one direction, fed as they come."""

    __slots__ = ("_head", "_left", "closing")

    def __init__(self) -> None:
        self._head = b""
        self._left = 0
        self.closing = False
        """Whether a Close frame has begun: nothing may be sent after it."""

    @property
    def is_between(self) -> bool:
        """Whether the last frame is whole and no other has begun."""
        return not self._left and not self._head

    def feed(self, data: bytes, *, to_end: bool = False) -> int:
        """Take bytes, all of them or up to the end of the first frame; return how many."""
        at = 0
        while at < len(data):
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
            else:
                step = self._take_head(data, at)
            at += step
            if to_end and self.is_between:
                break
        return at

    def _take_head(self, data: bytes, at: int) -> int:
        """Take bytes of a frame's head, and count its payload once it is whole."""
        head = self._head
        wanted = _SHORTEST if len(head) < _SHORTEST else _head_size(head)
        taken = data[at : at + wanted - len(head)]
        head += taken
        if len(head) >= _SHORTEST and len(head) == _head_size(head):
            self.closing = self.closing or head[0] & 0x0F == _CLOSE
            self._left = _payload(head)
            head = b""
        self._head = head
        return len(taken)


def _head_size(head: bytes) -> int:
    return _SHORTEST + _LENGTHS.get(head[1] & 0x7F, 0) + (4 if head[1] & _MASKED else 0)


def _payload(head: bytes) -> int:
    size = head[1] & 0x7F
    longer = _LENGTHS.get(size)
    return size if longer is None else int.from_bytes(head[2 : 2 + longer], "big")
