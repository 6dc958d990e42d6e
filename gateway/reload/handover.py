"""How a configuration reaches the workers: read once, passed as an open file that nobody can name.

A datagram of one byte carries a descriptor of the file (SCM_RIGHTS). It holds the status and the
settings, pickled by the process that judged them for those it was forked with; what a worker
compiles from them it compiles itself. Unsent datagrams only mean that a newer one is on its way.
"""

from __future__ import annotations

import io
import os
import pickle
import socket
import tempfile
from dataclasses import replace
from typing import Final

from gateway.reload.look import Running
from gateway.reload.status import ConfigStatus
from gateway.settings.model import Settings
from policies.routes import Route

_MARK: Final = b"\n"
_AT_ONCE: Final = 200
"""Routes that are pickled together: to forget ten thousand at the end of one load holds the
interpreter for 18 ms, in which nobody is answered."""


def channel() -> tuple[socket.socket, socket.socket]:
    """Return both ends of a line that keeps messages apart; neither ever blocks."""
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    for end in ends:
        end.setblocking(False)  # noqa: FBT003 - its only parameter
    return ends


def write(running: Running) -> int:
    """Return the descriptor of a new file that holds `running`; whoever has it closes it."""
    routes = running.settings.routes
    parts = [routes[place : place + _AT_ONCE] for place in range(0, len(routes), _AT_ONCE)]
    descriptor = _nameless()
    with os.fdopen(os.dup(descriptor), "wb") as file:
        for part in (running.status, replace(running.settings, routes=()), len(parts), *parts):
            pickle.dump(part, file)
    return descriptor


def content(descriptor: int) -> bytes:
    """Return the bytes of such a file; its place is left alone, other processes share it."""
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0)


def status_of(told: bytes) -> ConfigStatus:
    """Return the status in such bytes: cheap, however many routes follow it."""
    status: ConfigStatus = pickle.loads(told)  # noqa: S301 - see above
    return status


def read(told: bytes) -> Running:
    """Return what such bytes hold. Takes a while for ten thousand routes."""
    file = io.BytesIO(told)
    status: ConfigStatus = pickle.load(file)  # noqa: S301 - see above
    settings: Settings = pickle.load(file)  # noqa: S301 - see above
    routes: list[Route] = []
    for _ in range(pickle.load(file)):  # noqa: S301 - see above
        routes += pickle.load(file)  # noqa: S301 - see above
    return Running(replace(settings, routes=tuple(routes)), status)


def send(end: socket.socket, descriptor: int) -> bool:
    """Send a descriptor; False when the other side has not read what it was sent before."""
    try:
        socket.send_fds(end, [_MARK], [descriptor])
    except OSError:
        return False
    return True


def newest(end: socket.socket) -> int | None:
    """Return the last descriptor that has come, to be closed by the caller; None for none."""
    last: int | None = None
    while True:
        try:
            _, descriptors, _, _ = socket.recv_fds(end, len(_MARK), 1)
        except BlockingIOError:
            return last
        for descriptor in descriptors:
            if last is not None:
                os.close(last)
            last = descriptor


def _nameless() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("portvakt-configuration", os.MFD_CLOEXEC)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
