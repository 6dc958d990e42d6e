"""TLS handshakes, four at once, each full, each with one GET; prints a `Load`."""

from __future__ import annotations

import dataclasses
import json
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor

from bench.clients import head, spec
from bench.figures import Load, percentile

_AT_ONCE = 4
"""Enough to keep a worker busy: OpenSSL works without the interpreter's lock."""


def measure(port: int, certificate: str, request: bytes, seconds: float) -> Load:
    """Connect, ask, close, for so long. Raises OSError, and ValueError for a refusal."""
    context = ssl.create_default_context(cafile=certificate)
    begun = time.perf_counter()

    def connect_on(_: int) -> list[float]:
        times: list[float] = []
        while (now := time.perf_counter()) < begun + seconds:
            _once(port, context, request)
            times.append(time.perf_counter() - now)
        return times

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        times = [one for found in threads.map(connect_on, range(_AT_ONCE)) for one in found]
    return Load(
        len(times), time.perf_counter() - begun,
        percentile(times, 0.5) * 1e6, percentile(times, 0.99) * 1e6,
    )  # fmt: skip


def _once(port: int, context: ssl.SSLContext, request: bytes) -> None:
    with (
        socket.create_connection(("127.0.0.1", port)) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        if connection.session_reused:
            raise ValueError("a handshake was not full")
        connection.sendall(request)
        answer = connection.recv(65536)
        if not answer.startswith(b"HTTP/1.1 200"):
            raise ValueError(f"refused: {answer[:80]!r}")
        while connection.recv(65536):
            pass


if __name__ == "__main__":
    told = spec()
    asked = head("GET", "/", told["headers"], "Connection: close")
    found = measure(told["port"], told["certificate"], asked, told["seconds"])
    print(json.dumps(dataclasses.asdict(found)))
