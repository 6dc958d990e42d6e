"""Fields that say who asks, from where and for what: only the gateway writes them."""

from __future__ import annotations

import json

import jwt

from tests.security.advisories.replay import (
    Replay,
    attack,
    fields,
    fold,
    location,
    status,
)
from tests.system.gateway import INSIDE
from tests.system.visitor import Visitor

OURS = ("X-Remote-User", "X-Remote-Name", "X-Remote-Email", "X-Remote-Groups")
FORWARDED = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Gateway-Assertion")
EVIL = "evil"


def told_who(case: Replay, request: dict) -> None:
    """Judge one record of the portal: who asked is said once, by us, and signed."""
    assert fields(request, "X-Remote-User") == ["anna"], case.told(request)
    for name in FORWARDED:
        assert len(fields(request, name)) == 1, case.told(name, request)
    assert fields(request, "X-Forwarded-For") == [INSIDE], case.told(request)
    assert fields(request, "X-Forwarded-Host") == [case.place.host], case.told(request)
    for name, value in request["headers"]:
        ours = fold(name) in {fold(one) for one in (*OURS, *FORWARDED)}
        assert not (ours and EVIL in value), case.told(name, value)
    (token,) = fields(request, "X-Gateway-Assertion")
    keys = json.loads(Visitor(case.place.gateway).get("/.gateway/jwks.json").body)["keys"]
    known = {key["kid"]: jwt.PyJWK(key).key for key in keys}
    key = known[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, ["ES256"], audience="portal", issuer=case.place.gateway.origin)
    assert claims["sub"] == "anna"


@attack("claims")
def claims_of_an_identity(case: Replay) -> None:
    """Field lines of a client with a session: the portal hears of the session's owner alone."""
    for lines in case.row.tries:
        answer = case.get("/debug/echo", *lines.split("\n"), cookie=case.place.anna, source=INSIDE)
        if status(answer) == 400:
            assert case.reached() == []
            continue
        assert status(answer) == 200, case.told(lines, answer[:200])
        (request,) = case.reached()
        told_who(case, request)


@attack("claims-without-session")
def claims_of_a_stranger(case: Replay) -> None:
    """The same without a session: an open page hears of nobody, a guarded one of nothing."""
    for lines in case.row.tries:
        assert status(case.get("/debug/echo", *lines.split("\n"))) in {302, 400, 401}
        assert case.reached() == [], case.told(lines)
        case.get("/static/x", *lines.split("\n"))
        for request in case.reached():
            for name in (*OURS, "X-Gateway-Assertion"):
                assert fields(request, name) == [], case.told(lines, request)


@attack("trailers")
def claims_behind_the_body(case: Replay) -> None:
    """Trailers: dropped or refused; the portal's fields are those of the same request without."""
    head = (
        "POST /debug/echo HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
        f"Cookie: {case.place.anna}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"
    )
    assert status(case.talk(case.bytes_of(head + "\r\n"), source=INSIDE)) == 200
    (bare,) = case.reached()
    changing = {"X-Gateway-Assertion", "X-Request-Id"}
    for lines in case.row.tries:
        answer = case.talk(case.bytes_of(f"{head}{lines}\r\n\r\n"), source=INSIDE)
        assert status(answer) in {200, 400}, case.told(lines, answer[:200])
        for request in case.reached():
            told_who(case, request)
            assert [one for one in request["headers"] if one[0] not in changing] == [
                one for one in bare["headers"] if one[0] not in changing
            ], case.told(lines, request)


@attack("hop-by-hop")
def fields_named_by_connection(case: Replay) -> None:
    """Connection and its kin name fields of ours: they cross all the same, in one request."""
    for lines in case.row.tries:
        text = (
            f"POST /debug/echo HTTP/1.1\r\nHost: {{host}}\r\nCookie: {case.place.anna}; theirs=1\r\n"
            f"Content-Length: 5\r\nX-Remote-User: {EVIL}\r\n{lines}\r\nConnection: close\r\n\r\nhello"
        )
        answer = case.talk(case.bytes_of(text), source=INSIDE)
        assert status(answer) == 200, case.told(lines, answer[:300])
        (request,) = case.reached()
        told_who(case, request)
        assert fields(request, "Content-Length") == ["5"]
        assert fields(request, "Host") == [case.place.host]


@attack("choosing-the-rule")
def fields_that_name_another_target(case: Replay) -> None:
    """No field of a stranger chooses what is judged: a guarded page stays guarded."""
    for lines in case.row.tries:
        for target in ("/secret", "/.gateway/verify", "/hr/"):
            answer = case.get(target, *lines.split("\n"))
            assert status(answer) in {302, 400, 401, 403}, case.told(lines, target, answer[:200])
            assert EVIL not in location(answer), case.told(lines, answer[:500])
    assert case.reached() == []


@attack("verify-trusted")
def questions_of_a_trusted_proxy(case: Replay) -> None:
    """A trusted proxy's question that is not one plain, absolute URL of ours: never 200."""
    for lines in case.row.tries:
        text = lines.replace("{host}", case.place.host)
        answer = case.get("/.gateway/verify", *text.split("\n"), source=PROXY)
        assert status(answer) in {302, 400, 401, 403}, case.told(lines, answer[:200])


PROXY = "127.0.0.3"
"""The address that the configuration of this place trusts."""


@attack("poisoned-origin")
def another_name_for_ourselves(case: Replay) -> None:
    """Fields that say what we are called: nothing of them in Location, body or cookie."""
    pages = ("/.gateway/logon", "/.gateway", "/secret", "/.gateway/reset", "/.gateway/logout")
    for lines in case.row.tries:
        for target in pages:
            answer = case.get(target, *lines.split("\n"))
            assert 0 < status(answer) < 500, case.told(lines, target, answer[:300])
            assert EVIL.encode() not in answer.lower(), case.told(lines, target, answer[:2000])
        answer = case.get("/debug/echo", *lines.split("\n"), cookie=case.place.anna, source=INSIDE)
        for request in case.reached():
            assert fields(request, "X-Forwarded-Proto") == ["http"], case.told(request)
            told_who(case, request)
