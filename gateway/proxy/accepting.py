"""Sockets that something must come over before their first request: a PROXY header, a handshake.

Both are read before there is a `ClientConnection`, so whoever only begins them is counted here:
an address has as much room for handshakes under way and open connections together as it has for
connections (OWASP ASVS 5.0, 15.2.2). A PROXY header is read byte for byte, so that TLS or HTTP
begins exactly where it should.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections import Counter, deque
from collections.abc import Callable
from typing import Final

from gateway.auth.lockout import place_of
from gateway.proxy.client import ClientConnection
from gateway.proxy.door import FrontDoor
from gateway.tasks import spawn
from gateway.wire import proxy_header
from gateway.wire.errors import BadMessage

_HANDSHAKE_S: Final = 10.0
_AGAIN_S: Final = 0.1
_AT_ONCE: Final = 16
_BAD_REQUEST: Final = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Accepting:
    """Takes connections in and hands them to the front door when they are ready to ask."""

    def __init__(self, door: FrontDoor) -> None:
        self._door = door
        self._beginning: Counter[str] = Counter()

    def begin(
        self, listening: socket.socket, tls: ssl.SSLContext | None, *, proxied: bool
    ) -> Callable[[], None]:
        """Accept from now on; return what ends that, and closes `listening`.

        `proxied`: a PROXY header comes first. Connections that have begun go on.
        """
        loop, number = asyncio.get_running_loop(), listening.fileno()

        def accept() -> None:
            for _ in range(_AT_ONCE):
                try:
                    accepted, where = listening.accept()
                except BlockingIOError:  # another worker was faster, or that was all
                    return
                except OSError:  # out of descriptors: the next try may find one
                    loop.remove_reader(number)
                    later.append(loop.call_later(_AGAIN_S, loop.add_reader, number, accept))
                    return
                accepted.setblocking(False)  # noqa: FBT003 - its only parameter
                _ = spawn(self._open(accepted, where[0], tls, proxied=proxied), "opening")

        def end() -> None:
            for timer in later:
                timer.cancel()
            loop.remove_reader(number)
            listening.close()

        later: deque[asyncio.TimerHandle] = deque(maxlen=1)
        loop.add_reader(number, accept)
        return end

    async def _open(
        self, accepted: socket.socket, peer: str, tls: ssl.SSLContext | None, *, proxied: bool
    ) -> None:
        address = peer
        try:
            if proxied and self._door.plan.snapshot.trusted.contains(peer):
                async with asyncio.timeout(self._door.plan.head_timeout_s):
                    # Nobody named: unknown, which is outside. The proxy's own address would lend
                    # its trust to whatever X-Forwarded-For the client behind it writes.
                    address = await _read_header(accepted) or ""
            if tls is None:
                await self._hand_over(accepted, address, None)
            else:
                await self._shake_hands(accepted, address, tls)
        except BadMessage as error:
            # Only trusted proxies are read a header from: the log may name them.
            self._door.note_refusal(error.status, f"{error.why}, from {peer}")
            with contextlib.suppress(OSError):
                accepted.send(_BAD_REQUEST)
            accepted.close()
        except (OSError, TimeoutError):
            accepted.close()

    async def _shake_hands(
        self, accepted: socket.socket, address: str, tls: ssl.SSLContext
    ) -> None:
        place = place_of(address)
        if not self._door.has_room(address, besides=self._beginning[place]):
            self._door.note_refusal(429, "too many handshakes from one address")
            accepted.close()  # there is no way to say so before there is TLS
            return
        self._beginning[place] += 1
        try:
            await self._hand_over(accepted, address, tls)
        finally:
            self._beginning[place] -= 1
            if self._beginning[place] <= 0:
                del self._beginning[place]

    async def _hand_over(
        self, accepted: socket.socket, address: str, tls: ssl.SSLContext | None
    ) -> None:
        await asyncio.get_running_loop().connect_accepted_socket(
            self._factory(address),
            accepted,
            ssl=tls,
            ssl_handshake_timeout=_HANDSHAKE_S if tls else None,
        )

    def _factory(self, address: str) -> Callable[[], ClientConnection]:
        return lambda: ClientConnection(self._door, address)


async def _read_header(accepted: socket.socket) -> str | None:
    first = await _exactly(accepted, proxy_header.FIRST)
    if proxy_header.is_v2(first):
        head = first + await _exactly(accepted, proxy_header.V2_HEAD - len(first))
        return proxy_header.read_v2(head, await _exactly(accepted, proxy_header.v2_rest(head)))
    if not proxy_header.is_v1(first):
        raise BadMessage(400, "PROXY header missing")
    line = first
    while not line.endswith(b"\r\n"):
        if len(line) >= proxy_header.V1_LONGEST:
            raise BadMessage(400, "PROXY line too long")
        line += await _exactly(accepted, 1)
    return proxy_header.read_v1(line)


async def _exactly(accepted: socket.socket, size: int) -> bytes:
    loop = asyncio.get_running_loop()
    data = b""
    while len(data) < size:
        piece = await loop.sock_recv(accepted, size - len(data))
        if not piece:
            raise ConnectionResetError
        data += piece
    return data
