"""`/debug/…`, the long ones: bodies that stream either way, events, WebSocket.

Each is counted while it is open, so that a test can see whether a client's leaving arrived here.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import count
from typing import Final

from aiohttp import WSMsgType, hdrs, web

from upstream_stub.portal.numbers import count_of, number_of

OPEN_STREAMS: Final[web.AppKey[Counter[str]]] = web.AppKey("OPEN_STREAMS", Counter)
BLOCK: Final = 64 * 1024
_MOST_BYTES: Final = 1024**3
_LONGEST_PAUSE_S: Final = 60

ROUTES: Final = web.RouteTableDef()


@ROUTES.get("/debug/open")
async def open_streams(request: web.Request) -> web.Response:
    """Answer with how many streams of each kind are open now."""
    return web.json_response({kind: n for kind, n in request.app[OPEN_STREAMS].items() if n})


@ROUTES.get("/debug/sse", allow_head=False)
async def events(request: web.Request) -> web.StreamResponse:
    """Send `count` server-sent events, `interval` seconds apart, then end."""
    wanted = count_of(request, "count", default=10, most=10**6)
    interval_s = number_of(request, "interval", default=0.1, most=_LONGEST_PAUSE_S)
    answer = web.StreamResponse(headers={"Cache-Control": "no-store"})
    answer.content_type = "text/event-stream"
    with _counted(request, "sse"):
        await answer.prepare(request)
        for n in range(1, wanted + 1):
            event = f"id: {n}\nevent: tick\ndata: {json.dumps({'n': n, 'of': wanted})}\n\n"
            await answer.write(event.encode())
            if n < wanted:
                await asyncio.sleep(interval_s)
        await answer.write_eof()
    return answer


@ROUTES.get("/debug/ws", allow_head=False)
async def web_socket(request: web.Request) -> web.WebSocketResponse:
    """Echo every text and binary message; the subprotocol `echo` is spoken if asked for."""
    socket = web.WebSocketResponse(protocols=("echo",), max_msg_size=16 * 1024**2)
    with _counted(request, "ws"):
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await socket.send_str(message.data)
            elif message.type is WSMsgType.BINARY:
                await socket.send_bytes(message.data)
    return socket


@ROUTES.get("/debug/endless", allow_head=False)
async def endless(request: web.Request) -> web.StreamResponse:
    """Send chunk after chunk, `pause` seconds apart, until the client leaves."""
    pause_s = number_of(request, "pause", default=0, most=_LONGEST_PAUSE_S)
    answer = web.StreamResponse(headers={"Content-Type": "application/octet-stream"})
    answer.enable_chunked_encoding()
    with _counted(request, "endless"):
        await answer.prepare(request)
        for n in count():
            await answer.write(_block(n))
            await asyncio.sleep(pause_s)
    return answer


@ROUTES.get("/debug/drip", allow_head=False)
async def drip(request: web.Request) -> web.StreamResponse:
    """Send `bytes` bytes of known length one at a time, `interval` seconds apart."""
    length = count_of(request, "bytes", default=10, most=10_000)
    interval_s = number_of(request, "interval", default=0.1, most=_LONGEST_PAUSE_S)
    answer = web.StreamResponse(headers={"Content-Type": "text/plain"})
    answer.content_length = length
    with _counted(request, "drip"):
        await answer.prepare(request)
        for _ in range(length):
            await answer.write(b".")
            await asyncio.sleep(interval_s)
    return answer


@ROUTES.get("/debug/download")
async def download(request: web.Request) -> web.StreamResponse:
    """Send `bytes` bytes that depend only on their place; `X-Content-SHA256` is their digest."""
    length = count_of(request, "bytes", default=1024**2, most=_MOST_BYTES)
    answer = web.StreamResponse(headers={"Content-Type": "application/octet-stream"})
    answer.headers["X-Content-SHA256"] = await asyncio.to_thread(digest_of, length)
    answer.headers["Content-Disposition"] = 'attachment; filename="debug.bin"'
    answer.content_length = length
    with _counted(request, "download"):
        await answer.prepare(request)
        for piece in pieces(length if request.method == hdrs.METH_GET else 0):
            await answer.write(piece)
    return answer


@ROUTES.post("/debug/upload")
@ROUTES.put("/debug/upload")
async def upload(request: web.Request) -> web.Response:
    """Read the body, after `pause` seconds of not reading, and answer with digest and length."""
    pause_s = number_of(request, "pause", default=0, most=_LONGEST_PAUSE_S)
    digest, length = hashlib.sha256(), 0
    with _counted(request, "upload"):
        await asyncio.sleep(pause_s)
        async for piece in request.content.iter_any():
            digest.update(piece)
            length += len(piece)
    return web.json_response({"sha256": digest.hexdigest(), "length": length})


def pieces(length: int) -> Iterator[bytes]:
    """Yield the bytes of a download of this length, in blocks."""
    for n in range(-(-length // BLOCK)):
        yield _block(n)[: length - n * BLOCK]


@lru_cache(maxsize=32)
def digest_of(length: int) -> str:
    """Return the SHA-256 of a download of this length, in hex."""
    digest = hashlib.sha256()
    for piece in pieces(length):
        digest.update(piece)
    return digest.hexdigest()


def _block(n: int) -> bytes:
    """Return the n-th block; it starts with its own number, so a lost or swapped one shows."""
    return n.to_bytes(8, "big") + _FILLER


_FILLER: Final = (bytes(range(256)) * (BLOCK // 256))[8:]


@contextmanager
def _counted(request: web.Request, kind: str) -> Iterator[None]:
    streams = request.app[OPEN_STREAMS]
    streams[kind] += 1
    try:
        yield
    finally:
        streams[kind] -= 1
