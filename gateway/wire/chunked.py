"""Chunked bodies: bytes to pieces, strictly (RFC 9112 section 7.1).

Extensions are checked, bounded and dropped; trailers are checked, bounded and handed out apart, so
that nobody mistakes one for a header field. Sizes are re-emitted, never copied.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.wire.errors import BadMessage
from gateway.wire.fields import Fields

_TOKEN: Final = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED: Final = rb'"(?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\[\t\x20-\x7e\x80-\xff])*"'
_SIZE_LINE: Final = re.compile(
    rb"([0-9A-Fa-f]{1,15})((?:[ \t]*;[ \t]*" + _TOKEN
    + rb"(?:[ \t]*=[ \t]*(?:" + _TOKEN + rb"|" + _QUOTED + rb"))?)*)\Z",
)  # fmt: skip
_TRAILER: Final = re.compile(rb"(" + _TOKEN + rb"):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)\Z")
_MAX_LINE: Final = 1024
_MAX_EXTENSIONS: Final = 16 * 1024
_MAX_TRAILERS: Final = 64
_MAX_TRAILER_BYTES: Final = 8 * 1024

_SIZE, _DATA, _CRLF, _TRAILERS = range(4)

END: Final = b"0\r\n\r\n"
"""What closes a body without trailers."""


def encode(piece: bytes) -> bytes:
    """Return one chunk that holds `piece` (not empty: an empty chunk would end the body)."""
    return b"%x\r\n%b\r\n" % (len(piece), piece)


class ChunkedBody:
    """Reads one chunked body. Feed bytes until `done`; `rest` is what follows the body."""

    __slots__ = (
        "_at", "_buffer", "_extensions", "_left", "_state", "_trailer_bytes", "done", "trailers",
    )  # fmt: skip

    def __init__(self) -> None:
        self.done = False
        self.trailers: Fields = []
        self._buffer = b""
        self._at = 0  # read position: the buffer is cut once a feed, not once a chunk
        self._left = 0
        self._state = _SIZE
        self._extensions = 0
        self._trailer_bytes = 0

    @property
    def rest(self) -> bytes:
        """The bytes after the end of the body; meaningful once `done`."""
        return self._buffer

    def feed(self, data: bytes) -> list[bytes]:
        """Return the body bytes found in `data`, in order. Raises BadMessage."""
        pieces: list[bytes] = []
        self._buffer = self._buffer + data if self._buffer else data
        while not self.done and self._step(pieces):
            pass
        if self._at:
            self._buffer = self._buffer[self._at :]
            self._at = 0
        return pieces

    def _step(self, pieces: list[bytes]) -> bool:
        """Take one thing off the buffer; False when more bytes are needed."""
        if self._state == _DATA:
            return self._take_data(pieces)
        if self._state == _CRLF:
            return self._take_crlf()
        line = self._take_line()
        if line is None:
            return False
        if self._state == _SIZE:
            self._start_chunk(line)
        else:
            self._take_trailer(line)
        return True

    def _take_data(self, pieces: list[bytes]) -> bool:
        piece = self._buffer[self._at : self._at + self._left]
        if not piece:
            return False
        pieces.append(piece)
        self._at += len(piece)
        self._left -= len(piece)
        if self._left == 0:
            self._state = _CRLF
        return True

    def _take_crlf(self) -> bool:
        end = self._buffer[self._at : self._at + 2]
        if end == b"\r\n":
            self._at += 2
            self._state = _SIZE
            return True
        if b"\r\n".startswith(end):
            return False
        raise BadMessage(400, "chunk longer than it said")

    def _take_line(self) -> bytes | None:
        end = self._buffer.find(b"\n", self._at, self._at + _MAX_LINE)
        if end < 0:
            if len(self._buffer) - self._at >= _MAX_LINE:
                raise BadMessage(400, "chunk line too long")
            return None
        line = self._buffer[self._at : end]
        if line[-1:] != b"\r":
            raise BadMessage(400, "bare LF in a chunk line")
        self._at = end + 1
        return line[:-1]

    def _start_chunk(self, line: bytes) -> None:
        size = _SIZE_LINE.match(line)
        if size is None:
            raise BadMessage(400, "malformed chunk size")
        self._extensions += len(size[2])
        if self._extensions > _MAX_EXTENSIONS:
            raise BadMessage(400, "too many chunk extensions")
        self._left = int(size[1], 16)
        self._state = _DATA if self._left else _TRAILERS

    def _take_trailer(self, line: bytes) -> None:
        if not line:
            self.done = True
            return
        field = _TRAILER.match(line)
        if field is None:
            raise BadMessage(400, "malformed trailer")
        self._trailer_bytes += len(line)
        if len(self.trailers) >= _MAX_TRAILERS or self._trailer_bytes > _MAX_TRAILER_BYTES:
            raise BadMessage(431, "too many trailers")
        self.trailers.append((field[1], field[2].rstrip(b" \t")))
