"""One client connection: heads in, one request at a time, answers out in order.

Pipelined requests wait in the buffer, which is bounded: reading is held while a request is under
way. What the front door refuses it answers itself and closes when a body is still to come.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Final, cast

from gateway.proxy import decide, request_head
from gateway.proxy.answers import stamped
from gateway.proxy.exchange import Exchange
from gateway.proxy.flow import Held, Reading
from gateway.proxy.inbox import Inbox
from gateway.wire.errors import BadMessage
from gateway.wire.request import RequestHead
from policies.conditions import NO_SESSION

if TYPE_CHECKING:
    from gateway.proxy.door import FrontDoor
    from gateway.proxy.plan import Plan
    from gateway.proxy.tracing import RequestTrace

_WRITE_HIGH: Final = 128 * 1024
_INBOX_HIGH: Final = 64 * 1024
_LINGER_S: Final = 2.0
_LINGER_BYTES: Final = 1024 * 1024

_HEAD, _DECIDING, _EXCHANGE, _TUNNEL, _LINGER, _CLOSED = range(6)


class ClientConnection(asyncio.Protocol):
    """States: head, deciding (a store read), exchange, tunnel, linger (read past), closed."""

    __slots__ = (
        "_door", "_ended", "_full", "_inbox", "_lingered", "_origin", "_origin_head",
        "_origin_plan", "_queued", "_state", "_unsent", "deadline", "exchange", "forwarded",
        "judged", "peer", "plan", "reading", "request_id", "stamp", "trace", "transport",
    )  # fmt: skip

    def __init__(self, door: FrontDoor, peer: str | None = None) -> None:
        self._door = door
        self._inbox = Inbox()
        self._ended = False  # the client has sent its last byte
        self._full = False  # the client does not read: no further request is begun
        self._unsent = 0
        self._state = _HEAD
        self.exchange: Exchange | None = None  # what is under way
        self.forwarded = request_head.Forwarded()
        self._lingered = 0
        self._queued: list[bytes] = []
        self._origin: decide.Origin | None = None
        self._origin_plan: Plan | None = None
        self._origin_head: RequestHead | None = None
        self.deadline = math.inf
        self.peer = peer
        self.plan = self.judged = door.plan
        self.request_id = b""
        self.stamp = b""  # a field line of every answer to the request under way
        self.trace: RequestTrace | None = None  # of the request under way, where any is kept

    def __repr__(self) -> str:
        states = ("head", "deciding", "exchange", "tunnel", "linger", "closed")
        return f"<client {self.peer} {states[self._state]}>"

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, unless its address has too many; see asyncio."""
        # uvloop's transports are not subclasses of asyncio's, but do as they do.
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(high=_WRITE_HIGH)
        self.reading = Reading(self.transport)
        if self.peer is None:
            name = transport.get_extra_info("peername")
            # No address must mean outside, never inside (uvloop issue 560).
            self.peer = name[0] if isinstance(name, tuple) and name else ""
        self.deadline = self._door.ticker.now + self.plan.head_timeout_s
        if not self._door.admit(self):
            self.refuse(429, None, why="too many connections from one address")

    def data_received(self, data: bytes) -> None:
        """Read on; see asyncio."""
        state = self._state
        if state == _TUNNEL:
            if self.exchange is not None:
                self.exchange.tunnel(data)
            return
        if state == _LINGER:
            self._lingered += len(data)
            if self._lingered > _LINGER_BYTES:
                self.abort()
            return
        inbox = self._inbox
        if state == _HEAD and not inbox and not inbox.forgiven:
            self.deadline = self._door.ticker.now + self.plan.head_timeout_s
        inbox.add(data)
        self._advance()
        if len(inbox) > _INBOX_HIGH:
            self._balance()

    def eof_received(self) -> bool:
        """Answer what has come whole, then close; see asyncio."""
        if not self.transport.can_write_eof():  # TLS knows no half-close
            return False
        self._ended = True
        if self._state == _EXCHANGE and self.exchange is not None:
            return self.exchange.request_done or not self.exchange.takes_body
        if self._state == _HEAD and self._inbox:
            asyncio.get_running_loop().call_soon(self._advance)
            return True
        return self._state == _DECIDING  # a tunnel ends both ways; what lingers has its answer

    def connection_lost(self, exc: Exception | None) -> None:
        """Give up what is under way; see asyncio."""
        del exc
        self._state = _CLOSED
        self.deadline = math.inf
        self._door.leave(self)
        exchange, self.exchange = self.exchange, None
        if exchange is not None:
            exchange.abandon()

    def pause_writing(self) -> None:
        """Hold the upstream: the client does not read; see asyncio."""
        self._full = True
        if self.exchange is not None:
            self.exchange.client_full()

    def resume_writing(self) -> None:
        """Let the upstream go on: the client reads again; see asyncio."""
        self._full = False
        if self.exchange is not None:
            self.exchange.client_ready()
        else:
            self._advance()

    # for the exchange

    @property
    def is_draining(self) -> bool:
        """Whether this worker takes no further requests."""
        return self._door.draining

    def write(self, data: bytes) -> None:
        """Send bytes to the client, unless it is gone."""
        if not self.transport.is_closing():
            self.transport.write(data)

    def queue(self, data: bytes) -> None:
        """Keep bytes of an answer until `flush`: head and body leave in one write."""
        self._queued.append(data)

    def flush(self) -> None:
        """Send what was queued."""
        queued = self._queued
        if queued:
            data = queued[0] if len(queued) == 1 else b"".join(queued)
            queued.clear()
            self.write(data)

    def body_wanted(self) -> None:
        """Let body bytes flow into the exchange, those already here first."""
        self.deadline = self._door.ticker.now + self.plan.idle_timeout_s
        self._advance()
        self._balance()
        exchange = self.exchange
        if self._ended and exchange is not None and not exchange.request_done:
            self.abort()  # the body will never be whole

    def exchange_done(self, *, keep_alive: bool) -> None:
        """Go on to the next request, or close."""
        self.exchange = None
        self.reading.release(Held.PEER_FULL)
        if self._state != _EXCHANGE or not keep_alive or self._door.draining:
            self._finish()
            return
        self._next_request()

    def exchange_failed(self, status: int, why: str) -> None:
        """Answer for an upstream that did not."""
        exchange, self.exchange = self.exchange, None
        head = exchange.head if exchange is not None else None
        self.refuse(status, head, why=why)

    def session_over(self) -> None:
        """Answer a request whose session ended before its answer began: nobody is logged on."""
        exchange, self.exchange = self.exchange, None
        if exchange is None:
            return
        keep = exchange.keep_alive and exchange.request_done and not self._door.draining
        reference = self.request_id.decode("ascii")
        answer = self.plan.replies.challenge(
            exchange.head, NO_SESSION.reason, reference=reference, close=not keep
        )
        self._door.remember(self, exchange.head, None, NO_SESSION, answer)
        self.answer(answer, close=not keep)

    def tunnel_opened(self) -> None:
        """Pass bytes unparsed from here on, those already here first."""
        self._state = _TUNNEL
        self.deadline = math.inf
        data = self._inbox.take()
        if data and self.exchange is not None:
            self.exchange.tunnel(data)
        self._balance()

    def abort(self) -> None:
        """Close at once, whatever is under way."""
        self._state = _CLOSED
        self.transport.abort()

    # for the reception

    def begin(self, plan: Plan) -> None:
        """Note that a head was read whole: it goes by `plan`, and no deadline of ours holds."""
        self.plan = self.judged = plan
        self.stamp, self.trace = b"", None
        self.request_id = self._door.next_request_id()
        self.deadline = math.inf

    def decide_later(self) -> None:
        """Wait for the session to be read."""
        self._state = _DECIDING

    def decide_now(self) -> bool:
        """Go on; False when the client has gone meanwhile."""
        if self._state != _DECIDING:
            return False
        self._state = _HEAD
        return True

    def forward(self, exchange: Exchange) -> None:
        """Let an exchange have this connection until it is done."""
        self._state = _EXCHANGE
        self.exchange = exchange
        exchange.start()

    def origin(self, head: RequestHead) -> decide.Origin:
        """Return where the request comes from; worked out once a connection when it can be."""
        plan = self.plan
        same = self._origin_plan is plan and (plan.peer_decides or self._origin_head is head)
        if same and self._origin is not None:
            return self._origin
        self._origin = decide.origin_of(plan, self.peer or "", head)
        self._origin_plan = plan
        self._origin_head = head
        return self._origin

    def refuse(self, status: int, head: RequestHead | None, *, why: str) -> None:
        """Answer a request that cannot go on, and close."""
        self._door.note_refusal(status, why)
        name = self.request_id if head is not None else self._door.next_request_id()
        reference = name.decode("ascii")
        answer = self.plan.replies.refuse(status, head, reference=reference, close=True)
        self.answer(answer, close=True)

    def answer(self, answer: bytes, *, close: bool) -> None:
        """Send an answer of our own, and go on to the next request or close."""
        self.write(stamped(answer if self.trace is None else self.trace.told(answer), self.stamp))
        if close:
            self._finish()
        else:
            self._next_request()

    # for the door

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way: not even part of a head has come."""
        return self._state == _HEAD and not self._inbox

    def is_judged(self, plan: Plan) -> None:
        """Take note that what is under way, if anything, was judged by `plan` as well.

        A request goes on by its own; only what has none, or passes bytes unread, lets go of it.
        """
        if self._state != _DECIDING:
            self.judged = plan
            if self._state != _EXCHANGE:
                self.plan = plan
                self._origin_plan = self._origin_head = None

    @property
    def is_tunnel(self) -> bool:
        """Whether bytes pass unparsed, for as long as both ends like."""
        return self._state == _TUNNEL

    def go_away(self) -> None:
        """Tell a WebSocket that it must end; whoever is in a tunnel of another kind is not told."""
        if self.is_tunnel and self.exchange is not None:
            self.exchange.go_away()

    def cut_off(self) -> None:
        """End what the time to drain was too short for: 503 where no answer has begun."""
        if self._state == _EXCHANGE and self.exchange is not None:
            self._give_up(self.exchange, 503, "the gateway stops")
        elif self._state == _DECIDING:
            self.refuse(503, None, why="the gateway stops")
        else:
            self.abort()

    def on_deadline(self) -> None:
        """End what takes too long: a silent connection quietly, a slow head or body with 408."""
        if self._state == _HEAD and self._inbox and not self._full:
            self.refuse(408, None, why="head not complete in time")
        elif self._state == _EXCHANGE and self.exchange and not self.exchange.request_done:
            self._give_up(self.exchange, 408, "body not complete in time")
        elif self._state == _LINGER and self._still_sends():
            self.deadline = self._door.ticker.now + self.plan.idle_timeout_s
        else:
            self.abort()

    # inside

    def _advance(self) -> None:
        """Take as much of the buffer as the state allows."""
        if self._state == _EXCHANGE:
            self._feed_body()
        elif self._state == _HEAD and self._inbox and not self._full:
            try:
                raw = self._inbox.cut_head(self.plan.max_head, self.plan.reader.max_url)
            except BadMessage as error:
                self.refuse(error.status, None, why=error.why)
                return
            self._balance()
            if raw is not None:
                self._door.reception.receive(self, raw)
            elif self._ended:
                self._finish()

    def _balance(self) -> None:
        """Read on or not: what waits is bounded, whoever keeps it waiting."""
        # A head that is not complete is never held back: it is refused beyond `max_head`.
        waiting = len(self._inbox)
        if waiting > _INBOX_HIGH and waiting > self.plan.max_head:
            self.reading.hold(Held.NOT_WANTED)
        else:
            self.reading.release(Held.NOT_WANTED)

    def _next_request(self) -> None:
        """Wait for the next head, or go on with the one that is here already, in its turn."""
        self._state = _HEAD
        now = self._door.ticker.now
        if self._inbox:
            self.deadline = now + self.plan.head_timeout_s
            asyncio.get_running_loop().call_soon(self._advance)
        elif self._ended:
            self._finish()
        else:
            self.deadline = now + self.plan.idle_timeout_s
            self._balance()

    def _give_up(self, exchange: Exchange, status: int, why: str) -> None:
        """End an exchange for what the client did; an answer on its way is cut off, not spoilt."""
        self.exchange = None
        exchange.abandon()
        if exchange.started:
            self.abort()
        else:
            self.refuse(status, exchange.head, why=why)

    def _still_sends(self) -> bool:
        """Return whether the client has taken bytes of its last answer since we last looked."""
        before, self._unsent = self._unsent, self.transport.get_write_buffer_size()
        return 0 < self._unsent != before

    def _feed_body(self) -> None:
        exchange = self.exchange
        if exchange is None or not exchange.takes_body or not self._inbox:
            return
        self.deadline = self._door.ticker.now + self.plan.idle_timeout_s
        try:
            rest = exchange.body(self._inbox.take())
        except BadMessage as error:
            self._give_up(exchange, error.status, error.why)
            return
        if rest:
            self._inbox.add(rest)
        if exchange.request_done and self.exchange is exchange:
            self.deadline = math.inf  # the upstream's deadlines hold from here

    def _finish(self) -> None:
        """Close after what was written has gone out, reading past what still comes in.

        Unread bytes would reset the connection and cost the client its answer (RFC 9112 9.6).
        """
        if self._state == _CLOSED or self.transport.is_closing():
            return
        self._state = _LINGER
        self._inbox.take()
        self.reading.release(Held.NOT_WANTED | Held.PEER_FULL)
        self.deadline = self._door.ticker.now + _LINGER_S
        if self.transport.can_write_eof() and not self._ended:
            self.transport.write_eof()
        else:
            self.transport.close()
