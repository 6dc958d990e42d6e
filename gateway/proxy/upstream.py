"""One connection to an upstream: writes what an exchange hands it, parses what comes back.

The answer's framing is followed strictly; a byte that nobody asked for ends the connection. It goes
back to the pool only after a clean end both ways, and never after NTLM or Negotiate.
"""

from __future__ import annotations

import asyncio
import math
from typing import Final, Protocol, cast

from gateway.proxy.flow import Held, Reading
from gateway.proxy.ticker import Ticker
from gateway.wire.chunked import ChunkedBody
from gateway.wire.errors import BadMessage
from gateway.wire.fields import Fields
from gateway.wire.response import AnswerReader, ResponseHead

_MAX_HEAD: Final = 256 * 1024
_MAX_INTERIM: Final = 16
_WRITE_HIGH: Final = 128 * 1024

_TOO_IDLE: Final = (b"HTTP/1.1 408", b"HTTP/1.0 408")
"""What some servers say when they close a connection that nobody used (RFC 9110 section 15.5.9)."""

_HEAD, _BODY, _TUNNEL = range(3)


class Asker(Protocol):
    """The exchange that a connection works for."""

    method: bytes

    def answer_head(self, head: ResponseHead) -> None:
        """Take an answer head, interim ones too."""

    def answer_data(self, pieces: list[bytes]) -> None:
        """Take body bytes."""

    def answer_pause(self) -> None:
        """Take note that all bytes that have come were told."""

    def answer_end(self, trailers: Fields) -> None:
        """Take the end of the answer; the connection is the pool's again or closed."""

    def answer_failed(self, why: str, *, answered: bool) -> None:
        """Take the loss of the connection or an answer that cannot be trusted."""

    def upstream_full(self) -> None:
        """Stop sending: the upstream does not read."""

    def upstream_ready(self) -> None:
        """Send on."""


class Home(Protocol):
    """The pool that a connection belongs to."""

    def idle(self, connection: UpstreamConnection) -> None:
        """Take a clean connection back."""

    def gone(self, connection: UpstreamConnection) -> None:
        """Forget a closed connection."""

    def babbled(self, connection: UpstreamConnection) -> None:
        """Take note that bytes came which answer nobody."""

    ticker: Ticker
    answers: AnswerReader


class UpstreamConnection(asyncio.Protocol):
    """States: idle (no asker), head, body, tunnel. `deadline` is loop time; a sweep enforces it."""

    __slots__ = (
        "_answered", "_body", "_buffer", "_head", "_home", "_interim", "_left", "_searched",
        "_state", "_ticker", "address", "asker", "deadline", "first_byte_s", "idle_s", "last_use",
        "reading", "request_done", "reused", "transport",
    )  # fmt: skip

    def __init__(self, home: Home, address: object, first_byte_s: float, idle_s: float) -> None:
        self._home = home
        self._ticker = home.ticker
        self.address = address
        self.first_byte_s = first_byte_s
        self.idle_s = idle_s
        self.asker: Asker | None = None
        self.deadline = math.inf
        self.request_done = True
        self.reused = False
        self.last_use = False  # nobody else may have this connection afterwards
        self._state = _HEAD
        self._buffer = b""
        self._head: ResponseHead | None = None
        self._body: ChunkedBody | None = None
        self._left = 0
        self._searched = 0
        self._interim = 0
        self._answered = False

    def __repr__(self) -> str:
        state = "idle" if self.asker is None else ("head", "body", "tunnel")[self._state]
        return f"<upstream {self.address} {state}>"

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; see asyncio."""
        # uvloop's transports are not subclasses of asyncio's, but do as they do.
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(high=_WRITE_HIGH)
        self.reading = Reading(self.transport)

    def data_received(self, data: bytes) -> None:
        """Parse on; see asyncio."""
        asker = self.asker
        if asker is None:  # bytes while idle: nobody may ever be given them
            if not data.startswith(_TOO_IDLE) and not self.transport.is_closing():
                self._home.babbled(self)
            self.close()
            return
        if self._state == _TUNNEL:
            asker.answer_data([data])
            asker.answer_pause()
            return
        self.deadline = self._ticker.now + self.idle_s
        self._answered = True
        try:
            if self._state == _HEAD:
                data = self._take_heads(asker, data)
            if data and self._state == _BODY and self.asker is asker:
                self._take_body(asker, data)
            elif data and self._state == _TUNNEL:
                asker.answer_data([data])
            if self.asker is asker:
                asker.answer_pause()
        except BadMessage as error:
            self._fail(error.why)

    def connection_lost(self, exc: Exception | None) -> None:
        """End what was under way; see asyncio."""
        asker, self.asker = self.asker, None
        self._home.gone(self)
        if asker is None:
            return
        head = self._head
        # A reset is no end of a body: it must not look complete (RFC 9112 section 8).
        until_close = head is not None and head.until_close and exc is None
        if self._state == _TUNNEL or until_close:
            asker.answer_end([])
        else:
            asker.answer_failed("upstream closed the connection", answered=self._answered)

    def pause_writing(self) -> None:
        """Hold the client: the upstream does not read; see asyncio."""
        if self.asker is not None:
            self.asker.upstream_full()

    def resume_writing(self) -> None:
        """Let the client go on: the upstream reads again; see asyncio."""
        if self.asker is not None:
            self.asker.upstream_ready()

    # for the exchange

    def begin(self, asker: Asker, head: bytes, *, body_follows: bool) -> None:
        """Send a request head for `asker`; the answer is told to it."""
        self.asker = asker
        self.request_done = not body_follows
        self._state = _HEAD
        self._head = None
        self._body = None
        self._answered = False
        self._interim = 0
        self.deadline = self._ticker.now + self.first_byte_s
        self.transport.write(head)

    def sent(self) -> None:
        """Note progress of the request's body: the answer is not late while it is still sent."""
        if self._state == _HEAD:
            self.deadline = self._ticker.now + self.first_byte_s

    def tunnel(self) -> None:
        """From here on bytes pass unparsed (after a 101); no deadline holds."""
        self._state = _TUNNEL
        self.deadline = math.inf

    def close(self) -> None:
        """Close without telling the asker; whatever is under way is given up."""
        self.asker = None
        self.deadline = math.inf
        self.transport.abort()

    def on_deadline(self) -> None:
        """End an answer that is too late."""
        self._answered = True  # too late is not stale: asking again would only double the wait
        self._fail("upstream timed out")

    # parsing

    def _take_heads(self, asker: Asker, data: bytes) -> bytes:
        """Read heads until the final one; return what follows it."""
        data = self._buffer + data if self._buffer else data
        while True:
            end = data.find(b"\r\n\r\n", self._searched)
            if max(end, len(data) if end < 0 else 0) > _MAX_HEAD:
                raise BadMessage(502, "answer head too long")
            if end < 0:
                if b"\n\n" in data[max(0, self._searched - 1) :]:
                    raise BadMessage(502, "bare LF in an answer head")
                self._buffer = data
                self._searched = max(0, len(data) - 3)
                return b""
            self._searched = 0
            head = self._home.answers.read(data[: end + 4], asker.method)
            data = data[end + 4 :]
            if not head.is_interim:
                break
            self._interim += 1
            if self._interim > _MAX_INTERIM:
                raise BadMessage(502, "too many interim answers")
            asker.answer_head(head)
        self._buffer = b""
        self._head = head
        self._state = _BODY
        self._left = head.length or 0
        self._body = ChunkedBody() if head.chunked else None
        asker.answer_head(head)
        if self._state == _BODY and head.length == 0 and self.asker is asker:
            self._finish(asker, data, [])
            return b""
        return data

    def _take_body(self, asker: Asker, data: bytes) -> None:
        if self._body is not None:
            pieces = self._body.feed(data)
            if pieces:
                asker.answer_data(pieces)
            if self._body.done and self.asker is asker:
                self._finish(asker, self._body.rest, self._body.trailers)
        elif self._head is not None and self._head.until_close:
            asker.answer_data([data])
        else:
            piece = data[: self._left]
            self._left -= len(piece)
            asker.answer_data([piece])
            if self._left == 0 and self.asker is asker:
                self._finish(asker, data[len(piece) :], [])

    def _finish(self, asker: Asker, surplus: bytes, trailers: Fields) -> None:
        head = self._head
        self.asker = None
        self.deadline = math.inf
        clean = (
            head is not None
            and head.keep_alive
            and not head.bound
            and not self.last_use
            and not surplus
            and self.request_done
            and not self.transport.is_closing()
        )
        if clean:
            self.reading.release(Held.PEER_FULL)
            self._home.idle(self)
        else:
            if surplus:
                self._home.babbled(self)
            self.transport.abort()
        asker.answer_end(trailers)

    def _fail(self, why: str) -> None:
        asker, self.asker = self.asker, None
        self.deadline = math.inf
        self.transport.abort()
        if asker is not None:
            asker.answer_failed(why, answered=self._answered)
