"""The short debugging answers."""

from __future__ import annotations

import hashlib
import io
import json
import time

import pytest


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
@pytest.mark.asyncio
async def test_echo_tells_what_arrived(portal, method):
    target, body = "/debug/echo/%7E/a%2Fb//..%2e;p?x=%20+&x=", "räksmörgås".encode()
    async with portal.session.request(
        method, portal.url(target), data=body, headers={"X-a_B": "1"}
    ) as answer:
        seen = await answer.json()
    assert (seen["method"], seen["target"], seen["version"]) == (method, target, "1.1")
    assert ["X-a_B", "1"] in seen["headers"]
    assert seen["body"] == {
        "length": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
        "text": "räksmörgås",
    }


@pytest.mark.asyncio
async def test_echo_leaves_a_coded_body_as_it_was_sent(portal):
    body = b"\x1f\x8b no gzip at all"
    status, text = await portal.post("/debug/echo", body, headers={"Content-Encoding": "gzip"})
    assert status == 200
    assert json.loads(text)["body"]["sha256"] == hashlib.sha256(body).hexdigest()


@pytest.mark.asyncio
async def test_echo_of_a_big_body_is_a_digest(portal):
    body = bytes(5 * 1024**2)
    _, text = await portal.post("/debug/echo", io.BytesIO(body))
    assert json.loads(text)["body"] == {
        "length": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
    }


@pytest.mark.parametrize("code", [200, 201, 204, 205, 302, 304, 401, 404, 418, 503, 599])
@pytest.mark.asyncio
async def test_any_final_status(portal, code):
    async with portal.session.get(
        portal.url(f"/debug/status/{code}?location=/there"), allow_redirects=False
    ) as answer:
        body = await answer.read()
    assert answer.status == code
    assert answer.headers["Location"] == "/there"
    assert body == (b"" if code in {204, 205, 304} else f"{code}\n".encode())


@pytest.mark.parametrize("code", ["100", "199", "600", "20", "2000", "abc"])
@pytest.mark.asyncio
async def test_no_other_status(portal, code):
    assert (await portal.get(f"/debug/status/{code}"))[0] == 404


@pytest.mark.asyncio
async def test_fields_to_order(portal):
    target = "/debug/headers?Set-Cookie=a%3D1&Set-Cookie=b%3D2&X-y=%C3%A5&content-type=text/x"
    async with portal.session.get(portal.url(target)) as answer:
        assert answer.headers.getall("Set-Cookie") == ["a=1", "b=2"]
        assert answer.headers["X-y"] == "å"
        assert answer.headers.getall("Content-Type") == ["text/x"]


@pytest.mark.parametrize(
    "query",
    ["Content-Length=1", "transfer-encoding=chunked", "a%20b=1", "a:b=1", "=1", "x=a%0d%0ab%3A1"],
)
@pytest.mark.asyncio
async def test_no_field_that_breaks_the_answer(portal, query):
    assert (await portal.get(f"/debug/headers?{query}"))[0] == 400


@pytest.mark.asyncio
async def test_a_slow_answer_takes_its_time(portal):
    begun = time.monotonic()
    assert await portal.get("/debug/slow?seconds=0.2") == (200, "0.2 s\n")
    assert time.monotonic() - begun >= 0.2
    assert (await portal.get("/debug/slow?seconds=601"))[0] == 400
