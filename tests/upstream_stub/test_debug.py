"""`/debug/…`: the echo tells the request as it came over the wire, the others do as ordered."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time

import pytest

pytestmark = pytest.mark.asyncio


async def exchange(port: int, data: bytes) -> bytes:
    """Send bytes and return all that comes back until the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_the_echo_keeps_order_spelling_and_repeats(portal):
    lines = [
        "Host: a",
        "x-B: 1",
        "X-b: 2",
        "X_B: 3",
        "Empty:",
        "Raw: \xe5\xff",
        "Connection: close",
    ]
    target = "/debug/echo/%7e/..%2f;a=b//?q=%zz&q=&"
    text = "\r\n".join([f"PROPFIND {target} HTTP/1.1", *lines, "", ""])
    answer = await exchange(portal.port, text.encode("latin-1"))
    seen = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert (seen["method"], seen["target"], seen["version"]) == ("PROPFIND", target, "1.1")
    assert [": ".join(pair).strip() for pair in seen["headers"]] == lines
    assert seen["peer"].startswith("127.0.0.1:")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "REPORT"])
async def test_the_echo_takes_every_method(portal, method):
    assert (await portal.json(method, "/debug/echo"))["method"] == method


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", ""),
        ("räksmörgås".encode(), "räksmörgås"),
        (b"\xff\x00", "\ufffd\x00"),
        (b"a" * 65536, "a" * 65536),
        (b"a" * 65537, None),
    ],
    ids=["empty", "text", "no text", "just short", "long"],
)
async def test_the_echo_digests_the_body_and_shows_short_text(portal, body, text):
    seen = (await portal.json("POST", "/debug/echo", data=body))["body"]
    assert seen["length"] == len(body)
    assert seen["sha256"] == hashlib.sha256(body).hexdigest()
    assert seen.get("text") == text


async def test_the_echo_leaves_an_encoded_body_encoded(portal):
    fields = {"Content-Encoding": "gzip"}
    seen = await portal.json("POST", "/debug/echo", data=b"no gzip at all", headers=fields)
    assert seen["body"]["text"] == "no gzip at all"


@pytest.mark.parametrize("code", [200, 204, 205, 304, 307, 404, 418, 503, 599])
async def test_a_status_to_order(portal, code):
    page = await portal.get(f"/debug/status/{code}?location=/x%3Fy")
    assert (page.status, page.headers["Location"]) == (code, "/x?y")
    assert page.text == ("" if code in {204, 205, 304} else f"{code}\n")


@pytest.mark.parametrize("code", ["199", "600", "20", "2000", "abc"])
async def test_a_status_that_is_none_is_not_found(portal, code):
    assert (await portal.get(f"/debug/status/{code}")).status == 404


async def test_fields_to_order_keep_repeats_and_spelling(portal):
    query = "Set-Cookie=a%3D1&set-cookie=b%3D2&X-Any=%20v&Content-Type=text/x"
    async with portal.client.get(portal.at(f"/debug/headers?{query}")) as answer:
        raw = [(name.decode(), value.decode()) for name, value in answer.raw_headers]
    assert [pair for pair in raw if pair[0].lower() == "set-cookie"] == [
        ("Set-Cookie", "a=1"), ("set-cookie", "b=2"),
    ]  # fmt: skip
    assert [value for name, value in raw if name.lower() == "content-type"] == ["text/x"]
    assert ("X-Any", "v") in raw


@pytest.mark.parametrize(
    "query", ["Content-Length=1", "transfer-encoding=x", "a%20b=1", "=1", "A=1%0d%0aB:2", "A=%00"]
)
async def test_framing_and_what_is_no_field_cannot_be_ordered(portal, query):
    assert (await portal.get(f"/debug/headers?{query}")).status == 400


async def test_a_slow_answer_takes_its_time(portal):
    begun = time.monotonic()
    page = await portal.get("/debug/slow?seconds=0.2")
    assert (page.status, page.text) == (200, "0.2 s\n")
    assert time.monotonic() - begun >= 0.2


@pytest.mark.parametrize("number", ["-1", "601", "nan", "inf", "x", "", "1e9", "0x1"])
@pytest.mark.parametrize("target", ["slow?seconds=", "endless?pause=", "download?bytes=1.5"])
async def test_numbers_out_of_bounds_are_refused(portal, target, number):
    page = await portal.get(f"/debug/{target}{number}")
    assert page.status == 400
    assert "number" in page.text


async def test_the_log_is_read_from_a_number_on(portal):
    first = await portal.json("GET", "/debug/log")
    await portal.get("/schema?vecka=1")
    found = await portal.json("GET", f"/debug/log?since={first['last']}")
    assert [entry["target"] for entry in found["entries"]] == [
        "/schema?vecka=1",
        f"/debug/log?since={first['last']}",
    ]
    assert found["last"] == first["last"] + 2
