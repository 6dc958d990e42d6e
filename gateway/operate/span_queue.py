"""Spans on their way to a collector: a bounded queue, and a thread that empties it.

A collector that is dead, slow or hangs costs no request anything: what finds the queue full is
dropped and counted, and the end of a worker waits for a moment only. The SDK's own processor logs a
line a dropped span, counts none, and keeps a process alive for as long as an export hangs.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

HELD: Final = 2048
"""Spans that may wait; a logon has about twenty."""
_AT_ONCE: Final = 128
"""Spans of one export: to encode them holds the interpreter for some milliseconds."""
_EVERY_S: Final = 1.0
_LAST_S: Final = 1.0
"""How long the end of a worker waits for what is left."""

Count = Callable[[str, int], None]
"""Counts spans as "sent", "failed" (the collector did not take them) or "dropped"."""

_log: Final = logging.getLogger("portvakt.traces")


class SpanQueue(SpanProcessor):
    """Takes spans from the event loop, exports from a thread of its own. Close it after use."""

    def __init__(self, exporter: SpanExporter, count: Count, held: int = HELD) -> None:
        self._exporter = exporter
        self._count = count
        self._held = held
        self._waiting: deque[ReadableSpan] = deque()
        self._wake = threading.Event()
        self._stopping = False
        self._works = True
        self._thread = threading.Thread(target=self._run, name="traces", daemon=True)
        self._thread.start()

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Take no note; see the SDK."""

    def on_end(self, span: ReadableSpan) -> None:
        """Keep a span until it is sent; never waits."""
        if len(self._waiting) >= self._held:
            self._count("dropped", 1)
            return
        self._waiting.append(span)
        if len(self._waiting) >= _AT_ONCE:
            self._wake.set()

    async def close(self) -> None:
        """Send what is left, as far as a moment is enough for it."""
        self._stopping = True
        self._wake.set()
        await asyncio.to_thread(self._thread.join, _LAST_S)
        if self._thread.is_alive():
            self._exporter.shutdown()  # what hangs is left behind: the thread is a daemon

    def _run(self) -> None:
        while not self._stopping or self._waiting:
            if len(self._waiting) < _AT_ONCE and not self._stopping:
                self._wake.wait(_EVERY_S)
            self._wake.clear()
            batch = [self._waiting.popleft() for _ in range(min(_AT_ONCE, len(self._waiting)))]
            if batch:
                self._send(batch)
        self._exporter.shutdown()

    def _send(self, batch: list[ReadableSpan]) -> None:
        try:
            worked = self._exporter.export(batch) is SpanExportResult.SUCCESS
        except Exception:  # noqa: BLE001 - whatever it is, it must not end the thread
            worked = False
        self._count("sent" if worked else "failed", len(batch))
        if worked != self._works:
            self._works = worked
            told = "takes traces again" if worked else "does not take traces: they are dropped"
            _log.warning("the collector %s", told)
