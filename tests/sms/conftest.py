"""A real provider on loopback that misbehaves as told, and settings that call it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from gateway.settings.phones import HttpSms

TEXT = "123456 är din kod & {mobile} + ✓"
MOBILE = "+46701234567"


@dataclass
class Misbehaving:
    """Answers each path in its own way and keeps every request."""

    base: str = ""
    seen: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def settings(self, path: str, **changes: Any) -> HttpSms:
        defaults: dict[str, Any] = {
            "name": "first",
            "url": f"{self.base}/{path}",
            "form": (("from", "Portvakt"), ("to", "{mobile}"), ("message", "{text}")),
            "json": None,
            "headers": (),
            "username": None,
            "password": None,
            "success_text": None,
            "timeout": timedelta(seconds=5),
        }
        return HttpSms(**{**defaults, **changes})

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.seen.append((request.raw_path, dict(request.headers), await request.read()))
        return await ANSWERS[request.path.lstrip("/")](self, request)


async def _ok(_: Misbehaving, __: web.Request) -> web.StreamResponse:
    return web.json_response({"status": "created", "id": "s1"}, status=201)


async def _refused(_: Misbehaving, __: web.Request) -> web.StreamResponse:
    return web.json_response({"status": "failed"})


async def _broken(_: Misbehaving, request: web.Request) -> web.StreamResponse:
    return web.Response(status=500, text=f"cannot send {TEXT} to {MOBILE}")


async def _redirect(server: Misbehaving, _: web.Request) -> web.StreamResponse:
    return web.Response(status=307, headers={"Location": f"{server.base}/ok"})


async def _hang(server: Misbehaving, _: web.Request) -> web.StreamResponse:
    await server.released.wait()
    return web.Response()


async def _hang_after_head(server: Misbehaving, request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b'{"status": ')
    await server.released.wait()
    return response


async def _huge(server: Misbehaving, request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    try:
        await response.write(b"created")
        for _ in range(100_000):  # 6.4 GB, should anybody read it
            await response.write(b"x" * 65536)
    except (ConnectionError, asyncio.CancelledError):
        server.released.set()
    return response


async def _late_success(_: Misbehaving, __: web.Request) -> web.StreamResponse:
    return web.Response(body=b"x" * 70_000 + b"created")


async def _closes(_: Misbehaving, request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def _closes_midway(_: Misbehaving, request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "100"})
    await response.prepare(request)
    await response.write(b'{"status": ')
    assert request.transport is not None
    request.transport.close()
    return response


async def _garbage(_: Misbehaving, request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.write(b"\x00\xffnot http at all\r\n\r\n")
    request.transport.close()
    return web.Response()


async def _cookie(_: Misbehaving, __: web.Request) -> web.StreamResponse:
    return web.Response(headers={"Set-Cookie": "provider=1"})


Answer = Callable[[Misbehaving, web.Request], Any]
ANSWERS: dict[str, Answer] = {
    "ok": _ok, "refused": _refused, "broken": _broken, "redirect": _redirect, "hang": _hang,
    "hang-after-head": _hang_after_head, "huge": _huge, "late-success": _late_success,
    "closes": _closes, "closes-midway": _closes_midway, "garbage": _garbage, "cookie": _cookie,
}  # fmt: skip


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Misbehaving]:
    misbehaving = Misbehaving()
    app = web.Application()
    app.router.add_get("/{path}", misbehaving.answer)
    app.router.add_post("/{path}", misbehaving.answer)
    async with TestServer(app, host="127.0.0.1") as running:
        misbehaving.base = str(running.make_url("")).rstrip("/")
        yield misbehaving
        misbehaving.released.set()
