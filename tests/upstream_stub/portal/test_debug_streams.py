"""The long debugging answers, and that they end when their client leaves."""

from __future__ import annotations

import asyncio
import hashlib
import json

import aiohttp
import pytest

from tests.upstream_stub.served import becomes
from upstream_stub.portal.debug_streams import BLOCK, digest_of, pieces


@pytest.mark.parametrize("length", [0, 1, 7, 8, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 5])
def test_a_download_is_what_its_length_says(length):
    data = b"".join(pieces(length))
    assert len(data) == length
    assert hashlib.sha256(data).hexdigest() == digest_of(length)


def test_no_block_is_like_another():
    blocks = list(pieces(50 * BLOCK))
    assert len(set(blocks)) == 50


@pytest.mark.asyncio
async def test_download_and_upload_agree(portal):
    length = 3 * 1024**2 + 17
    async with portal.session.get(portal.url(f"/debug/download?bytes={length}")) as answer:
        body = await answer.read()
        assert answer.headers["Content-Length"] == str(length)
        assert answer.headers["X-Content-SHA256"] == hashlib.sha256(body).hexdigest()
    for method in ("POST", "PUT"):
        async with portal.session.request(
            method, portal.url("/debug/upload?pause=0.01"), data=pieces_of(body)
        ) as answer:
            assert await answer.json() == {"sha256": digest_of(length), "length": length}


async def pieces_of(body: bytes):
    for start in range(0, len(body), 100_000):
        yield body[start : start + 100_000]


@pytest.mark.asyncio
async def test_events_come_one_by_one_and_end(portal):
    async with portal.session.get(portal.url("/debug/sse?count=3&interval=0.01")) as answer:
        assert answer.content_type == "text/event-stream"
        text = await answer.text()
    assert text == "".join(
        f"id: {n}\nevent: tick\ndata: {json.dumps({'n': n, 'of': 3})}\n\n" for n in (1, 2, 3)
    )


@pytest.mark.asyncio
async def test_the_first_event_does_not_wait_for_the_second(portal):
    async with portal.session.get(portal.url("/debug/sse?count=2&interval=60")) as answer:
        assert await answer.content.readline() == b"id: 1\n"


@pytest.mark.asyncio
async def test_a_drip_has_a_length(portal):
    async with portal.session.get(portal.url("/debug/drip?bytes=5&interval=0")) as answer:
        assert answer.headers["Content-Length"] == "5"
        assert await answer.read() == b"....."


@pytest.mark.asyncio
async def test_a_websocket_echoes_text_and_bytes(portal):
    async with portal.session.ws_connect(
        portal.url("/debug/ws"), protocols=("other", "echo")
    ) as socket:
        assert socket.protocol == "echo"
        await socket.send_str("räksmörgås")
        assert await socket.receive_str() == "räksmörgås"
        for body in (b"", b"\x00\xff", bytes(300_000)):
            await socket.send_bytes(body)
            assert await socket.receive_bytes() == body
        assert await portal.json("/debug/open") == {"ws": 1}
    assert socket.close_code == aiohttp.WSCloseCode.OK


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("endless", "/debug/endless"),
        ("endless", "/debug/endless?pause=60"),
        ("sse", "/debug/sse?count=1000&interval=60"),
        ("drip", "/debug/drip?bytes=1000&interval=60"),
        ("download", f"/debug/download?bytes={64 * 1024**2}"),
    ],
)
@pytest.mark.asyncio
async def test_a_client_that_leaves_ends_its_stream(portal, kind, target):
    reader, writer = await asyncio.open_connection("127.0.0.1", portal.port)
    writer.write(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    assert await portal.json("/debug/open") == {kind: 1}
    writer.transport.abort()

    async def nothing_is_open() -> bool:
        return await portal.json("/debug/open") == {}

    await becomes(nothing_is_open, "the end of the stream")


@pytest.mark.asyncio
async def test_endless_is_chunked_and_goes_on(portal):
    async with portal.session.get(portal.url("/debug/endless")) as answer:
        assert answer.headers["Transfer-Encoding"] == "chunked"
        assert len(await answer.content.readexactly(40 * BLOCK)) == 40 * BLOCK
        answer.close()
