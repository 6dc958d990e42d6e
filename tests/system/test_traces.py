"""Traces of a real gateway, as a receiver of OTLP is told of them."""

from __future__ import annotations

import json
import re

import pytest

from tests.system.collector import running_collector
from tests.system.gateway import PASSWORD, running_gateway, running_stub, wait_for
from tests.system.scraping import metrics
from tests.system.visitor import Visitor, insider

pytestmark = [pytest.mark.system, pytest.mark.slow]

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
SAMPLED = f"00-{TRACE}-{SPAN}-01"
UNSAMPLED = f"00-{TRACE}-{SPAN}-00"
PROXY = "127.0.0.9"
TABLES = """
[telemetry]
traces = "{url}"
sample = 1
continue_from_proxies = true
[log]
format = "json"
level = "debug"
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    directory = tmp_path_factory.mktemp("traces")
    with (
        running_collector() as collector,
        running_stub(directory) as stub,
        running_gateway(
            directory,
            portal=stub.portal,
            phone=stub.phone,
            tables=TABLES.format(url=collector.url),
            listen=f'trusted_proxies = ["{PROXY}"]',
            sms='countries = ["SE"]\n',
        ) as gateway,
    ):
        gateway.add_users("anna,Anna Åkesson,0701740605,staff")
        yield gateway, stub, collector


def whole(collector, root: str, *names: str):
    """Return the newest trace of that name once all these spans of it have come."""

    def has_come() -> bool:
        return set(names) <= {span.name for span in collector.trace(root)}

    wait_for(has_come, f"a trace of {root} with {names}: {collector.spans()}")
    return collector.trace(root)


def under(spans, name: str) -> list[str]:
    """Return the names of a span and all that it is part of, innermost first."""
    by_id = {span.id: span for span in spans}
    one = next(span for span in spans if span.name == name)
    chain = [one.name]
    while one.parent in by_id:
        one = by_id[one.parent]
        chain.append(one.name)
    return chain


def traceparent(stub) -> str | None:
    """Return what the portal was sent last, in small letters."""
    fields = {name.lower(): value for name, value in stub.new_requests()[-1]["headers"]}
    return fields.get("traceparent")


def test_a_logon_from_outside_is_followed_to_redis_directory_and_phone(place):
    gateway, stub, collector = place
    visitor = Visitor(gateway)
    visitor.log_on("anna", stub)
    names = ("page POST /.gateway/logon", "directory authenticate", "read users", "sms http-1")
    spans = whole(collector, "POST /.gateway/", "page POST /.gateway/otp", "EVALSHA session_open")
    first = next(s for s in collector.spans() if s.name == names[0])
    asked = [s for s in collector.spans() if s.trace == first.trace]
    wait_for(
        lambda: set(names) <= {s.name for s in collector.spans() if s.trace == first.trace},
        "the message",
    )
    asked = [s for s in collector.spans() if s.trace == first.trace]
    assert {s.trace for s in asked} != {s.trace for s in spans}, "a trace a request"
    page = ["page POST /.gateway/logon", "POST /.gateway/"]
    assert under(asked, "read users") == ["read users", "directory authenticate", *page]
    assert under(asked, "sms http-1") == ["sms http-1", *page]
    assert [s.name for s in asked if s.name.startswith("EVALSHA")], "the tries are counted"
    assert under(spans, "EVALSHA session_open")[1:] == [
        "page POST /.gateway/otp",
        "POST /.gateway/",
    ]
    kinds = {s.name: s.kind for s in asked}
    assert kinds["POST /.gateway/"] == "SERVER"
    assert kinds["read users"] == kinds["sms http-1"] == "CLIENT"
    redis = next(s for s in asked if s.name.startswith("EVALSHA"))
    assert redis.about == {"db.system.name": "redis"}


def test_an_allowed_request_has_a_server_span_and_a_client_span(place):
    gateway, stub, collector = place
    visitor = insider(gateway, "anna")
    answer = visitor.get("/debug/echo?token=hemlig-9")
    assert answer.status == 200
    told = traceparent(stub)
    wait_for(lambda: told.split("-")[1] in {s.trace for s in collector.spans()}, "the trace")
    spans = [s for s in collector.spans() if s.trace == told.split("-")[1]]
    server = next(s for s in spans if s.kind == "SERVER")
    client = next(s for s in spans if s.kind == "CLIENT" and s.parent == server.id)
    assert told == f"00-{server.trace}-{client.id}-01"
    assert server.name == "GET /"
    assert server.about["http.route"] == "/"
    assert server.about["http.request.method"] == "GET"
    assert server.about["http.response.status_code"] == 200
    assert client.name == "GET"
    assert client.about["portvakt.upstream"] == "portal"
    assert client.about["http.response.status_code"] == 200
    assert re.fullmatch(r"[0-9a-f]+-[0-9a-f]+", server.about["portvakt.request_id"])


def test_an_answer_of_our_own_is_a_span_too(place):
    gateway, _, collector = place
    assert Visitor(gateway).get("/debug/own").status == 302
    wait_for(
        lambda: any(s.about.get("http.response.status_code") == 302 for s in collector.spans()),
        "the span of a redirect",
    )


@pytest.mark.parametrize("sent", [SAMPLED, UNSAMPLED, "00-" + "0" * 32 + f"-{SPAN}-01", "hej"])
def test_a_stranger_chooses_neither_trace_nor_sampling(place, sent):
    gateway, stub, collector = place
    visitor = insider(gateway, "anna")
    visitor.get("/debug/echo", traceparent=sent, tracestate="evil=1")
    told = traceparent(stub)
    assert TRACE not in told
    assert told.endswith("-01"), "we record all, whatever a stranger says"
    wait_for(lambda: told.split("-")[1] in {s.trace for s in collector.spans()}, "the trace")
    assert "evil" not in json.dumps(stub.requests()[-1]["headers"])


def test_a_trusted_proxy_says_which_trace_and_whether(place):
    gateway, stub, collector = place
    token = insider(gateway, "anna").cookies
    visitor = Visitor(gateway, PROXY)
    visitor.cookies = token
    forwarded = {"X_Forwarded_For": "127.0.0.2"}
    visitor.get("/debug/echo", traceparent=SAMPLED, tracestate="a=1,b=2", **forwarded)
    request = stub.new_requests()[-1]
    fields = {name.lower(): value for name, value in request["headers"]}
    assert fields["traceparent"].startswith(f"00-{TRACE}-")
    assert SPAN not in fields["traceparent"]
    assert fields["tracestate"] == "a=1,b=2"
    wait_for(lambda: TRACE in {s.trace for s in collector.spans()}, "the trace")
    server = next(s for s in collector.spans() if s.trace == TRACE and s.kind == "SERVER")
    assert server.parent == SPAN
    other = TRACE.replace("4b", "5c")
    visitor.get("/debug/echo", traceparent=UNSAMPLED.replace(TRACE, other), **forwarded)
    assert re.fullmatch(rf"00-{other}-[0-9a-f]{{16}}-00", traceparent(stub))
    visitor.get("/debug/echo", **forwarded)  # what comes later is told, so that was not
    newest = traceparent(stub).split("-")[1]
    wait_for(lambda: newest in {s.trace for s in collector.spans()}, "the trace")
    assert other not in {s.trace for s in collector.spans()}


def test_no_secret_is_in_any_span(place):
    gateway, stub, collector = place
    visitor = Visitor(gateway)
    visitor.password("anna", "Fel8losen9")
    visitor = Visitor(gateway)
    visitor.log_on("anna", stub)
    code = stub.code()
    visitor.get("/debug/echo?search=hemlig-7", Authorization="Basic aGVqOmhlag==")
    told = traceparent(stub).split("-")[1]
    wait_for(lambda: told in {s.trace for s in collector.spans()}, "the trace")
    everything = b"".join(collector.bodies)
    secrets = [PASSWORD, "Fel8losen9", code, "0701740605", "46701740605", "hemlig", "aGVqOmhlag"]
    secrets += [*visitor.cookies.values(), "anna", "127.0.0.1:" + str(gateway.port)]
    for secret in secrets:
        assert secret.encode() not in everything, secret


def test_log_lines_name_request_and_trace(place):
    gateway, _, collector = place
    gateway.add_user("nora", mobile="+4791234567")
    Visitor(gateway).password("nora")

    def told() -> list[dict]:
        found = [json.loads(one) for one in gateway.log.read_text().splitlines() if one[:1] == "{"]
        return [one for one in found if "no [[sms]]" in one["event"]]

    wait_for(told, "the line of a message that nobody is for")
    (line,) = told()
    assert (line["worker"], line["level"]) == ("worker 0", "warning")
    failed = next(event for event in gateway.audit() if event["event"] == "code.failed")
    assert line["request_id"] == failed["request_id"]
    wait_for(lambda: line["trace_id"] in {s.trace for s in collector.spans()}, "its trace")
    asked = [s for s in collector.spans() if s.trace == line["trace_id"]]
    (server,) = [s for s in asked if s.kind == "SERVER"]
    assert server.about["portvakt.request_id"] == line["request_id"]


def test_a_collector_that_hangs_costs_nobody_anything(place):
    gateway, stub, collector = place
    visitor = insider(gateway, "anna")
    collector.hold.clear()
    try:
        dropped = 'portvakt_spans_total{outcome="dropped"}'
        for _ in range(60):
            for _ in range(25):
                assert visitor.get("/debug/echo").status == 200
            if metrics(gateway)[dropped] > 0:
                break
        assert metrics(gateway)[dropped] > 0, "what does not fit is counted"
    finally:
        collector.hold.set()
    sent = metrics(gateway)['portvakt_spans_total{outcome="sent"}']
    wait_for(
        lambda: metrics(gateway)['portvakt_spans_total{outcome="sent"}'] > sent, "sending again"
    )
    stub.new_requests()
