"""A listener that lets nobody in: its queue is full, so a connect to it waits."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

_FILLERS = 4  # more than a queue of none holds


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
