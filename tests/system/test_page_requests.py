"""Odd requests to our own pages: whatever comes, the answer is ours and repeats nothing of it."""

from __future__ import annotations

import pytest

from tests.system.gateway import running_gateway
from tests.system.raw import ask, head

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("page requests")]
SECRET = "canary-of-a-session"
LOGON = "/.gateway/logon"
FORM = "Content-Type: application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    directory = tmp_path_factory.mktemp("pages")
    with running_gateway(directory, portal="http://127.0.0.1:1") as gateway:
        yield gateway


# method, target, fields, status
REQUESTS = {
    "a cookie of 9 KB": ("GET", LOGON, [f"Cookie: gateway={SECRET}; a={'x' * 9000}"], 200),
    "a cookie of 60 KB": ("GET", LOGON, [f"Cookie: gateway={SECRET}; a={'x' * 60000}"], 200),
    "a target of 15 KB": ("GET", f"{LOGON}?next=/{SECRET}/{'x' * 15000}", [], 200),
    "a field of 9 KB": ("GET", LOGON, [f"X-A: {SECRET}{'x' * 9000}"], 200),
    "two media types": ("POST", LOGON, [FORM, FORM, f"Cookie: {SECRET}"], 415),
    "two user agents": ("GET", LOGON, [f"User-Agent: {SECRET}", "User-Agent: b"], 200),
    "an old handshake": ("GET", LOGON, [f"Sec-WebSocket-Key1: {SECRET}"], 200),
    "no deflate": ("POST", LOGON, [FORM, "Content-Encoding: deflate"], 415),
    "brotli": ("POST", LOGON, [FORM, "Content-Encoding: br"], 415),
    "zstandard": ("POST", LOGON, [FORM, "Content-Encoding: zstd"], 415),
    "no text": ("GET", "/.gateway/%ff%fe", [f"Cookie: {SECRET}"], 404),
    "no method": ("PROPFIND", LOGON, [f"Cookie: {SECRET}"], 405),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_the_answer_is_ours(gateway, name):
    method, target, fields, status = REQUESTS[name]
    body = b"a=b" if method == "POST" else b""
    lines = [*fields, f"Content-Length: {len(body)}"] if body else fields
    answer = ask(gateway.port, head(method, target, gateway.port, *lines) + body)
    assert answer.status == status
    assert answer.headers["Content-Security-Policy"]
    assert answer.headers["Server"] is None
    assert "next=" in target or SECRET not in answer.text


def test_two_cookie_fields_are_read_as_one(gateway):
    mark = "0" * 32
    fields = ("Cookie: a=b", f"Cookie: gateway-form={mark}")
    answer = ask(gateway.port, head("GET", LOGON, gateway.port, *fields))
    assert answer.status == 200
    assert answer.headers["Set-Cookie"] is None  # the browser has a mark already
