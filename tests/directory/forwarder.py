"""A forwarder in front of a server: it can fall silent, refuse, and come back."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections.abc import Iterator


class Forwarder:
    """Passes bytes between `port` and a target on the loopback, as long as it is told to."""

    def __init__(self, target: int, port: int = 0) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._silent = False
        self._done = False
        self._cut = False
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def fall_silent(self) -> None:
        """Pass nothing on from now: connections are taken and nothing ever comes back."""
        self._silent = True

    def cut(self) -> None:
        """Close every connection that is open; new ones are taken."""
        self._cut = True
        self._wake.send(b"x")
        while self._cut:
            time.sleep(0.01)

    def refuse(self) -> None:
        """Close everything; nobody listens any more."""
        if not self._done:
            self._done = True
            with contextlib.suppress(OSError):  # it has noticed by itself
                self._wake.send(b"x")
            self._thread.join(5)
            self._wake.close()

    def _run(self) -> None:
        while not self._done:
            waiting = [self._listener, self._woken, *self._pairs]
            readies = select.select(waiting, [], [], 1)[0]
            if self._cut:
                self._woken.recv(1)
                for one in self._pairs:
                    one.close()
                self._pairs.clear()
                self._cut = False
                continue
            for ready in readies:
                if ready is self._listener:
                    self._accept()
                elif ready in self._pairs:
                    self._pass_on(ready)
        for one in (self._listener, self._woken, *self._pairs):
            one.close()

    def _accept(self) -> None:
        client = self._listener.accept()[0]
        if self._silent:
            self._pairs[client] = client
            return
        server = socket.create_connection(("127.0.0.1", self._target))
        self._pairs[client], self._pairs[server] = server, client

    def _pass_on(self, one: socket.socket) -> None:
        other = self._pairs[one]
        data = b""
        with contextlib.suppress(ConnectionError):
            data = one.recv(65536)
        if self._silent and data:
            return
        with contextlib.suppress(OSError):
            if data:
                other.sendall(data)
                return
        for end in {one, other}:
            self._pairs.pop(end, None)
            end.close()


@contextlib.contextmanager
def forwarding(target: int, port: int = 0) -> Iterator[Forwarder]:
    """Yield a forwarder; it is closed with the block."""
    forwarder = Forwarder(target, port)
    try:
        yield forwarder
    finally:
        forwarder.refuse()
