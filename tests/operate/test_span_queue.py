"""gateway/operate/span_queue.py: bounded, counted, and never in anybody's way."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from gateway.operate.span_queue import SpanQueue

PATIENCE_S = 10


class Exporter(SpanExporter):
    """Takes what `answers` say; hangs while `free` is not set."""

    def __init__(self, *answers: SpanExportResult | Exception) -> None:
        self.answers = list(answers)
        self.free = threading.Event()
        self.free.set()
        self.asked = threading.Event()
        self.batches: list[int] = []
        self.is_shut = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.asked.set()
        self.free.wait(PATIENCE_S)
        self.batches.append(len(spans))
        answer = self.answers.pop(0) if self.answers else SpanExportResult.SUCCESS
        if isinstance(answer, Exception):
            raise answer
        return answer

    def shutdown(self) -> None:
        self.is_shut = True


def opened(exporter: Exporter, held: int = 300) -> tuple[SpanQueue, Counter[str]]:
    counted: Counter[str] = Counter()

    def count(outcome: str, number: int) -> None:
        counted[outcome] += number

    return SpanQueue(exporter, count, held), counted


def ended(queue: SpanQueue, number: int) -> None:
    for _ in range(number):
        queue.on_end(ReadableSpan("x"))


@pytest.mark.asyncio
async def test_what_is_left_is_sent_at_the_end() -> None:
    exporter = Exporter()
    queue, counted = opened(exporter)
    ended(queue, 200)
    await queue.close()
    assert counted == {"sent": 200}
    assert max(exporter.batches) <= 128
    assert exporter.is_shut


@pytest.mark.asyncio
@pytest.mark.parametrize("answer", [SpanExportResult.FAILURE, OSError("hej"), ValueError("hej")])
async def test_what_is_not_taken_is_counted_and_the_rest_is_sent(
    answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    exporter = Exporter(answer)
    queue, counted = opened(exporter)
    ended(queue, 200)
    await queue.close()
    assert counted["failed"] > 0
    assert sum(counted.values()) == 200
    told = [record.getMessage() for record in caplog.records]
    assert told[0] == "the collector does not take traces: they are dropped"
    assert "hej" not in "".join(told)


@pytest.mark.asyncio
async def test_a_collector_that_hangs_fills_the_queue_and_no_more() -> None:
    exporter = Exporter()
    exporter.free.clear()
    queue, counted = opened(exporter, held=150)
    ended(queue, 128)
    assert await asyncio.to_thread(exporter.asked.wait, PATIENCE_S)
    ended(queue, 200)
    assert counted == {"dropped": 50}
    await asyncio.wait_for(queue.close(), PATIENCE_S / 2)
    assert exporter.is_shut, "it is told to give up"
    exporter.free.set()
