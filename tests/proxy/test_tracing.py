"""gateway/proxy/tracing.py: trace context in and out, and what becomes of spans at each end."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from gateway.proxy.tracing import Traces
from gateway.settings.model import Telemetry
from gateway.spans import Attributes, Kind
from gateway.system import SystemEntropy
from policies.trace_context import TraceParent
from tests.proxy.house import COOKIE, House, Visit, get, saying

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GOOD = f"00-{TRACE}-{SPAN}-01".encode()
OURS = re.compile(rb"00-([0-9a-f]{32})-([0-9a-f]{16})-(0[01])")
TRUSTING = 'public_url = "http://localhost:8080"\n[listen]\ntrusted_proxies = ["127.0.0.1"]\n'


@dataclass
class Noted:
    """A span, as it was told."""

    name: str
    kind: Kind
    parent: str
    about: dict[str, str | int]
    trace_id: str = TRACE
    span_id: str = SPAN
    ended: list[str] = field(default_factory=list)
    parts: list[Noted] = field(default_factory=list)

    def child(self, name: str, kind: Kind, attributes: Attributes) -> Noted:
        part = Noted(
            name, kind, self.span_id, dict(attributes), self.trace_id, f"{len(self.parts) + 1:016x}"
        )
        self.parts.append(part)
        return part

    def rename(self, name: str) -> None:
        self.name = name

    def note(self, attributes: Attributes) -> None:
        assert not self.ended, "nothing is noted after the end"
        self.about |= attributes

    def end(self, error: str = "") -> None:
        self.ended.append(error)


class Notes:
    """A tracer that keeps the spans it was asked for."""

    def __init__(self) -> None:
        self.spans: list[Noted] = []

    def begin(
        self,
        name: str,
        kind: Kind,
        attributes: Attributes,
        parent: TraceParent | None,
        state: str = "",
    ) -> Noted:
        told = "" if parent is None else parent.span_id
        made = Noted(name, kind, told, dict(attributes))
        self.spans.append(made)
        return made

    async def close(self) -> None:
        return


def follow(house: House, *, sample: float = 1.0, proxies: bool = False) -> Notes:
    """Have a house's requests followed."""
    notes = Notes()
    traces = Traces(notes, Telemetry("http://c", sample, proxies), SystemEntropy())
    house.door.adopt(replace(house.door.plan, traces=traces))
    return notes


def sent(head: bytes, name: bytes) -> list[bytes]:
    """Return the values of a field that an upstream was sent."""
    return [
        line.partition(b": ")[2]
        for line in head.split(b"\r\n")
        if line.lower().startswith(name + b":")
    ]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("fields", "parents", "states"),
    [
        (b"traceparent: %b\r\ntracestate: a=1\r\n" % GOOD, [GOOD], [b"a=1"]),
        (
            b"Tracestate: a=1\r\nTraceparent: %b\r\nTracestate: b=2\r\n" % GOOD,
            [GOOD],
            [b"a=1", b"b=2"],
        ),
        (b"traceparent: %b\r\ntracestate: A\r\n" % GOOD, [GOOD], []),
        (b"traceparent: %b\r\ntracestate: a=1\r\n" % GOOD.upper(), [], []),
        (b"traceparent: %b\r\ntraceparent: %b\r\n" % (GOOD, GOOD), [], []),
        (b"tracestate: a=1\r\n", [], []),
        (b"traceparent: %b\r\nConnection: traceparent\r\n" % GOOD, [], []),
        (b"traceparent: x\r\n" + COOKIE, [], []),
    ],
)
async def test_without_traces_only_what_is_well_formed_passes_on(
    tmp_path: Path, fields: bytes, parents: list[bytes], states: list[bytes]
) -> None:
    async with House(tmp_path) as house:
        client = await house.client()
        await client.ask(get(b"/static/x", fields))
        (head,) = house.origin.heads()
        assert (sent(head, b"traceparent"), sent(head, b"tracestate")) == (parents, states)


@pytest.mark.asyncio
async def test_a_request_that_is_not_recorded_says_so(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        notes = follow(house, sample=0.0)
        client = await house.client()
        for _ in range(2):
            await client.ask(get(b"/", COOKIE + b"traceparent: %b\r\ntracestate: a=1\r\n" % GOOD))
        told = [OURS.fullmatch(sent(head, b"traceparent")[0]) for head in house.origin.heads()]
        assert [one[3] for one in told if one] == [b"00", b"00"]
        assert len({one[1] for one in told if one} | {TRACE.encode()}) == 3
        assert not any(sent(head, b"tracestate") for head in house.origin.heads())
        assert notes.spans == []


@pytest.mark.asyncio
async def test_spans_of_an_allowed_request(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        notes = follow(house)
        client = await house.client()
        await client.ask(get(b"/static/secret?code=123456", b""))
        (span,) = notes.spans
        assert (span.name, span.kind, span.parent, span.ended) == (
            "GET /static/",
            Kind.SERVER,
            "",
            [""],
        )
        assert span.about == {
            "http.request.method": "GET",
            "url.scheme": "http",
            "server.address": "localhost",
            "network.protocol.version": "1.1",
            "http.route": "/static/",
            "http.response.status_code": 200,
            "portvakt.request_id": span.about["portvakt.request_id"],
        }
        (asked,) = span.parts
        assert (asked.name, asked.kind, asked.ended) == ("GET", Kind.CLIENT, [""])
        assert asked.about["server.port"] == house.origin.port
        (head,) = house.origin.heads()
        assert sent(head, b"traceparent") == [f"00-{TRACE}-{asked.span_id}-01".encode()]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("request_bytes", "name", "status", "error"),
    [
        (get(b"/", b"Sec-Fetch-Mode: navigate\r\n"), "GET /", 302, ""),
        (get(b"/", b""), "GET /", 401, ""),
        (get(b"/hr/x"), "GET /hr/", 403, ""),
    ],
)
async def test_an_answer_of_our_own_ends_the_span(
    tmp_path: Path, request_bytes: bytes, name: str, status: int, error: str
) -> None:
    async with House(tmp_path) as house:
        notes = follow(house)
        client = await house.client()
        assert (await client.ask(request_bytes)).status == status
        (span,) = notes.spans
        assert (span.name, span.ended, span.parts) == (name, [error], [])
        assert span.about["http.response.status_code"] == status


@pytest.mark.asyncio
async def test_an_upstream_that_fails_is_an_error_of_both_spans(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        house.origin.script = saying(close=True)
        notes = follow(house)
        client = await house.client()
        assert (await client.ask(get())).status == 502
        (span,) = notes.spans
        assert (span.ended, span.parts[0].ended) == (["502"], ["502"])
        assert span.about["error.type"] == "502"


@pytest.mark.asyncio
async def test_who_goes_away_ends_the_spans(tmp_path: Path) -> None:
    waiting = asyncio.Event()

    async def script(visit: Visit) -> None:
        await visit.head()
        waiting.set()
        await visit.to_end()

    async with House(tmp_path) as house:
        house.origin.script = script
        notes = follow(house)
        client = await house.client()
        client.send(get())
        await waiting.wait()
        client.reset()
        (span,) = notes.spans
        await house.until(lambda: bool(span.ended))
        assert (span.ended, span.parts[0].ended) == (["aborted"], ["aborted"])


@pytest.mark.asyncio
async def test_a_session_that_is_read_is_a_part(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        house.sessions.cold.add(b"anna")
        notes = follow(house)
        client = await house.client()
        await client.ask(get())
        (span,) = notes.spans
        assert [part.name for part in span.parts] == ["session read", "GET"]
        assert [part.ended for part in span.parts] == [[""], [""]]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("proxies", "trusted", "continued"),
    [(True, True, True), (True, False, False), (False, True, False)],
)
async def test_whose_trace_is_continued(
    tmp_path: Path, proxies: bool, trusted: bool, continued: bool
) -> None:
    toml = House(tmp_path).toml
    if trusted:
        toml = toml.replace('public_url = "http://localhost:8080"\n', TRUSTING)
    async with House(tmp_path, toml) as house:
        notes = follow(house, sample=0.0 if continued else 1.0, proxies=proxies)
        client = await house.client()
        fields = b"traceparent: %b\r\ntracestate: a=1\r\n" % GOOD
        await client.ask(get(b"/static/x", fields))
        (span,) = notes.spans
        assert span.parent == (SPAN if continued else "")
        (head,) = house.origin.heads()
        assert sent(head, b"tracestate") == ([b"a=1"] if continued else [])


@pytest.mark.asyncio
async def test_the_part_that_is_recorded(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        notes = follow(house, sample=0.5)
        client = await house.client()
        for _ in range(200):
            await client.ask(get(b"/static/x", b""))
        assert 50 < len(notes.spans) < 150  # by chance once in 10^12


@pytest.mark.asyncio
async def test_an_edit_that_ends_tracing_leaves_nothing_behind(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        notes = follow(house)
        client = await house.client()
        await client.ask(get(b"/static/x", b""))
        house.door.adopt(replace(house.door.plan, traces=None))
        await client.ask(get(b"/static/x", b""))
        assert len(notes.spans) == 1
        assert not sent(house.origin.heads()[1], b"traceparent")
