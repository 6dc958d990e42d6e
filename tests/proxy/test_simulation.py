"""gateway/proxy/simulation.py: a simulated request is judged as the front door judges a real one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.proxy import decide
from gateway.proxy.simulation import Asked, Stage, read_field, read_url, simulate
from gateway.wire.errors import BadMessage
from policies.decision import Deny
from policies.routes import PAGES
from tests.proxy.parts import live, plan

PLAN = plan(
    {
        'groups = ["hr"]': 'groups = ["hr"]\nmethods = ["GET", "POST"]\nnetworks = ["corporate"]',
        "[[upstream]]": '[listen]\ntrusted_proxies = ["127.0.0.1"]\n[[upstream]]',
    }
)
STAGE = Stage(PLAN.snapshot.settings)
NOW = 3600.0

FIELDS = st.lists(
    st.sampled_from([
        ("X-Forwarded-For", "10.0.0.5"), ("X-Forwarded-For", "203.0.113.9, 10.0.0.5"), ("x-forwarded-for", "junk"),
        ("Origin", "http://localhost:8080"), ("Origin", "https://evil"), ("Connection", "Upgrade"), ("Upgrade", "websocket"),
        ("Upgrade", "h2c"), ("Host", "evil"), ("Cookie", "gateway=x"), ("Content-Length", "0"), ("Accept", "*/*"),
    ]),
    max_size=5,
)  # fmt: skip
TARGETS = st.sampled_from(
    ["/", "/hr/", "/hr", "/HR/", "/static/a", "/static/..%2fhr", "/.gateway/logon", "/a?b=/hr/"]
)
METHODS = st.sampled_from(["GET", "HEAD", "POST", "DELETE", "TRACE", "FOO"])
PEERS = st.sampled_from(["127.0.0.1", "10.0.0.5", "203.0.113.9"])
SESSIONS = st.sampled_from([None, ("hr",), ("staff",)])


@given(METHODS, TARGETS, PEERS, FIELDS, SESSIONS, st.sampled_from(["localhost:8080", "a.se"]))
def test_it_decides_as_the_front_door(method, target, peer, fields, groups, authority) -> None:
    asked = Asked(method, authority, target, peer, tuple(fields), NOW)
    session = None if groups is None else live(groups=groups)
    there = simulate(STAGE, asked, None if session is None else session.record)
    names = [name.lower() for name, _ in fields]
    lines = [] if "host" in names else [f"Host: {authority}"]
    lines += [f"{name}: {value}" for name, value in fields]
    raw = "\r\n".join((f"{method} {target} HTTP/1.1", *lines, "", "")).encode()
    if there.refused:
        with pytest.raises(BadMessage) as error:
            PLAN.reader.read(raw)
        assert (there.status, there.refused) == (error.value.status, error.value.why)
        return
    head = PLAN.reader.read(raw)
    origin = decide.origin_of(PLAN, peer, head)
    assert (there.trace.client, there.network) == (origin.address, origin.network)
    route = decide.find_route(PLAN, head)
    if isinstance(route, Deny):
        assert (there.decision, there.status) == (route, route.status)
        return
    assert there.route == route
    if route is not PAGES:
        assert there.decision == decide.judge(PLAN, route, session, origin, head, lambda: NOW)


@pytest.mark.parametrize(
    ("url", "authority", "target"),
    [
        ("/", "localhost:8080", "/"),
        ("/hr/?a=b#c", "localhost:8080", "/hr/?a=b"),
        ("http://x.example.se", "x.example.se", "/"),
        ("https://x.example.se:8443/a%2fb", "x.example.se:8443", "/a%2fb"),
        ("https://x.example.se?a=b", "x.example.se", "/?a=b"),
        ("https://x.example.se/a b/å", "x.example.se", "/a%20b/%C3%A5"),
        ("//x/y", "localhost:8080", "//x/y"),
        ("http://[::1]:80/a", "[::1]:80", "/a"),
    ],
)
def test_read_url(url: str, authority: str, target: str) -> None:
    assert read_url(url, PLAN.snapshot.settings) == (authority, target)


@pytest.mark.parametrize("url", ["", "x", "ftp://a/", "http:///a", "http://a@b/", "http://[::1/"])
def test_no_url(url: str) -> None:
    with pytest.raises(ValueError, match=r"localhost:8080|IPv6"):
        read_url(url, PLAN.snapshot.settings)


def test_read_field() -> None:
    assert read_field("X-Forwarded-For:  203.0.113.9 ") == ("X-Forwarded-For", "203.0.113.9")
    assert read_field("A:") == ("A", "")
    for line in ("", ":", "A", "A b: c", "A: b\r\nC: d", "Å: b", "A: \x00"):
        with pytest.raises(ValueError, match="header field"):
            read_field(line)


def test_a_stage_stands_for_one_configuration() -> None:
    https = replace(PLAN.snapshot.settings.public_url, scheme="https", origin="https://localhost")
    stage = Stage(replace(PLAN.snapshot.settings, public_url=https))
    assert stage.snapshot.own_origins != STAGE.snapshot.own_origins
