"""`/debug/…`, the long ones: events, WebSocket, endless, downloads, uploads; and who is still there."""

from __future__ import annotations

import asyncio
import hashlib
import json

import pytest

from upstream_stub.portal.debug_streams import BLOCK, digest_of, pieces

pytestmark = pytest.mark.asyncio

LONGEST_S = 5.0


async def nobody_left(portal) -> bool:
    """Whether every stream ends soon at the portal's end too."""
    async with asyncio.timeout(LONGEST_S):
        while await portal.json("GET", "/debug/open"):
            await asyncio.sleep(0.01)
    return True


async def test_events_come_one_by_one_and_end(portal):
    async with portal.client.get(portal.at("/debug/sse?count=3&interval=0.01")) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        first = await answer.content.readuntil(b"\n\n")
        assert await portal.json("GET", "/debug/open") == {"sse": 1}
        events = (first + await answer.read()).decode().split("\n\n")[:-1]
    data = [json.loads(event.split("data: ")[1]) for event in events]
    assert data == [{"n": n, "of": 3} for n in (1, 2, 3)]
    assert [event.split("\n")[:2] for event in events[:1]] == [["id: 1", "event: tick"]]
    assert await nobody_left(portal)


async def test_a_websocket_echoes_text_and_bytes(portal):
    async with portal.client.ws_connect(portal.at("/debug/ws"), protocols=("x", "echo")) as socket:
        assert socket.protocol == "echo"
        assert await portal.json("GET", "/debug/open") == {"ws": 1}
        for text in ("", "räksmörgås", "x" * 100_000):
            await socket.send_str(text)
            assert await socket.receive_str() == text
        await socket.send_bytes(b"\x00\xff" * 200_000)
        assert await socket.receive_bytes() == b"\x00\xff" * 200_000
    assert await nobody_left(portal)


async def test_a_plain_request_for_the_websocket_is_refused(portal):
    assert (await portal.get("/debug/ws")).status == 400
    assert await nobody_left(portal)


async def test_endless_ends_when_the_client_leaves(portal):
    async with portal.client.get(portal.at("/debug/endless")) as answer:
        for n in range(20):
            block = await answer.content.readexactly(BLOCK)
            assert int.from_bytes(block[:8], "big") == n
        assert await portal.json("GET", "/debug/open") == {"endless": 1}
        answer.close()
    assert await nobody_left(portal)


async def test_a_drip_has_a_length(portal):
    page = await portal.get("/debug/drip?bytes=5&interval=0.001")
    assert (page.text, page.headers["Content-Length"]) == (".....", "5")


@pytest.mark.parametrize("length", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK + 7])
async def test_a_download_has_its_length_and_its_digest(portal, length):
    async with portal.client.get(portal.at(f"/debug/download?bytes={length}")) as answer:
        body = await answer.read()
        assert len(body) == answer.content_length == length
        digest = hashlib.sha256(body).hexdigest()
        assert answer.headers["X-Content-SHA256"] == digest == digest_of(length)
        assert answer.headers["Content-Disposition"].startswith("attachment")
    assert b"".join(pieces(length)) == body


async def test_a_head_of_a_download_has_no_body(portal):
    for _ in range(2):  # on one connection, which a body would spoil
        page = await portal.request("HEAD", "/debug/download?bytes=10")
        assert (page.status, page.headers["Content-Length"], page.text) == (200, "10", "")
    assert await nobody_left(portal)


@pytest.mark.parametrize("kind", ["sse", "ws", "endless", "drip"])
async def test_a_stream_has_no_head_of_its_own(portal, kind):
    assert (await portal.request("HEAD", f"/debug/{kind}")).status == 405


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("length", [None, 300_000], ids=["chunked", "length"])
async def test_an_upload_is_digested(portal, method, length):
    body = bytes(range(256)) * 1171 + b"x" * 224

    async def chunks():
        for start in range(0, len(body), 7777):
            yield body[start : start + 7777]

    assert len(body) == 300_000
    data = chunks() if length is None else body
    found = await portal.json(method, "/debug/upload?pause=0.05", data=data)
    assert found == {"sha256": hashlib.sha256(body).hexdigest(), "length": 300_000}
    assert await nobody_left(portal)
