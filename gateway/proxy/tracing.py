"""The front door's part of a trace: one server span a request, one client span to its upstream.

A trace is continued for a proxy that is trusted, and anew for everybody else: the gateway is the
front gate of W3C Trace Context section 3.4 ("restart trace"), so a stranger can neither have us
record what they like nor put spans into a trace that they have seen. A request that is not recorded
tells its upstream so. Nothing here runs for a plan without `traces`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from gateway.auth.live import LiveSession
from gateway.auth.ports import Entropy
from gateway.auth.sessions import Reading
from gateway.proxy.decide import is_trusted
from gateway.proxy.exchange import Exchange
from gateway.proxy.pool import Pool
from gateway.settings.model import Telemetry, Upstream
from gateway.spans import HERE, Here, Kind, Span, Tracer
from gateway.wire.fields import Fields
from gateway.wire.request import RequestHead
from gateway.wire.response import ResponseHead
from policies.routes import Route
from policies.trace_context import (
    TRACEPARENT,
    TRACESTATE,
    TraceParent,
    format_traceparent,
    parse_traceparent,
    parse_tracestate,
)

if TYPE_CHECKING:
    from gateway.proxy.client import ClientConnection

_SERVER_ERROR: Final = 500
_CLIENT_ERROR: Final = 400
_SWITCHING: Final = 101
_SHARES: Final = 2**56


Way = tuple[bytes, type[Exchange]]
"""The field lines that a neighbour is sent, each ended by CRLF, and what carries the request."""


class RequestTrace:
    """One request in its trace. `span` is None where it is not recorded, or has ended.

    `context` are the field lines that tell a neighbour, each ended by CRLF.
    """

    __slots__ = ("_asked", "_method", "_state", "context", "request_id", "span", "trace_id")

    def __init__(
        self, known: TraceParent, state: str, span: Span | None, head: RequestHead
    ) -> None:
        self._asked: Span | None = None
        self._method = head.method.decode("ascii")
        self._state = f"tracestate: {state}\r\n".encode("latin-1") if state else b""
        self.span = span
        self.trace_id = known.trace_id
        self.context = self._lines(known.span_id)
        self.request_id = ""

    def routed(self, route: Route) -> None:
        """Note which route was found."""
        if self.span is not None:
            self.span.rename(f"{self._method} {route.path}")
            self.span.note({"http.route": route.path})

    def goes_to_pages(self, route: Route) -> Way:
        """Return how our own pages are asked, which make spans of their own."""
        self.routed(route)
        return self.context, Exchange if self.span is None else TracedExchange

    def asks(self, upstream: Upstream, route: Route) -> Way:
        """Begin to ask an upstream; return how."""
        self.routed(route)
        if self.span is None:
            return self.context, Exchange
        url = upstream.urls[0]
        about: dict[str, str | int] = {
            "http.request.method": self._method,
            "portvakt.upstream": upstream.name,
            "server.address": url.host or url.path,
        }
        if url.port:
            about["server.port"] = url.port
        self._asked = self.span.child(self._method, Kind.CLIENT, about)
        return self._lines(self._asked.span_id), TracedExchange

    def reading(self, read: Callable[[], Reading | None]) -> Reading | None:
        """Begin to read the session; a read that is under way for another request is waited for."""
        if self.span is None:
            return read()
        part = self.span.child("session read", Kind.INTERNAL, {})
        token = HERE.set(Here(self.request_id, self.trace_id, part))
        try:
            reading = read()
        finally:
            HERE.reset(token)
        if reading is None:
            part.end()
        else:
            reading.add_done_callback(lambda _: part.end())
        return reading

    def heard(self, status: int) -> None:
        """Note the status of an upstream's answer."""
        if self.span is not None:
            self._note(self.span, status, _SERVER_ERROR)
        if self._asked is not None:
            self._note(self._asked, status, _CLIENT_ERROR)

    def told(self, answer: bytes) -> bytes:
        """End with an answer of our own, and return it."""
        if self.span is not None:
            status = int(answer[9:12])
            self._note(self.span, status, _SERVER_ERROR)
            self.end(str(status) if status >= _SERVER_ERROR else "")
        return answer

    def end(self, error: str = "") -> None:
        """End, once; `error` is what went wrong."""
        asked, self._asked = self._asked, None
        if asked is not None:
            asked.end(error)
        span, self.span = self.span, None
        if span is not None:
            span.end(error)

    def _note(self, span: Span, status: int, bad: int) -> None:
        span.note({"http.response.status_code": status})
        if status >= bad:
            span.note({"error.type": str(status)})

    def _lines(self, span_id: str) -> bytes:
        parent = format_traceparent(self.trace_id, span_id, sampled=self.span is not None)
        return b"traceparent: %b\r\n%b" % (parent, self._state)


class Traces:
    """Begins the traces of requests: `sample` of those that nobody has decided about."""

    def __init__(self, tracer: Tracer, rules: Telemetry, entropy: Entropy) -> None:
        self.tracer: Final = tracer
        self._below = rules.sample * _SHARES
        self._continues = rules.continue_from_proxies
        self._entropy = entropy

    def begin(self, client: ClientConnection, head: RequestHead) -> None:
        """Give a request its trace; only a trusted proxy says which one, and whether."""
        trusted = self._continues and is_trusted(client.plan, client.peer or "")
        known, state = _told(head) if trusted else (None, "")
        fresh = self._entropy.token(24).hex()
        sampled = int(fresh[18:32], 16) < self._below if known is None else known.sampled
        if not sampled:
            trace_id = fresh[:32] if known is None else known.trace_id
            silent = TraceParent(trace_id, fresh[32:], sampled=False)
            client.trace = RequestTrace(silent, state, None, head)
            return
        about: dict[str, str | int] = {
            "http.request.method": head.method.decode("ascii"),
            "url.scheme": client.plan.scheme.decode("ascii"),
            "server.address": client.plan.public_host.decode("ascii"),
            "network.protocol.version": f"1.{head.minor}",
            "portvakt.request_id": client.request_id.decode("ascii"),
        }
        name = head.method.decode("ascii")
        span = self.tracer.begin(name, Kind.SERVER, about, known, state)
        ours = TraceParent(span.trace_id, span.span_id, sampled=True)
        client.trace = RequestTrace(ours, state, span, head)
        client.trace.request_id = client.request_id.decode("ascii")


def _told(head: RequestHead) -> tuple[TraceParent | None, str]:
    """Return what a request says of its trace; two parents are as good as none."""
    parents = [value for name, value in head.fields if name.lower() == TRACEPARENT]
    known = parse_traceparent(parents[0]) if len(parents) == 1 else None
    if known is None:
        return None, ""
    return known, parse_tracestate([v for name, v in head.fields if name.lower() == TRACESTATE])


class TracedExchange(Exchange):
    """An exchange that is recorded. Who is not sampled has the plain one, and pays nothing."""

    __slots__ = ("_trace",)

    def __init__(
        self,
        client: ClientConnection,
        head: RequestHead,
        head_bytes: bytes,
        pool: Pool,
        live: LiveSession | None,
    ) -> None:
        super().__init__(client, head, head_bytes, pool, live)
        self._trace = client.trace

    def answer_head(self, head: ResponseHead) -> None:
        """Note the status; see upstream.Asker."""
        trace = self._trace
        if trace is not None and not head.is_interim:
            trace.heard(head.status)
        super().answer_head(head)
        # What follows a 101 is no answer, and may last for hours.
        if trace is not None and head.status == _SWITCHING:
            trace.end()

    def answer_end(self, trailers: Fields) -> None:
        """End the spans; see upstream.Asker."""
        if self._trace is not None:
            self._trace.end()
        super().answer_end(trailers)

    def abandon(self) -> None:
        """End the spans of what is given up."""
        super().abandon()
        if self._trace is not None:
            self._trace.end("aborted")
