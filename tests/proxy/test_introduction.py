"""gateway/proxy/introduction.py: told to each upstream, signed once a minute."""

from __future__ import annotations

from dataclasses import replace

import jwt

from gateway.auth.assertion import USED_S, Assertions
from gateway.auth.key_ring import new_ring
from gateway.auth.live import LiveSession
from gateway.proxy.introduction import Introductions
from tests.fakes import MORNING, FakeEntropy
from tests.proxy.parts import live, plan

PLAN = plan()
PORTAL = PLAN.upstreams["portal"]
WITHOUT = replace(PORTAL, assertion=False)


def introductions() -> tuple[Introductions, Assertions]:
    assertions = Assertions(new_ring(MORNING), FakeEntropy())
    return Introductions(assertions), assertions


def seen(at: float, session: LiveSession | None = None) -> LiveSession:
    session = session or live()
    session.seen = at
    return session


def claims(lines: bytes) -> dict[str, object]:
    token = lines.rpartition(b"X-Gateway-Assertion: ")[2].removesuffix(b"\r\n").decode()
    return jwt.decode(token, options={"verify_signature": False})


def test_identity_is_one_line_a_field_whatever_the_name() -> None:
    told, _ = introductions()
    session = live("an\r\nna: x", ("a,b", "ö"))
    lines = told.lines(PLAN, WITHOUT, session, "internet")
    assert lines == b"X-Remote-User: an%0D%0Ana: x\r\nX-Remote-Groups: a%2Cb,%C3%B6\r\n"
    assert told.lines(PLAN, WITHOUT, session, "internet") is lines
    other = plan({"X-Remote-User": "X-Other-User"})
    assert told.lines(other, WITHOUT, session, "internet").startswith(b"X-Other-User: ")


def test_the_assertion_is_the_last_line() -> None:
    told, _ = introductions()
    lines = told.lines(PLAN, PORTAL, seen(MORNING), "corporate")
    names = [line.partition(b":")[0] for line in lines.split(b"\r\n")]
    assert names == [b"X-Remote-User", b"X-Remote-Groups", b"X-Gateway-Assertion", b""]
    told_claims = claims(lines)
    assert told_claims["iss"] == "http://localhost:8080"
    assert (told_claims["aud"], told_claims["network"]) == ("portal", "corporate")


def test_it_is_signed_once_and_anew_before_it_runs_out() -> None:
    told, _ = introductions()
    session = seen(MORNING)
    first = told.lines(PLAN, PORTAL, session, "internet")
    assert told.lines(PLAN, PORTAL, seen(MORNING + USED_S - 0.1, session), "internet") is first
    second = told.lines(PLAN, PORTAL, seen(MORNING + USED_S, session), "internet")
    assert claims(second)["exp"] == int(MORNING + USED_S) + 60
    # A clock that was set back must not bring an assertion from the future.
    third = told.lines(PLAN, PORTAL, seen(MORNING, session), "internet")
    assert claims(third)["iat"] == int(MORNING)


def test_each_upstream_and_network_has_its_own() -> None:
    told, _ = introductions()
    session = seen(MORNING)
    wiki = replace(PORTAL, name="wiki")
    other = replace(PLAN, identity={**PLAN.identity, "wiki": PLAN.identity["portal"]})
    inside = told.lines(other, PORTAL, session, "corporate")
    outside = told.lines(other, PORTAL, session, "internet")
    assert (claims(inside)["network"], claims(outside)["network"]) == ("corporate", "internet")
    assert claims(told.lines(other, wiki, session, "internet"))["aud"] == "wiki"
    assert told.lines(other, PORTAL, session, "corporate") is inside
    assert told.lines(other, PORTAL, session, "internet") is outside


def test_other_keys_sign_at_once() -> None:
    told, assertions = introductions()
    session = seen(MORNING)
    first = told.lines(PLAN, PORTAL, session, "internet")
    assertions.use(new_ring(MORNING))
    second = told.lines(PLAN, PORTAL, session, "internet")
    kids = [
        jwt.get_unverified_header(lines.split(b": ")[-1].strip())["kid"]
        for lines in (first, second)
    ]
    assert kids[0] != kids[1] == assertions.ring.current.kid


def test_an_ended_session_keeps_none() -> None:
    told, _ = introductions()
    session = seen(MORNING)
    told.lines(PLAN, PORTAL, session, "internet")
    session.end()
    assert session.memo == {}
