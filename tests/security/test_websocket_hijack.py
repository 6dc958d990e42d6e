"""Cross-site WebSocket hijack: whose page may open one is the Origin rule of each route (T57)."""

from __future__ import annotations

import http.client

import pytest

from tests.security.wall import EVIL, Wall
from tests.system.gateway import INSIDE
from tests.system.raw import ask, head

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("wall")]

HANDSHAKE = (
    "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)  # fmt: skip
ORIGINS = {
    "evil": EVIL,
    "null": "null",
    "none": None,
    "empty": "",
    "ours with a tail": "{ours}.evil.example",
    "ours as a user": "http://localhost:{port}@evil.example",
    "another port": "http://localhost:1",
    "another scheme": "https://localhost:{port}",
    "ours with a path": "{ours}/",
    "ours twice": "{ours} {ours}",
    "ours and evil": "{ours}, https://evil.example",
    "a sibling": "http://x.localhost:{port}",
    "a file": "file://",
    "this machine, another port": "http://127.0.0.1:1",
}


def handshake(wall: Wall, path: str, origin: str | None, token: str | None) -> int:
    """Ask for a WebSocket; return the status."""
    lines = [*HANDSHAKE]
    lines += [] if origin is None else [f"Origin: {origin}"]
    lines += [] if token is None else [f"Cookie: gateway={token}"]
    return ask(wall.gateway.port, head("GET", path, wall.gateway.port, *lines), INSIDE).status


@pytest.fixture(scope="module")
def token(wall: Wall) -> str:
    return wall.inside(wall.person()).cookies["gateway"]


@pytest.mark.parametrize("path", ["/live/x", "/ours/x"])
@pytest.mark.parametrize("origin", ORIGINS)
def test_cross_site_websocket_hijack(wall: Wall, token: str, path: str, origin: str) -> None:
    said, port = ORIGINS[origin], wall.gateway.port
    if said is not None:
        said = said.replace("{ours}", wall.gateway.origin).replace("{port}", str(port))
    wall.stub.new_requests()
    assert handshake(wall, path, said, token) == 403
    assert not [one for one in wall.stub.new_requests() if one["target"].startswith(path)]


def test_each_route_has_its_own_origins(wall: Wall, token: str) -> None:
    """What one route lists another does not let in; what is let in reaches the upstream."""
    intranet = "https://intranet.example"
    assert handshake(wall, "/ours/x", intranet, token) == 403
    wall.stub.new_requests()
    for path, origin in (("/live/x", intranet), ("/ours/x", wall.gateway.origin)):
        assert handshake(wall, path, origin, token) not in {403, 302}
        (seen,) = [one for one in wall.stub.new_requests() if one["target"] == path]
        assert dict(seen["headers"])["X-Remote-User"].startswith("p")


def test_no_session_and_no_upgrade_where_none_is_named(wall: Wall, token: str) -> None:
    wall.stub.new_requests()
    assert handshake(wall, "/live/x", wall.gateway.origin, None) == 401
    try:
        status = handshake(wall, "/plain/x", wall.gateway.origin, token)
    except http.client.HTTPException:
        status = 0
    assert status != 101
    assert not [one for one in wall.stub.new_requests() if "/live/x" in one["target"]]
