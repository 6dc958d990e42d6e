"""Processes of a bench: a free port, a start, the wait until it serves, and its end."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

_READY_S = 30.0
_NOT_KEPT = frozenset({"PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"})
"""Set on some machines for tests; with them every start compiles every module."""


def free_port() -> int:
    """Return a TCP port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment() -> dict[str, str]:
    """Return the environment of our programs: Python keeps what it compiled, as installed."""
    return {key: value for key, value in os.environ.items() if key not in _NOT_KEPT}


@contextlib.contextmanager
def process(
    command: list[str], log: Path, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program whose output goes to `log`; it is ended with the block."""
    with log.open("wb") as output:
        running = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(env or environment()),
        )
    try:
        yield running
    finally:
        running.terminate()
        try:
            running.wait(30)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def wait_until(ready: Callable[[], bool]) -> None:
    """Ask until the answer is yes. Raises TimeoutError."""
    end = time.monotonic() + _READY_S
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if ready():
                return
        time.sleep(0.05)
    raise TimeoutError("a process of the bench did not become ready")


def listens(port: int) -> bool:
    """Return True; raises OSError when nobody listens on a port of the loopback."""
    with socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
