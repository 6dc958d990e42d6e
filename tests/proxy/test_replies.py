"""gateway/proxy/replies.py: page or problem, and what its head says."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.proxy.replies import Replies, is_page_load, words_of
from gateway.wire.request import RequestHead
from policies.decision import Reason
from tests.proxy.parts import request

NAVIGATES = b"Sec-Fetch-Mode: navigate\r\n"
PAGE_LOADS = {
    NAVIGATES: True,
    NAVIGATES + b"Sec-Fetch-Dest: document\r\n": True,
    NAVIGATES + b"Sec-Fetch-Dest: iframe\r\n": True,
    NAVIGATES + b"Sec-Fetch-Dest: image\r\n": False,
    b"Sec-Fetch-Mode: cors\r\nAccept: text/html\r\n": False,
    b"Sec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: script\r\n": False,
    b"Sec-Fetch-Mode: websocket\r\n": False,
    b"sec-fetch-mode: NAVIGATE\r\n": True,
    b"Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n": True,
    b"Accept: application/xhtml+xml\r\n": True,
    b"Accept: */*\r\n": False,
    b"Accept: application/json\r\n": False,
    b"Accept: text/html\r\nX-Requested-With: XMLHttpRequest\r\n": False,
    b"": False,
    NAVIGATES + b"Connection: Upgrade\r\nUpgrade: websocket\r\n": False,
}


@pytest.mark.parametrize("fields", PAGE_LOADS, ids=repr)
def test_is_page_load(fields: bytes) -> None:
    assert is_page_load(request(fields)) is PAGE_LOADS[fields]


def test_nobody_waits_for_a_page_of_an_api() -> None:
    head = request(NAVIGATES + b"Accept: text/html\r\n")
    head.for_script = True
    assert not is_page_load(head)
    for answer in (
        REPLIES.refuse(502, head, reference="r", close=False),
        REPLIES.challenge(head, Reason.NO_SESSION, reference="r", close=False),
    ):
        assert b"Content-Type: application/problem+json" in answer
        assert b"Location" not in answer


def page(status: int, **told: object) -> bytes:
    return f"<p>{status} {told['language']} {told['reference']} {told['here']}</p>".encode()


def language(cookies: str, accept: str) -> str:
    return "sv" if "swedish" in cookies or accept.startswith("sv") else "en"


REPLIES = Replies(page, language, https=False)
SECURE = Replies(page, language, https=True)


def parts(raw: bytes) -> tuple[bytes, dict[bytes, bytes], bytes]:
    head, _, body = raw.partition(b"\r\n\r\n")
    start, *lines = head.split(b"\r\n")
    fields = [line.partition(b": ")[::2] for line in lines]
    assert len({name.lower() for name, _ in fields}) == len(fields)
    return start, dict(fields), body


TARGETS = [
    (b"/", "/"),
    (b"/a/b?c=d&e=f%20g#"[:-1], "/a/b?c=d&e=f%20g"),
    (b"//evil.example/%2e%2e", "//evil.example/%2e%2e"),
    (b"/?next=/x", "/?next=/x"),
    (b"/?a=\\evil", "/?a=\\evil"),
    (b"/a?" + b"b" * 2100, "/a"),
    (b"/" + b"a" * 2100, "/"),
]


@pytest.mark.parametrize(("target", "back"), TARGETS, ids=lambda value: repr(value[:20]))
def test_a_page_load_is_sent_to_the_logon(target: bytes, back: str) -> None:
    head = request(NAVIGATES, b"GET " + target + b" HTTP/1.1")
    start, fields, body = parts(
        REPLIES.challenge(head, Reason.NO_SESSION, reference="r", close=False)
    )
    assert (start, body, fields[b"Content-Length"]) == (b"HTTP/1.1 302 Found", b"", b"0")
    location = fields[b"Location"].decode("ascii")
    assert location.startswith("/.gateway/logon?next=")
    assert "\r" not in location
    assert parse_qs(urlsplit(location).query) == {"next": [back]}
    assert fields[b"Cache-Control"] == b"no-store"
    assert b"Connection" not in fields


def test_a_script_is_told_401() -> None:
    head = request(b"", b"GET /api?a=b HTTP/1.1")
    start, fields, body = parts(
        REPLIES.challenge(head, Reason.CODE_NEEDED, reference="r", close=True)
    )
    assert start == b"HTTP/1.1 401 Unauthorized"
    assert fields[b"Content-Type"].startswith(b"application/problem+json")
    assert (fields[b"Connection"], fields[b"Content-Length"]) == (b"close", b"%d" % len(body))
    assert b"WWW-Authenticate" in fields
    problem = json.loads(body)
    assert (problem["status"], problem["reason"]) == (401, "code-needed")
    assert problem["logon"] == "/.gateway/otp?next=/api%3Fa%3Db"


@pytest.mark.parametrize("reason", [Reason.NO_SESSION, Reason.CODE_NEEDED, Reason.SESSION_IDLE])
@pytest.mark.parametrize("target", [b"/", b'/a"b', b"/a%22b%5C", b"/%25s?q=%d%(x)s", b"/?\\"])
def test_a_script_is_told_where_the_logon_is_whatever_it_asked_for(
    reason: Reason, target: bytes
) -> None:
    head = RequestHead(b"GET", *_split(target), 1)
    _, fields, body = parts(REPLIES.challenge(head, reason, reference="r-1", close=False))
    problem = json.loads(body)
    assert problem["logon"].encode() == fields[b"X-Gateway-Logon"]
    assert parse_qs(urlsplit(problem["logon"]).query)["next"] == [target.decode()]
    assert (problem["reason"], problem["reference"]) == (reason.value, "r-1")
    assert problem["detail"] == words_of(reason)


def _split(target: bytes) -> tuple[bytes, bytes]:
    path, mark, query = target.partition(b"?")
    return path, mark + query


@pytest.mark.parametrize(
    "status", [400, 403, 404, 408, 413, 414, 417, 431, 501, 502, 503, 504, 505]
)
@pytest.mark.parametrize(
    "fields", [NAVIGATES + b"Accept-Language: sv\r\n", b""], ids=["page", "script"]
)
def test_refusals(status: int, fields: bytes) -> None:
    for method in (b"GET", b"HEAD"):
        head = request(fields, method + b" / HTTP/1.1")
        start, told, body = parts(REPLIES.refuse(status, head, reference="r-1", close=True))
        assert start.startswith(b"HTTP/1.1 %d " % status)
        if method == b"HEAD":
            assert body == b""
        else:
            assert told[b"Content-Length"] == b"%d" % len(body)
            assert b"r-1" in body
            assert (b"sv" in body) is bool(fields)
        assert told[b"Content-Length"] != b"0"  # HEAD tells the length that GET would have
        assert (b"Retry-After" in told) is (status == 503)
        assert b"charset=utf-8" in told[b"Content-Type"]


def test_a_page_is_told_its_address_and_what_chooses_its_language() -> None:
    fields = NAVIGATES + b"Cookie: a=b\r\nCookie: swedish=\xff\r\n"
    head = request(fields, b"GET /a%20b?c=d&e HTTP/1.1")
    _, _, body = parts(REPLIES.refuse(403, head, reference="r-1", close=False))
    assert body == b"<p>403 sv r-1 /a%2520b%3Fc%3Dd%26e</p>"


def test_without_a_readable_head() -> None:
    start, fields, body = parts(REPLIES.refuse(405, None, reference="r-1", close=True))
    assert start == b"HTTP/1.1 405 Method Not Allowed"
    assert b"TRACE" not in fields[b"Allow"]
    assert json.loads(body)["reference"] == "r-1"


@pytest.mark.parametrize("status", [414, 429, 431])
def test_without_a_head_people_get_a_page_where_people_get(status: int) -> None:
    start, fields, body = parts(REPLIES.refuse(status, None, reference="r-1", close=True))
    assert start.startswith(b"HTTP/1.1 %d " % status)
    assert fields[b"Content-Type"].startswith(b"text/html")
    assert body == b"<p>%d en r-1 /</p>" % status
    assert (b"Retry-After" in fields) is (status == 429)


def test_security_fields() -> None:
    head = request(NAVIGATES)
    for answer in (
        lambda replies: replies.challenge(head, Reason.NO_SESSION, reference="r", close=False),
        lambda replies: replies.refuse(403, head, reference="r", close=False),
        lambda replies: replies.refuse(400, None, reference="r", close=True),
    ):
        _, plain, _ = parts(answer(REPLIES))
        _, secure, _ = parts(answer(SECURE))
        assert b"Strict-Transport-Security" not in plain
        assert (
            int(secure[b"Strict-Transport-Security"].partition(b"=")[2].partition(b";")[0])
            >= 31536000
        )
        for fields in (plain, secure):
            assert fields[b"X-Content-Type-Options"] == b"nosniff"
            assert b"frame-ancestors 'none'" in fields[b"Content-Security-Policy"]
            assert b"unsafe" not in fields[b"Content-Security-Policy"]
            assert fields[b"Cache-Control"] == b"no-store"
            assert b"Server" not in fields
