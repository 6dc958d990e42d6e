"""Traces by OpenTelemetry's SDK: the one place that knows it. Imported where traces are on.

Whether a request is recorded was decided before (`gateway/proxy/tracing.py`), so the SDK samples
everything it is given.
"""

from __future__ import annotations

import logging
import os
import socket
from importlib.metadata import version
from typing import Final

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    TraceState,
    set_span_in_context,
)
from opentelemetry.trace import Span as OtelSpan
from opentelemetry.trace import Tracer as OtelTracer

from gateway import spans
from gateway.operate.span_queue import Count, SpanQueue
from policies.trace_context import TraceParent

_KINDS: Final = {
    spans.Kind.SERVER: SpanKind.SERVER,
    spans.Kind.CLIENT: SpanKind.CLIENT,
    spans.Kind.INTERNAL: SpanKind.INTERNAL,
}
_TIMEOUT_S: Final = 5.0


class Tracing:
    """Records spans and sends them to the collector at `url`. Make it after the fork."""

    def __init__(self, url: str, count: Count) -> None:
        """`count` is called from two threads, with other words by each."""
        # What they say may quote an answer, and what matters is counted and logged here.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        logging.getLogger("urllib3").setLevel(logging.CRITICAL)
        self._queue = SpanQueue(OTLPSpanExporter(endpoint=url, timeout=_TIMEOUT_S), count)
        about = {
            "service.name": "portvakt",
            "service.version": version("portvakt"),
            "service.instance.id": f"{socket.gethostname()}:{os.getpid()}",
        }
        provider = TracerProvider(
            sampler=ALWAYS_ON, resource=Resource.create(about), shutdown_on_exit=False
        )
        provider.add_span_processor(self._queue)
        self._tracer = provider.get_tracer("portvakt")

    def begin(
        self,
        name: str,
        kind: spans.Kind,
        attributes: spans.Attributes,
        parent: TraceParent | None,
        state: str = "",
    ) -> spans.Span:
        """Begin the first span here: of a new trace, or of that of `parent`."""
        around = Context() if parent is None else _context_of(parent, state)
        return _Span(self._tracer, name, kind, attributes, around)

    async def close(self) -> None:
        """Hand over what was recorded, as far as that is quick."""
        await self._queue.close()


class _Span:
    """One span. Implements `gateway.spans.Span`."""

    __slots__ = ("_span", "_tracer", "span_id", "trace_id")

    def __init__(
        self,
        tracer: OtelTracer,
        name: str,
        kind: spans.Kind,
        attributes: spans.Attributes,
        around: Context,
    ) -> None:
        self._tracer = tracer
        self._span: OtelSpan = tracer.start_span(name, around, _KINDS[kind], attributes)
        context = self._span.get_span_context()
        self.trace_id = f"{context.trace_id:032x}"
        self.span_id = f"{context.span_id:016x}"

    def child(self, name: str, kind: spans.Kind, attributes: spans.Attributes) -> spans.Span:
        """Begin a part of it."""
        around = set_span_in_context(self._span, Context())
        return _Span(self._tracer, name, kind, attributes, around)

    def rename(self, name: str) -> None:
        """Call it otherwise, now that more is known."""
        self._span.update_name(name)

    def note(self, attributes: spans.Attributes) -> None:
        """Add attributes."""
        self._span.set_attributes(attributes)

    def end(self, error: str = "") -> None:
        """Let it end now; `error` is what went wrong: a status or the name of an exception."""
        if error:
            self._span.set_attribute("error.type", error)
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()


def _context_of(parent: TraceParent, state: str) -> Context:
    told = SpanContext(
        int(parent.trace_id, 16),
        int(parent.span_id, 16),
        is_remote=True,
        trace_flags=TraceFlags(int(parent.sampled)),
        trace_state=TraceState.from_header([state]) if state else None,
    )
    return set_span_in_context(NonRecordingSpan(told), Context())
