"""A listener that lets nobody in: its queue is full, so a connect to it waits."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

_FILLERS = 4  # more than a queue of none holds
_CONNECTING = "02"  # SYN_SENT, in /proc/net/tcp


@contextlib.contextmanager
def full_listener() -> Iterator[socket.socket]:
    """Listen on a port of the loopback; who accepts from it lets those in that wait."""
    with contextlib.ExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(_FILLERS):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        yield full


def waiting(full: socket.socket) -> int:
    """Return how many connects to a listener wait to be let in."""
    port = f":{full.getsockname()[1]:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
    return sum(row[2].endswith(port) and row[3] == _CONNECTING for row in rows)
