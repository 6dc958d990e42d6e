"""Bytes of a client that nobody has taken yet: heads are cut off the front, bodies handed on.

However the bytes arrive, in one piece or one by one, the same heads and the same refusals come out,
and each byte is searched a bounded number of times. No I/O.
"""

from __future__ import annotations

from typing import Final

from gateway.wire import proxy_header
from gateway.wire.errors import BadMessage

_LONGEST_REST: Final = 1024
"""What stands beside the target in a request line: method, version, scheme, authority."""


class Inbox:
    """The bytes that wait. `forgiven`: an empty line before the next head was read past."""

    __slots__ = ("_at", "_data", "_searched", "forgiven")

    def __init__(self) -> None:
        self._data: bytes | bytearray = b""  # bytes while one piece waits, as it mostly does
        self._at = 0
        self._searched = 0
        self.forgiven = False

    def __len__(self) -> int:
        return len(self._data) - self._at

    def add(self, data: bytes) -> None:
        """Keep `data` behind what waits already."""
        if self._at < len(self._data):
            self._searched = max(0, self._searched - self._at)
            kept = self._data
            if isinstance(kept, bytes):
                kept = self._data = bytearray(kept)
            del kept[: self._at]
            kept += data  # grows in place: bytes that drip in are not copied again each time
        else:
            self._searched = 0
            self._data = data
        self._at = 0

    def take(self) -> bytes:
        """Return all that waits and keep nothing."""
        data = bytes(self._data[self._at :] if self._at else self._data)
        self._data = b""
        self._at = self._searched = 0
        self.forgiven = False
        return data

    def cut_head(self, max_head: int, max_url: int) -> bytes | None:
        """Return the next head with its empty line, or None while it is incomplete.

        Raises BadMessage as soon as no further byte could make it a head within the limits.
        """
        at = self._at
        if not b"!" <= self._data[at : at + 1] <= b"~":
            at = self._past_empty_line(at)
        data = self._data
        end = data.find(b"\r\n\r\n", max(at, self._searched))
        if end < 0:
            self._check_incomplete(data, at, max_head, max_url)
            self._searched = max(at, len(data) - 3)
            return None
        if end - at > max_head:
            raise _too_long(data, at, max_url)
        self._at = end + 4
        self._searched = 0
        self.forgiven = False
        if self._at == len(data):
            self._data = b""
            self._at = 0
        return bytes(data[at : end + 4])

    def _past_empty_line(self, at: int) -> int:
        """Read past one empty line (RFC 9112 section 2.2); refuse what no method begins with."""
        if self._data.startswith(b"\r\n", at) and not self.forgiven:
            self.forgiven = True
            self._at = at = at + 2
        rest = self._data[at : at + 1]
        half = rest == b"\r" and len(self) == 1 and not self.forgiven
        if rest and not half and not b"!" <= rest <= b"~":
            is_header = self.forgiven and proxy_header.is_v2(bytes(self._data[at - 2 : at + 10]))
            raise BadMessage(
                400, proxy_header.UNEXPECTED if is_header else "malformed request line"
            )
        return at

    def _check_incomplete(
        self, data: bytes | bytearray, at: int, max_head: int, max_url: int
    ) -> None:
        if len(data) - at > max_head:
            raise _too_long(data, at, max_url)
        if len(data) - at > max_url + _LONGEST_REST and data.find(b"\n", at) < 0:
            raise BadMessage(414, "request target too long")
        # One byte before what is new, so that an LF there finds its CR.
        new = data[max(at, self._searched - 1) :]
        ends = new.count(b"\r\n")
        if new.count(b"\n", 1) != ends or new.count(b"\r", 0, -1) != ends:
            raise BadMessage(400, "bare CR or LF in a head")


def _too_long(data: bytes | bytearray, at: int, max_url: int) -> BadMessage:
    line = data.find(b"\r\n", at)
    if line < 0 or line - at > max_url + _LONGEST_REST:
        return BadMessage(414, "request target too long")
    return BadMessage(431, "head too long")
