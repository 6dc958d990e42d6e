"""gateway/operate/admin.py: alive and ready are two questions."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from aiohttp.test_utils import TestClient, TestServer

from gateway.auth.ports import Unavailable
from gateway.operate import admin


async def well() -> None:
    return


async def ill() -> None:
    raise Unavailable("redis")


async def page(well: Mapping[str, bool], accept: str) -> tuple[bytes, str]:
    return f"{accept} {dict(well)}".encode(), "text/plain; version=0.0.4"


async def asked(path: str, **checks) -> tuple[int, dict, str | None]:
    server = TestServer(admin.make_admin(checks, page))
    async with TestClient(server) as client, client.get(path) as answer:
        return answer.status, await answer.json(), answer.headers.get("Server")


@pytest.mark.asyncio
async def test_alive_whatever_the_neighbours_do() -> None:
    assert await asked("/healthz", redis=ill) == (200, {"status": "alive"}, None)


@pytest.mark.asyncio
async def test_ready_when_all_parts_answer() -> None:
    status, body, _ = await asked("/readyz", redis=well, directory=well)
    assert (status, body["checks"]) == (200, {"redis": "ok", "directory": "ok"})


@pytest.mark.asyncio
async def test_not_ready_says_which_part() -> None:
    status, body, _ = await asked("/readyz", redis=ill, directory=well)
    assert status == 503
    assert body == {
        "status": "not ready",
        "checks": {"redis": "unavailable: redis", "directory": "ok"},
    }


@pytest.mark.asyncio
async def test_a_part_that_hangs_does_not_hang_the_answer(monkeypatch) -> None:
    monkeypatch.setattr(admin, "_DEADLINE_S", 0.01)
    status, body, _ = await asked("/readyz", redis=asyncio.Event().wait)
    assert (status, body["checks"]["redis"]) == (503, "unavailable: no answer in time")


@pytest.mark.asyncio
async def test_nothing_else_is_served() -> None:
    async with TestClient(TestServer(admin.make_admin({}, page))) as client:
        for path in ("/", "/debug", "/.gateway/logon", "/healthz/x"):
            async with client.get(path) as answer:
                assert answer.status == 404


@pytest.mark.asyncio
async def test_metrics_know_how_the_parts_are() -> None:
    server = TestServer(admin.make_admin({"redis": ill, "directory": well}, page))
    async with (
        TestClient(server) as client,
        client.get("/metrics", headers={"Accept": "text/plain"}) as answer,
    ):
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Server" not in answer.headers
        assert await answer.text() == "text/plain {'redis': False, 'directory': True}"
