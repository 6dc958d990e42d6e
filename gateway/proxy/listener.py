"""Listening sockets: bound once before the workers start, served by every worker."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from gateway.proxy.accepting import Accepting
from gateway.proxy.client import ClientConnection
from gateway.proxy.door import FrontDoor
from gateway.settings.model import HostPort, Tls

_BACKLOG: Final = 1024


def bind(
    addresses: Sequence[HostPort], handed: Mapping[tuple[str, int], socket.socket] | None = None
) -> list[socket.socket]:
    """Return listening TCP sockets. Raises OSError whose text names the address.

    `handed` are sockets that listen already, by host and port: they are taken where they fit.
    """
    bound: list[socket.socket] = []
    for address in addresses:
        ready = (handed or {}).get((address.host, address.port))
        try:
            bound.append(ready or _bind_one(address))
        except OSError as error:
            for other in bound:
                other.close()
            raise OSError(_cannot_listen(address, error)) from error
    return bound


def _cannot_listen(address: HostPort, error: OSError) -> str:
    """Return what is wrong, and what to do about it, for whoever started us."""
    reason = (error.strerror or type(error).__name__).lower()
    advice = {
        errno.EADDRINUSE: "stop what listens there, or write another port",
        errno.EADDRNOTAVAIL: "write an address of this machine",
        errno.EACCES: "ports below 1024 want root or CAP_NET_BIND_SERVICE",
    }.get(error.errno or 0, "write another address")
    where = f"[{address.host}]" if ":" in address.host else address.host
    return f"cannot listen on {where}:{address.port}: {reason}; {advice} in gateway.toml"


def _bind_one(address: HostPort) -> socket.socket:
    found = socket.getaddrinfo(
        address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    family, kind, protocol, _, where = found[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6 and where[0] != "::":
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind(where)
        listening.listen(_BACKLOG)
        listening.setblocking(False)  # noqa: FBT003 - its only parameter
        listening.set_inheritable(True)
    except OSError:
        listening.close()
        raise
    return listening


def server_tls(tls: Tls) -> ssl.SSLContext:
    """Return a server context: TLS 1.2 or newer, HTTP/1.1 only.

    Raises OSError, whose text names the files, when they hold no certificate and its key.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")
    try:
        # The empty password: an encrypted key is refused, not asked for at the terminal.
        context.load_cert_chain(tls.certificate, tls.key, password="")
    except OSError as error:
        raise OSError(
            f"{tls.certificate} and {tls.key} are not a PEM certificate and its own key without a "
            f"passphrase ({error.strerror or type(error).__name__})"
        ) from error
    return context


class Listener:
    """Serves the public sockets of one worker."""

    def __init__(self, door: FrontDoor, sockets: Sequence[socket.socket]) -> None:
        self._door = door
        self._sockets = sockets
        self._servers: list[asyncio.Server] = []
        self._accepting = Accepting(door)
        self._ends: list[Callable[[], None]] = []

    async def start(self, tls: ssl.SSLContext | None, *, proxied: bool) -> None:
        """Accept connections in this way from now on, and no more in the way before.

        `proxied`: a PROXY header comes first. May be called again: connections that are open go on,
        and those that wait to be accepted are.
        """
        servers: list[asyncio.Server] = []
        ends: list[Callable[[], None]] = []
        try:
            for listening in self._sockets:
                # A second descriptor of the socket, so that closing it ends only this use of it.
                again = listening.dup()
                again.setblocking(False)  # noqa: FBT003 - its only parameter
                if proxied or tls:
                    ends.append(self._accepting.begin(again, tls, proxied=proxied))
                else:
                    servers.append(await self._serve(again))
        except OSError:
            _close(servers, ends)
            raise
        _close(self._servers, self._ends)
        self._servers, self._ends = servers, ends

    def stop(self) -> None:
        """Accept no more; open connections go on."""
        _close(self._servers, self._ends)
        for listening in self._sockets:
            listening.close()

    async def _serve(self, listening: socket.socket) -> asyncio.Server:
        return await asyncio.get_running_loop().create_server(
            lambda: ClientConnection(self._door), sock=listening, backlog=_BACKLOG
        )


def _close(servers: Sequence[asyncio.Server], ends: Sequence[Callable[[], None]]) -> None:
    for server in servers:
        server.close()
    for end in ends:
        end()
