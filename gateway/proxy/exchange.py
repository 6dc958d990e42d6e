"""One allowed request on its way: head and body to an upstream, the answer back to the client.

Bytes stream both ways with back-pressure and are never held whole. A stale pooled connection is
retried once, only when no body byte was taken, nothing was answered and the method may be repeated.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Final

from gateway.proxy.answers import answer_head, stamped, trailer_section
from gateway.proxy.farewell import Farewell
from gateway.proxy.flow import Held
from gateway.proxy.pool import Pool
from gateway.proxy.upstream import UpstreamConnection
from gateway.wire.chunked import END, ChunkedBody, encode
from gateway.wire.errors import BadMessage
from gateway.wire.fields import Fields
from gateway.wire.request import IDEMPOTENT, RequestHead
from gateway.wire.response import ResponseHead

if TYPE_CHECKING:
    from gateway.auth.sessions import LiveSession
    from gateway.proxy.client import ClientConnection

_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_SWITCHING: Final = 101
_WEBSOCKET: Final = b"websocket"
_PLAIN, _CHUNKED = range(2)
_GATHERED: Final = 16 * 1024
"""Bytes of a form: a whole one waits here, not in a connection to the pages that others need."""
_NONE: Final[frozenset[bytes]] = frozenset()


class Exchange:
    """A request and its answer. The client feeds `body`; the connection tells the answer."""

    __slots__ = (
        "_answer_done", "_began", "_body_left", "_body_taken", "_chunks", "_client", "_coding",
        "_connection", "_farewell", "_gathered", "_guarded", "_head_bytes", "_retried",
        "_streaming", "head", "keep_alive", "live", "method", "pool", "request_done", "started",
        "wants_connection",
    )  # fmt: skip

    def __init__(
        self,
        client: ClientConnection,
        head: RequestHead,
        head_bytes: bytes,
        pool: Pool,
        live: LiveSession | None,
    ) -> None:
        self.head = head
        self.method = head.method
        self.request_done = not head.has_body
        self.wants_connection = True
        self.keep_alive = head.keep_alive and not head.odd_body
        self._client = client
        self._guarded = _NONE if pool.upstream.name == "" else client.plan.own_cookies
        self._head_bytes = head_bytes
        self.pool = pool
        self.live = live
        self._connection: UpstreamConnection | None = None
        self._chunks = ChunkedBody() if head.chunked else None
        self._body_left = head.length or 0
        self._body_taken = 0
        gathers = pool.upstream.name == "" and head.has_body
        self._gathered = bytearray() if gathers else None
        self._coding = _PLAIN
        self._farewell: Farewell | None = None
        self._retried = False
        self._began = 0.0
        self.started = False  # an answer head went to the client
        self._answer_done = False
        self._streaming = False

    def start(self) -> None:
        """Ask the pool for a connection; everything else follows by itself.

        For the pages the body is read first: anybody may send one as slowly as they like.
        """
        if self._gathered is None:
            self.pool.ask(self)
            return
        if self.head.expects:
            self._client.write(_CONTINUE)
        self._client.body_wanted()

    # from the pool

    def connected(self, connection: UpstreamConnection) -> None:
        """Send the head; see pool.Waiter."""
        self.wants_connection = False
        if self.live is not None and self.live.ended:  # while this waited for its turn
            self.pool.idle(connection)
            self._client.session_over()
            return
        self._connection = connection
        body_follows = not self.request_done
        self._began = monotonic()
        connection.begin(self, self._head_bytes, body_follows=body_follows)
        connection.last_use = self.head.odd_body or self.head.bound
        if body_follows:
            self._watch()
            if self.head.expects and not self._retried and self._body_taken == 0:
                self._client.write(_CONTINUE)
            self._client.body_wanted()

    def not_connected(self, status: int, why: str) -> None:
        """Tell the client; see pool.Waiter."""
        self.wants_connection = False
        self._failed(status, why)

    # from the client

    @property
    def takes_body(self) -> bool:
        """Whether body bytes can be taken now."""
        can = self._connection is not None or self._gathered is not None
        return can and not self.request_done

    def body(self, data: bytes) -> bytes:
        """Take body bytes; return what follows the body. Raises BadMessage."""
        connection = self._connection
        if connection is None:
            return data if self._gathered is None else self._gather(data, self._gathered)
        if self._chunks is None:
            piece = data[: self._body_left]
            self._body_left -= len(piece)
            self._body_taken += len(piece)
            connection.transport.write(piece)
            if self._body_left == 0:
                self._request_ended(connection)
            connection.sent()
            return data[len(piece) :]
        piece = b"".join(self._chunks.feed(data))
        if piece:  # one chunk, however small those of the client are
            self._body_taken += len(piece)
            connection.transport.write(encode(piece))
        if self._body_taken > self._client.plan.max_body:
            raise BadMessage(413, "body too long")
        connection.sent()
        if not self._chunks.done:
            return b""
        connection.transport.write(END)  # trailers end here (RFC 9110 section 6.5.1)
        self._request_ended(connection)
        return self._chunks.rest

    def client_full(self) -> None:
        """Hold the upstream: the client does not read."""
        if self._connection is not None:
            self._connection.reading.hold(Held.PEER_FULL)

    def client_ready(self) -> None:
        """Let the upstream go on."""
        if self._connection is not None:
            self._connection.reading.release(Held.PEER_FULL)

    def abandon(self) -> None:
        """Give up: the client is gone or sent what cannot be passed on."""
        self.wants_connection = False
        connection, self._connection = self._connection, None
        self._unwatch()
        if connection is not None:
            connection.close()

    def go_away(self) -> None:
        """Tell the client of a WebSocket that it must end, as soon as a frame ends."""
        if self._farewell is not None and (goodbye := self._farewell.leave()):
            self._client.write(goodbye)

    def tunnel(self, data: bytes) -> None:
        """Pass bytes of the client through, after the upstream's 101."""
        if self._connection is not None:
            self._connection.transport.write(data)

    # from the connection

    def answer_head(self, head: ResponseHead) -> None:
        """Pass an answer head on; see upstream.Asker."""
        if head.is_interim:
            # 100 was answered by us; HTTP/1.0 knows no interim answers (RFC 9110 section 15.2).
            if head.status != 100 and self.head.minor == 1:  # noqa: PLR2004
                self._client.queue(answer_head(head, self._guarded, []))
            return
        self.pool.tally.times[head.status].append(monotonic() - self._began)
        if self.live is not None and self.live.ended:  # while the upstream thought about it
            self.abandon()
            self._client.session_over()
            return
        if head.status == _SWITCHING:
            self._switch(head)
            return
        self.started = True
        client = self._client
        keep = self.keep_alive and self.request_done and not client.is_draining
        extra: list[bytes] = []
        if head.chunked or head.until_close:
            if self.head.minor == 1:
                self._coding = _CHUNKED
                extra.append(b"Transfer-Encoding: chunked\r\n")
            else:
                keep = False
        elif (size := self._length(head)) is not None:
            extra.append(b"Content-Length: %d\r\n" % size)
        if not keep:
            extra.append(b"Connection: close\r\n")
        self.keep_alive = keep
        client.queue(stamped(answer_head(head, self._guarded, extra), client.stamp))
        if head.length != 0:
            self._watch()

    def answer_data(self, pieces: list[bytes]) -> None:
        """Pass answer bytes on; see upstream.Asker."""
        if self._coding == _CHUNKED:
            pieces = [encode(b"".join(pieces))]
        elif self._farewell is not None:
            pieces = [self._farewell.pass_on(b"".join(pieces))]
        for piece in pieces:
            self._client.queue(piece)

    def answer_pause(self) -> None:
        """Send what has come so far: nothing more is at hand; see upstream.Asker."""
        self._client.flush()

    def answer_end(self, trailers: Fields) -> None:
        """End the answer; see upstream.Asker."""
        self._connection = None
        self._answer_done = True
        self._unwatch()
        if self._coding == _CHUNKED:
            wanted = b"te" in self.head.named and self._trailers_wanted()
            self._client.queue(trailer_section(trailers) if wanted else END)
        self._client.flush()
        self._client.exchange_done(keep_alive=self.keep_alive and self.request_done)

    def answer_failed(self, why: str, *, answered: bool) -> None:
        """Retry on a fresh connection, or tell the client; see upstream.Asker."""
        connection, self._connection = self._connection, None
        self._unwatch()
        if self._may_retry(connection, answered=answered):
            self._retried = True
            self.wants_connection = True
            self.pool.ask(self, fresh=True)
        elif self.started:
            self.pool.tally.failed(502)
            self._client.abort()  # a truncated answer must look truncated
        else:
            late = "timed out" in why
            self._failed(504 if late else 502, why)

    def upstream_full(self) -> None:
        """Hold the client; see upstream.Asker."""
        self._client.reading.hold(Held.PEER_FULL)

    def upstream_ready(self) -> None:
        """Let the client go on; see upstream.Asker."""
        self._client.reading.release(Held.PEER_FULL)

    # inside

    def _failed(self, status: int, why: str) -> None:
        self.pool.tally.failed(status)
        self._client.exchange_failed(status, why)

    def _gather(self, data: bytes, gathered: bytearray) -> bytes:
        """Keep body bytes until the form is whole, or too long for one; then ask the pool.

        A form that is too long goes on as it comes: the pages refuse it by themselves.
        """
        if self._chunks is None:
            piece, rest = data[: self._body_left], data[self._body_left :]
            self._body_left -= len(piece)
            self.request_done = self._body_left == 0
        else:
            piece = b"".join(self._chunks.feed(data))
            self.request_done = self._chunks.done
            rest = self._chunks.rest if self.request_done else b""
        gathered += piece
        self._body_taken += len(piece)
        if self.request_done or self._body_taken > _GATHERED:
            body = bytes(gathered)
            if self._chunks is not None:
                body = encode(body) if body else b""
                body += END if self.request_done else b""
            self._head_bytes += body
            self._gathered = None
            self.pool.ask(self)
        return rest

    def _length(self, head: ResponseHead) -> int | None:
        """Return the Content-Length to state, None where none belongs (204) or none is known."""
        if head.announced is not None:
            return head.announced
        if self.method == b"HEAD" or head.status in {204, 304}:
            return None
        return head.length

    def _request_ended(self, connection: UpstreamConnection) -> None:
        self.request_done = True
        connection.request_done = True

    def _may_retry(self, connection: UpstreamConnection | None, *, answered: bool) -> bool:
        if connection is None or not connection.reused or answered or self._retried:
            return False
        return self._body_taken == 0 and self.method in IDEMPOTENT

    def _trailers_wanted(self) -> bool:
        te = self.head.value(b"te")
        return te is not None and b"trailers" in te.lower()

    def _switch(self, head: ResponseHead) -> None:
        connection = self._connection
        if connection is None or not self.head.upgrade or head.upgrade != self.head.upgrade:
            if connection is not None:
                connection.close()
            self._connection = None
            self._failed(502, "upstream switched protocols unasked")
            return
        self.started = True
        self.keep_alive = False
        connection.tunnel()
        self._farewell = Farewell() if head.upgrade == _WEBSOCKET else None
        extra = [b"Connection: Upgrade\r\nUpgrade: %b\r\n" % head.upgrade]
        opened = answer_head(head, self._guarded, extra)
        self._client.queue(stamped(opened, self._client.stamp))
        self._client.flush()
        self._watch()
        self._client.tunnel_opened()

    def _watch(self) -> None:
        """End this exchange when its session ends, from now until the answer is complete."""
        live = self.live
        if live is None:
            return
        if live.ended:  # while the upstream thought about its answer
            self._session_ended()
        else:
            self._streaming = True
            live.watchers.add(self._session_ended)

    def _unwatch(self) -> None:
        if self._streaming and self.live is not None:
            self._streaming = False
            self.live.watchers.discard(self._session_ended)

    def _session_ended(self) -> None:
        self._streaming = False
        self._client.abort()
