"""Bytes to a gateway and its answer back, without a client library that would tidy them up."""

from __future__ import annotations

import http.client
import socket

from tests.system.gateway import OUTSIDE
from tests.system.visitor import Answer


def connect(port: int, source: str = OUTSIDE, timeout: float = 20.0) -> socket.socket:
    """Return a connection to a port of the loopback that comes from `source`."""
    return socket.create_connection(("127.0.0.1", port), timeout, (source, 0))


def read_answer(connection: socket.socket, method: str = "GET") -> Answer:
    """Read one final answer. Raises OSError or HTTPException when there is none."""
    with http.client.HTTPResponse(connection, method=method) as answer:
        answer.begin()
        return Answer(answer.status, answer.headers, answer.read())


def ask(port: int, data: bytes, source: str = OUTSIDE) -> Answer:
    """Send `data` on a connection of its own and return the first answer."""
    with connect(port, source) as connection:
        connection.sendall(data)
        return read_answer(connection, data.partition(b" ")[0].decode("latin-1"))


def head(method: str, target: str, port: int, *lines: str) -> bytes:
    """Return a request head; `lines` are further field lines."""
    first = (f"{method} {target} HTTP/1.1", f"Host: localhost:{port}", *lines, "", "")
    return "\r\n".join(first).encode("latin-1")


def is_closed(connection: socket.socket) -> bool:
    """Whether the other end closes this connection, now or before its time-out."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True
