"""The admin listener: tells whether the gateway lives, is ready for traffic, and in numbers.

On an address of its own, never on the public listener (docs/outside.md).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from gateway.auth.ports import Unavailable

Check = Callable[[], Awaitable[None]]
"""Raises Unavailable when its part does not answer."""

_DEADLINE_S = 3.0


Page = Callable[[Mapping[str, bool], str], Awaitable[tuple[bytes, str]]]
"""Returns /metrics and its content type, given how the parts are and what is accepted."""


def make_admin(checks: Mapping[str, Check], page: Page) -> web.Application:
    """Return the application; `checks` are the parts that must answer for readiness, by name."""
    app = web.Application(client_max_size=1024)

    async def live(_: web.Request) -> web.Response:
        return web.json_response({"status": "alive"}, headers={"Cache-Control": "no-store"})

    async def ready(_: web.Request) -> web.Response:
        states = await _states(checks)
        good = all(state == "ok" for state in states.values())
        return web.json_response(
            {"status": "ready" if good else "not ready", "checks": states},
            status=200 if good else 503,
            headers={"Cache-Control": "no-store"},
        )

    async def metrics(request: web.Request) -> web.Response:
        well = {part: state == "ok" for part, state in (await _states(checks)).items()}
        body, content_type = await page(well, request.headers.get("Accept", ""))
        return web.Response(
            body=body, headers={"Content-Type": content_type, "Cache-Control": "no-store"}
        )

    async def unnamed(_: web.Request, response: web.StreamResponse) -> None:
        """Say nothing of versions (ASVS 13.4.6)."""
        response.headers.popall("Server", None)

    app.on_response_prepare.append(unnamed)
    app.router.add_get("/healthz", live)
    app.router.add_get("/readyz", ready)
    app.router.add_get("/metrics", metrics)
    return app


async def _states(checks: Mapping[str, Check]) -> dict[str, str]:
    return dict(zip(checks, await asyncio.gather(*map(_state, checks.values())), strict=True))


async def _state(check: Check) -> str:
    try:
        async with asyncio.timeout(_DEADLINE_S):
            await check()
    except Unavailable as unavailable:
        return f"unavailable: {unavailable.what}"
    except TimeoutError:
        return "unavailable: no answer in time"
    return "ok"
