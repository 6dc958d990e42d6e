"""One request after the other while a file takes the place of another: the longest wait.

Prints {"calm_ms", "stall_ms", "in_force_s"}: the longest answer before, and from then until half a
second after the first answer that names another configuration.
"""

from __future__ import annotations

import json
import re
import socket
import time
from pathlib import Path

from bench.clients import head, spec

_DIGEST = re.compile(rb"(?i)\r\nx-portvakt-config: *([0-9a-f]+)")
_PAUSE_S = 0.0005
_AFTER_S = 0.5
_PATIENCE_S = 30.0


def measure(port: int, request: bytes, new: Path, config: Path, calm_s: float) -> dict[str, float]:
    """Ask, put the new file in place of the other, ask on. Raises OSError and ValueError."""
    calm: list[float] = []
    after: list[float] = []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        begun = time.perf_counter()
        digest, _ = _ask(connection, request)
        while time.perf_counter() < begun + calm_s:
            calm.append(_ask(connection, request)[1])
        new.replace(config)
        edited = time.perf_counter()
        end = edited + _PATIENCE_S
        in_force_s = 0.0
        while (now := time.perf_counter()) < end:
            said, lasted = _ask(connection, request)
            after.append(lasted)
            if said != digest and not in_force_s:
                in_force_s = now - edited
                end = now + _AFTER_S
    if not in_force_s:
        raise ValueError("the edit never came into force")
    return {"calm_ms": max(calm) * 1e3, "stall_ms": max(after) * 1e3, "in_force_s": in_force_s}


def _ask(connection: socket.socket, request: bytes) -> tuple[bytes, float]:
    time.sleep(_PAUSE_S)
    begun = time.perf_counter()
    connection.sendall(request)
    answer = connection.recv(65536)
    lasted = time.perf_counter() - begun
    found = _DIGEST.search(answer)
    if found is None:
        raise ValueError(f"no digest in the answer: {answer[:200]!r}")
    return found[1], lasted


if __name__ == "__main__":
    told = spec()
    asked = head("GET", "/", told["headers"], "X-Portvakt-Config: 1", "Sec-Fetch-Mode: cors")
    found = measure(told["port"], asked, Path(told["new"]), Path(told["config"]), told["calm_s"])
    print(json.dumps(found))
