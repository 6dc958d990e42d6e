"""One TLS handshake after the other, each full, each with one GET; prints a `Load`."""

from __future__ import annotations

import dataclasses
import json
import socket
import ssl
import time

from bench.clients import head, spec
from bench.figures import Load, percentile


def measure(port: int, certificate: str, request: bytes, seconds: float) -> Load:
    """Connect, ask, close, for so long. Raises OSError, and ValueError for a refusal."""
    context = ssl.create_default_context(cafile=certificate)
    times: list[float] = []
    begun = time.perf_counter()
    while (now := time.perf_counter()) < begun + seconds:
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
        times.append(time.perf_counter() - now)
    return Load(
        len(times), time.perf_counter() - begun,
        percentile(times, 0.5) * 1e6, percentile(times, 0.99) * 1e6,
    )  # fmt: skip


if __name__ == "__main__":
    told = spec()
    asked = head("GET", "/", told["headers"], "Connection: close")
    found = measure(told["port"], told["certificate"], asked, told["seconds"])
    print(json.dumps(dataclasses.asdict(found)))
