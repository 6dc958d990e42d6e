"""What a service manager (systemd) is told, and the sockets it hands over. Without one: nothing.

The protocols are sd_notify(3) and sd_listen_fds(3): one datagram, three environment variables.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping
from typing import Final

_FIRST: Final = 3
_MOST: Final = 64


class ServiceManager:
    """The one that started us, if any. Takes its variables out, so that no child is misled."""

    def __init__(self, environ: dict[str, str] | os._Environ[str] = os.environ) -> None:
        self._address = environ.pop("NOTIFY_SOCKET", "")
        ours = str(os.getpid())
        handed = environ.pop("LISTEN_FDS", "0") if environ.pop("LISTEN_PID", "") == ours else "0"
        environ.pop("LISTEN_FDNAMES", None)
        self._handed = min(int(handed), _MOST) if handed.isascii() and handed.isdigit() else 0
        watched = environ.pop("WATCHDOG_USEC", "")
        if environ.pop("WATCHDOG_PID", ours) != ours or not watched.isdigit():
            watched = "0"
        self.watchdog_s: Final = int(watched) / 1e6
        """It expects a sign of life at least that often; 0 for never."""

    def sockets(self) -> list[socket.socket]:
        """Return the listening sockets it hands over; to be asked once."""
        found = []
        for descriptor in range(_FIRST, _FIRST + self._handed):
            listening = socket.socket(fileno=descriptor)
            listening.setblocking(False)  # noqa: FBT003 - its only parameter
            found.append(listening)
        return found

    def tell(self, **states: str) -> None:
        """Tell it, as `READY="1"`; a manager that does not listen changes nothing."""
        if not self._address:
            return
        message = "\n".join(f"{name}={value}" for name, value in states.items()).encode()
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.sendto(message, address)


def addresses_of(sockets: list[socket.socket]) -> Mapping[tuple[str, int], socket.socket]:
    """Return TCP sockets by host and port. Raises OSError for one that is none."""
    found = {}
    for one in sockets:
        if one.family not in {socket.AF_INET, socket.AF_INET6} or one.type != socket.SOCK_STREAM:
            raise OSError("the service manager hands over a socket that is not TCP")
        host, port = one.getsockname()[:2]
        found[host, port] = one
    return found
