"""Headers of every own page and every own error: a strict CSP, and all of ASVS 3.4 (also T61).

Also clickjacking: nothing of ours can be framed, by anybody. The walk takes every path that the
pages serve, as a stranger, in the office and with a code, by every method, and each way the front
door refuses by itself. That https adds HSTS and Secure: tests/system/test_tls.py.
"""

from __future__ import annotations

import re

import pytest

from tests.security.wall import EVIL, LOGON, OTP, PROXY, Wall, raw
from tests.system.gateway import INSIDE, OUTSIDE
from tests.system.raw import ask, head
from tests.system.visitor import Answer, Visitor

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("wall")]

CSP = {
    "default-src": ["'none'"],
    "style-src": ["'self'"],
    "img-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
}
PAGES = [
    f"/.gateway/{page}"
    for page in (
        "logon", "otp", "otp/resend", "account", "account/number", "account/sessions",
        "account/code", "account/resend", "reset", "reset/code", "reset/password", "apps", "help",
        "logout", "session", "verify", "jwks.json", "language?to=sv", "nothing", "static/nothing",
        "", "logon?next=%00", "logon?a=1&a=2", "otp?notice=resent", "account?notice=updated",
    )
] + ["/.well-known/change-password"]  # fmt: skip
ERRORS = {
    "no session": ("GET / HTTP/1.1", "Accept: text/html"),
    "no session, a script": ("GET / HTTP/1.1", "Sec-Fetch-Mode: cors"),
    "two readings": ("GET /a/../b HTTP/1.1",),
    "a method that is not taken": ("BREW / HTTP/1.1",),
    "TRACE": ("TRACE / HTTP/1.1",),
    "CONNECT": ("CONNECT h:1 HTTP/1.1",),
    "another version": ("GET / HTTP/2.0",),
    "another host": ("GET / HTTP/1.1", "Host: evil.example"),
    "both lengths": ("POST / HTTP/1.1", "Content-Length: 1", "Transfer-Encoding: chunked"),
    "a long target": ("GET /" + "a" * 20000 + " HTTP/1.1",),
    "a large head": ("GET / HTTP/1.1", *(f"A{n}: {'x' * 8000}" for n in range(9))),
    "many fields": ("GET / HTTP/1.1", *(f"A{n}: x" for n in range(200))),
    "an upgrade": ("GET / HTTP/1.1", "Connection: Upgrade", "Upgrade: websocket"),
    "nonsense": ("nonsense",),
}


def assert_strict(answer: Answer, where: str) -> None:
    """Assert ASVS 5.0 3.4.2 to 3.4.8, 4.1.1, 13.4.6 and 14.3.2 of one answer."""
    fields, kind = answer.headers, answer.headers.get("Content-Type", "")
    for name in {field.lower() for field in fields} - {"set-cookie"}:
        assert len(fields.get_all(name)) == 1, (where, name)
    (policy,) = fields.get_all("Content-Security-Policy") or [""]
    told = {part.split()[0]: part.split()[1:] for part in policy.split(";") if part.strip()}
    assert told == CSP, (where, policy)
    assert fields["X-Frame-Options"] == "DENY", where
    assert fields["X-Content-Type-Options"] == "nosniff", where
    assert fields["Referrer-Policy"] == "same-origin", where
    assert fields["Cross-Origin-Opener-Policy"] == "same-origin", where
    assert fields["Cross-Origin-Resource-Policy"] == "same-origin", where
    assert not [name for name in fields if name.lower().startswith("access-control-")], where
    assert not {"Server", "X-Powered-By", "Via"} & set(fields), where
    assert "Strict-Transport-Security" not in fields, "by http it means nothing"
    cached = fields["Cache-Control"]
    assert cached == "no-store" or "jwks" in where or (answer.status == 200 and "static" in where)
    if answer.body:
        assert re.fullmatch(
            r"text/html; charset=utf-8|application/(problem\+)?json(; charset=utf-8)?"
            r"|text/css; charset=utf-8|image/svg\+xml",
            kind,
        ), (where, kind)
    for cookie in fields.get_all("Set-Cookie") or []:
        assert all(part in cookie for part in ("HttpOnly", "Path=/", "SameSite=Lax")), cookie
        assert "Domain=" not in cookie
        assert len(cookie) < 4096


def assert_plain(answer: Answer, where: str) -> None:
    """Assert that a page holds nothing that the policy would have to stop."""
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        page = answer.text.lower()
        assert not re.search(r"<script|<style|<iframe|<object|<embed|<base|javascript:", page), (
            where
        )
        assert not re.search(r"<[^>]+\s(on\w+|style)\s*=", page), where
        assert not re.search(r'(src|href|action)="(https?:)?//', page), where


@pytest.fixture(scope="module")
def visitors(wall: Wall) -> dict[str, Visitor]:
    waiting, person = wall.browser(), wall.person()
    waiting.password(person.user)
    wall.code(person)
    return {
        "stranger": wall.browser(),
        "office": wall.inside(wall.person()),
        "code": wall.outside(wall.person()),
        "waiting for a code": waiting,
        "proxy": Visitor(wall.gateway, PROXY),
    }


@pytest.mark.parametrize("who", ["stranger", "office", "code", "waiting for a code", "proxy"])
def test_headers_of_every_page(wall: Wall, visitors: dict[str, Visitor], who: str) -> None:
    statuses = set()
    for page in PAGES:
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
            visitor = Visitor(wall.gateway, visitors[who].source)
            visitor.cookies = dict(visitors[who].cookies)
            answer = visitor.request(method, page, Accept="text/html", Sec_Fetch_Site="same-origin")
            where = f"{who}: {method} {page} {answer.status}"
            if page.endswith("/verify") and answer.status == 200:
                continue  # an answer to the proxy that asked
            assert_strict(answer, where)
            assert_plain(answer, where)
            statuses.add(answer.status)
    assert statuses >= {200, 303, 400, 404, 405}, statuses


@pytest.mark.parametrize("error", ERRORS)
def test_headers_of_every_refusal(wall: Wall, error: str) -> None:
    first, *fields = ERRORS[error]
    host = [] if any(field.startswith("Host:") for field in fields) else ["Host: localhost"]
    text = "\r\n".join([first, *host, *fields, "Connection: close", "", ""])
    answer = raw(wall.gateway, text.encode(), OUTSIDE).decode("latin-1")
    assert answer, "an answer, be it a refusal"
    lines = answer.partition("\r\n\r\n")[0].split("\r\n")
    names = {line.partition(":")[0] for line in lines[1:]}
    assert names >= {
        "Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "X-Frame-Options",
        "Cross-Origin-Opener-Policy", "Cache-Control", "Content-Length",
    }, lines  # fmt: skip
    assert not names & {"Server", "Via", "X-Powered-By"}
    assert "evil.example" not in answer


def test_headers_of_refused_posts(wall: Wall) -> None:
    """Forms that were forged, unreadable or too large, and what cannot be read at all."""
    browser = wall.browser()
    browser.get(LOGON)
    for body, kind in (("a=1", "text/plain"), ("form_token=x", None), ("a" * 20000, None)):
        more = {} if kind is None else {"Content_Type": kind}
        answer = browser.post(LOGON, {"x": body}, **more)
        assert answer.status in {403, 413, 415}
        assert_strict(answer, f"{answer.status}")
        assert_plain(answer, f"{answer.status}")


@pytest.mark.parametrize("dest", ["iframe", "frame", "embed", "object", "document"])
def test_clickjacking(wall: Wall, dest: str) -> None:
    """Nothing of ours may be framed: the fields say so on every page, framed or not."""
    insider = wall.inside(wall.person())
    for page in (LOGON, OTP, "/.gateway/account", "/.gateway/logout", "/.gateway/apps", "/x/../y"):
        lines = (
            "Accept: text/html", f"Sec-Fetch-Dest: {dest}", "Sec-Fetch-Mode: navigate",
            "Sec-Fetch-Site: cross-site", f"Referer: {EVIL}/",
            f"Cookie: gateway={insider.cookies['gateway']}",
        )  # fmt: skip
        answer = ask(wall.gateway.port, head("GET", page, wall.gateway.port, *lines), INSIDE)
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"], page
        assert answer.headers["X-Frame-Options"] == "DENY"
