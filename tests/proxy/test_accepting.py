"""gateway/proxy/accepting.py: whoever only begins a handshake is counted like whoever ends it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
from pathlib import Path
from typing import Any, Self

import pytest

from gateway.proxy.accepting import Accepting
from gateway.proxy.listener import Listener, bind, server_tls
from gateway.settings.model import HostPort, Limits, Tls
from tests.proxy.house import TOML, House
from tests.proxy.raw_client import PATIENCE_S
from tests.system.certificates import Authority

MOST = 3
HALF_A_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"


class TlsHouse:
    """A house whose front door is reached by TLS on `port`; an address has room for three."""

    def __init__(self, directory: Path, house: House) -> None:
        self._authority = Authority(directory)
        issued = self._authority.issue("localhost", "127.0.0.1")
        house.configure(limits=Limits(connections_per_address=MOST))
        (self._socket,) = bind([HostPort("127.0.0.1", 0)])
        self.port = self._socket.getsockname()[1]
        self._tls = server_tls(Tls(Path(issued.certificate), Path(issued.key)))
        self._listener = Listener(house.door, [self._socket])

    async def __aenter__(self) -> Self:
        await self._listener.start(self._tls, proxied=False)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listener.stop()
        await asyncio.sleep(0.005)

    async def ask(self) -> bytes:
        """Return the status line of one request over TLS."""
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.port, ssl=self._authority.client(), server_hostname="localhost"
        )
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost:8080\r\nCookie: gateway=anna\r\n\r\n")
        answer = await reader.readline()
        writer.transport.abort()
        return answer

    async def begin(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return a connection that has sent the beginning of a handshake."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(HALF_A_HELLO)
        return reader, writer


async def is_turned_away(reader: asyncio.StreamReader) -> bool:
    async with asyncio.timeout(PATIENCE_S):
        with contextlib.suppress(ConnectionError):
            return await reader.read() == b""
    return True


@pytest.mark.asyncio
async def test_handshakes_under_way_take_the_room_of_connections(tmp_path: Path) -> None:
    async with House(tmp_path) as house, TlsHouse(tmp_path, house) as front:
        begun = [await front.begin() for _ in range(MOST)]
        reader, writer = await front.begin()
        assert await is_turned_away(reader)
        writer.close()
        with pytest.raises((ConnectionError, ssl.SSLError)):
            await front.ask()
        for _, one in begun:
            one.transport.abort()
        answer = b""
        async with asyncio.timeout(PATIENCE_S):
            while not answer:  # until the gateway has seen that they are gone
                with contextlib.suppress(ConnectionError, ssl.SSLError):
                    answer = await front.ask()
        assert answer == b"HTTP/1.1 200 OK\r\n"


@pytest.mark.asyncio
async def test_handshakes_of_a_trusted_proxy_have_no_such_limit(tmp_path: Path) -> None:
    trusting = '"http://localhost:8080"\nlisten = { trusted_proxies = ["127.0.0.1"] }\n'
    toml = TOML.replace('"http://localhost:8080"\n', trusting, 1)
    async with House(tmp_path, toml) as house, TlsHouse(tmp_path, house) as front:
        begun = [await front.begin() for _ in range(MOST + 2)]
        assert await front.ask() == b"HTTP/1.1 200 OK\r\n"
        for _, one in begun:
            one.transport.abort()


class Exhausted(socket.socket):
    """A listening socket whose process has no descriptor left for a while."""

    failures = 1

    def accept(self) -> tuple[socket.socket, Any]:
        if self.failures:
            self.failures -= 1
            raise OSError(errno.EMFILE, "too many open files")
        return super().accept()


@pytest.mark.asyncio
async def test_without_a_descriptor_it_is_tried_again(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        (bound,) = bind([HostPort("127.0.0.1", 0)])
        port = bound.getsockname()[1]
        listening = Exhausted(fileno=bound.detach())
        listening.setblocking(False)
        end = Accepting(house.door).begin(listening, None, proxied=True)
        try:
            connected = socket.create_connection(("127.0.0.1", port))
            client = await house.client_of(connected)
            client.send(b"GET / HTTP/1.1\r\nHost: localhost:8080\r\nCookie: gateway=anna\r\n\r\n")
            answer = await client.answer()
        finally:
            end()
        assert (answer.status, listening.failures) == (200, 0)
