"""Idle and absolute lifetime of a session, on the real clock with short times."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest

from tests.system.gateway import running_gateway, running_stub, wait_for
from tests.system.raw import connect, head, read_answer
from tests.system.visitor import Visitor, insider

pytestmark = [pytest.mark.system, pytest.mark.slow]
PING = b"\x89\x80mask"
_UPGRADE = (
    "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)  # fmt: skip


@contextlib.contextmanager
def web_socket(gateway, visitor: Visitor) -> Iterator[socket.socket]:
    with connect(gateway.port, visitor.source) as line:
        cookie = f"Cookie: gateway={visitor.cookies['gateway']}"
        own = f"Origin: {gateway.origin}"
        line.sendall(head("GET", "/debug/ws", gateway.port, cookie, own, *_UPGRADE))
        assert read_answer(line).status == 101
        yield line


def ended(line: socket.socket) -> bool:
    """Read what came until the connection ends."""
    line.settimeout(5)
    with contextlib.suppress(ConnectionError):
        while line.recv(65536):
            pass
    return True


def test_a_session_ends_when_idle_and_in_any_case(tmp_path):
    tables = '[session]\nidle = "2s"\nabsolute = "6s"\n'
    with (
        running_stub(tmp_path) as stub,
        running_gateway(tmp_path, portal=stub.portal, phone=stub.phone, tables=tables) as gateway,
    ):
        gateway.add_user("anna")
        busy, idle, talking = (insider(gateway, "anna") for _ in range(3))
        opened = time.monotonic()
        with web_socket(gateway, talking) as line:
            while time.monotonic() < opened + 3.5:  # longer than `idle`: use keeps it alive
                assert busy.get("/debug/echo").status == 200
                with contextlib.suppress(ConnectionError):
                    line.sendall(PING)
            assert ended(line), "messages on a WebSocket are no requests"
        assert talking.get("/debug/echo").status == 302
        assert idle.get("/debug/echo").status == 302
        token = idle.cookies.get("gateway")
        assert token is not None, "an ended session clears no cookie by itself"
        wait_for(lambda: busy.get("/debug/echo").status == 302, "the absolute end", 6)
        assert time.monotonic() - opened > 4  # it was the absolute end, not the idle one
