"""gateway/proxy/decide.py: address, network, session token, upgrade."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest

from gateway.proxy import decide
from policies.decision import Allow, Challenge, Deny, Reason, StepUp
from policies.hours import Hours, Span
from policies.routes import Route
from tests.proxy.parts import live, plan, request

PLAN = plan()
PROXIED = plan(
    {"[[upstream]]": '[listen]\ntrusted_proxies = ["127.0.0.1/32", "10.9.0.0/16"]\n[[upstream]]'}
)
SECURE = plan({"http://localhost:8080": "https://localhost"})

TOKENS = {
    b"": None,
    b"Cookie: gateway=t\r\n": b"t",
    b"cookie: a=1; gateway=t; b=2\r\n": b"t",
    b"COOKIE: gateway=t\r\n": b"t",
    b"Cookie: a=1\r\nCookie: gateway=t\r\n": b"t",
    b"Cookie: gateway=\r\n": None,
    b"Cookie: gateway\r\n": None,
    b"Cookie: =gateway=t\r\n": None,
    b"Cookie: gateway=t; gateway=u\r\n": None,
    b"Cookie: gateway=t; gateway=t\r\n": None,
    b"Cookie: gateway=; gateway=t\r\n": None,
    b"Cookie: gateway=t\r\nCookie: gateway=u\r\n": None,
    b'Cookie: gateway="t"\r\n': b'"t"',  # no token looks like that: nobody is logged on by it
    b"Cookie: Gateway=t\r\n": None,
    b"Cookie: __Host-gateway=t\r\n": None,
    b"C_ookie: gateway=t\r\n": None,
    b"Cookie: gateway-form=t\r\n": None,
}


@pytest.mark.parametrize("fields", TOKENS, ids=repr)
def test_session_token(fields: bytes) -> None:
    assert decide.session_token(PLAN, request(fields)) == TOKENS[fields]


def test_under_https_the_cookie_is_pinned_to_the_host() -> None:
    assert decide.session_token(SECURE, request(b"Cookie: gateway=t\r\n")) is None
    assert decide.session_token(SECURE, request(b"Cookie: __Host-gateway=t; gateway=u\r\n")) == b"t"


XFF = b"X-Forwarded-For: "
ORIGINS = [
    # without a trusted proxy the field is air
    (PLAN, "203.0.113.9", b"", "203.0.113.9", "internet"),
    (PLAN, "203.0.113.9", XFF + b"10.0.0.5\r\n", "203.0.113.9", "internet"),
    (PLAN, "10.0.0.5", XFF + b"203.0.113.9\r\n", "10.0.0.5", "corporate"),
    (PLAN, "::ffff:10.0.0.5", b"", "10.0.0.5", "corporate"),
    (PLAN, "", b"", "", "internet"),
    # an untrusted peer of a gateway that trusts others
    (PROXIED, "203.0.113.9", XFF + b"10.0.0.5\r\n", "203.0.113.9", "internet"),
    # the right-most hop that is not trusted decides
    (PROXIED, "127.0.0.1", XFF + b"203.0.113.9\r\n", "203.0.113.9", "internet"),
    (PROXIED, "127.0.0.1", XFF + b"10.0.0.5, 203.0.113.9\r\n", "203.0.113.9", "internet"),
    (PROXIED, "127.0.0.1", XFF + b"203.0.113.9, 10.0.0.5\r\n", "10.0.0.5", "corporate"),
    (PROXIED, "127.0.0.1", XFF + b"203.0.113.9, 10.9.1.1\r\n", "203.0.113.9", "internet"),
    (PROXIED, "::ffff:127.0.0.1", XFF + b"203.0.113.9\r\n", "203.0.113.9", "internet"),
    # field lines are one list
    (PROXIED, "127.0.0.1", XFF + b"10.0.0.5\r\n" + XFF + b"203.0.113.9\r\n", "203.0.113.9", "internet"),
    (PROXIED, "127.0.0.1", b"x-FORWARDED-for: 203.0.113.9\r\n", "203.0.113.9", "internet"),
    # another spelling is another field
    (PROXIED, "127.0.0.1", b"X_Forwarded_For: 10.0.0.5\r\n", "", "internet"),
    # what cannot be read is outside
    (PROXIED, "127.0.0.1", b"", "", "internet"),
    (PROXIED, "127.0.0.1", XFF + b"\r\n", "", "internet"),
    (PROXIED, "127.0.0.1", XFF + b"10.0.0.5, garbage\r\n", "", "internet"),
    (PROXIED, "127.0.0.1", XFF + b"010.0.0.5\r\n", "", "internet"),
    (PROXIED, "127.0.0.1", XFF + b"10.0.0.5:80\r\n", "", "internet"),
    (PROXIED, "127.0.0.1", XFF + b"10.0.0.5,\r\n", "", "internet"),
    (PROXIED, "127.0.0.1", XFF + b"127.0.0.1, 10.9.0.1\r\n", "", "internet"),
]  # fmt: skip


@pytest.mark.parametrize(("chosen", "peer", "fields", "address", "network"), ORIGINS)
def test_origin(chosen, peer: str, fields: bytes, address: str, network: str) -> None:
    assert decide.origin_of(chosen, peer, request(fields)) == decide.Origin(address, network)


def test_routes() -> None:
    assert decide.find_route(PLAN, request(line=b"GET /hr/?a=/static/ HTTP/1.1")).path == "/hr/"
    assert decide.find_route(PLAN, request(host=b"Host: evil\r\n")) == Deny(
        400, Reason.UNKNOWN_HOST
    )
    assert decide.find_route(PLAN, request(host=b"Host: LOCALHOST.:99\r\n")).path == "/"
    old = request(line=b"GET / HTTP/1.0", host=b"")
    assert decide.find_route(PLAN, old).path == "/"


ASKS = b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
OWN = b"Origin: http://localhost:8080\r\n"
ROUTE = Route("/", "portal")
OUTSIDE = decide.Origin("203.0.113.9", "internet")
NO = Deny(403, Reason.ORIGIN_NOT_ALLOWED)
UPGRADES = [
    (ASKS + OWN, ROUTE, Allow(Reason.SESSION), True),
    (ASKS, ROUTE, NO, True),
    (ASKS + b"Origin: null\r\n", ROUTE, NO, True),
    (ASKS + OWN + OWN, ROUTE, NO, True),
    (ASKS + b"Origin: http://localhost:8080\xff\r\n", ROUTE, NO, True),
    (ASKS.replace(b"websocket", b"h2c"), ROUTE, Allow(Reason.SESSION), False),
    (ASKS.replace(b"websocket", b"h2c") + OWN, Route("/", "p", upgrades=frozenset({"h2c"})), Allow(Reason.SESSION), False),
    (ASKS, Route("/", "p", upgrades=frozenset()), Allow(Reason.SESSION), False),
    (b"Origin: https://evil\r\n", ROUTE, Allow(Reason.SESSION), False),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "route", "decision", "offered"), UPGRADES)
def test_upgrades(fields: bytes, route: Route, decision: object, *, offered: bool) -> None:
    head = request(fields)
    assert decide.judge(PLAN, route, live(), OUTSIDE, head, float) == decision
    assert decide.may_upgrade(route, head) is offered


def test_what_was_decided_once_holds_for_that_route_and_network_only() -> None:
    session, head = live(groups=("hr",)), request()
    session.record = replace(session.record, factors=("pwd",))  # type: ignore[misc] - as logged on inside
    inside = decide.Origin("10.0.0.5", "corporate")
    closed = Route("/", "portal", groups=frozenset({"boss"}))
    for _ in range(2):
        for route, origin, decision in (
            (ROUTE, inside, Allow(Reason.SESSION)),
            (ROUTE, OUTSIDE, StepUp(Reason.CODE_NEEDED)),
            (closed, OUTSIDE, Deny(403, Reason.GROUP_MISSING)),
            (closed, inside, Deny(403, Reason.GROUP_MISSING)),
            (Route("/", "portal"), inside, Allow(Reason.SESSION)),
        ):
            assert decide.judge(PLAN, route, session, origin, head, float) == decision


def test_time_and_method_are_looked_at_each_time() -> None:
    session, head = live(), request()
    morning = Route("/", "portal", hours=Hours((Span(frozenset({3}), 0, 720),), UTC, ""))
    for now, decision in (
        (0.0, Allow(Reason.SESSION)),
        (43_200.0, Deny(403, Reason.OUTSIDE_HOURS)),
    ):
        # The first of January 1970 was a Thursday.
        assert decide.judge(PLAN, morning, session, OUTSIDE, head, lambda now=now: now) == decision
    reading = Route("/", "portal", methods=frozenset({b"GET"}))
    post = request(b"Content-Length: 0\r\n", b"POST / HTTP/1.1")
    refused = Deny(403, Reason.METHOD_NOT_ALLOWED)
    for asked, decision in ((head, Allow(Reason.SESSION)), (post, refused)):
        assert decide.judge(PLAN, reading, session, OUTSIDE, asked, float) == decision


def test_nobody() -> None:
    assert decide.judge(PLAN, ROUTE, None, OUTSIDE, request(), float) == Challenge(
        Reason.NO_SESSION
    )
