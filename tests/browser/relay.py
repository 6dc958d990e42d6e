"""A loopback relay that gives a browser a source address, which Chromium cannot choose by itself."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

from tests.system.gateway import OUTSIDE

_PIECE = 64 * 1024


class Relay:
    """Passes bytes from its `port` to `target` and back, from the address `source`.

    Browsers keep connections: `come_from` cuts them, so that the next request has the new address.
    """

    def __init__(self) -> None:
        self.source = OUTSIDE
        self.target = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []

    def come_from(self, source: str) -> None:
        """Connect from this address from now on."""
        self.source = source
        self._cut()

    def start(self, target: int) -> None:
        """Begin to pass bytes to this port of the loopback."""
        self.target = target
        self._run(self._accept)

    def stop(self) -> None:
        """Cut everything, and wait until no thread is left."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._cut()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(
                    ("127.0.0.1", self.target), timeout=10, source_address=(self.source, 0)
                )
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            self._open |= {client, server}
            self._run(self._pass, client, server)
            self._run(self._pass, server, client)

    def _pass(self, here: socket.socket, there: socket.socket) -> None:
        """Pass one direction on until it ends; the second end of the two closes both."""
        with contextlib.suppress(OSError):
            while piece := here.recv(_PIECE):
                there.sendall(piece)
        with contextlib.suppress(OSError):
            there.shutdown(socket.SHUT_WR)
        if here in self._open:
            self._open.discard(there)
            self._open.discard(here)
            return
        here.close()
        there.close()

    def _cut(self) -> None:
        for one in list(self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _run(self, work, *arguments) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()


@contextlib.contextmanager
def running_relay() -> Iterator[Relay]:
    """Hold a port; the relay is told its target by `start`."""
    relay = Relay()
    try:
        yield relay
    finally:
        relay.stop()
