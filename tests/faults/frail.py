"""An upstream of raw bytes that refuses, hangs, dies, lies or talks nonsense, as it is told.

When it is well it answers with the user it was told and the target it was asked for.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator

WELL, HANGS, DIES, SHORT, LONG, NONSENSE, TWICE, RESETS = (
    "well", "hangs", "dies mid-body", "says more than it sends", "says less than it sends",
    "talks nonsense", "answers twice", "resets",
)  # fmt: skip
MODES = (HANGS, DIES, SHORT, LONG, NONSENSE, TWICE, RESETS)


class Frail:
    """Listens on `port` but while it refuses; each connection has a thread."""

    def __init__(self) -> None:
        self.mode = WELL
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._released = threading.Event()
        self._open: set[socket.socket] = set()
        self._accept()

    def refuse(self) -> None:
        """Listen no more, and close what is open."""
        listening, self._listening = self._listening, None
        # A thread that waits in accept() holds the socket: it goes on with one that comes.
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        self._close_all()

    def listen_again(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", self.port))
        self._accept()

    def is_well_again(self) -> None:
        """Behave from now on, to those who wait as well."""
        self.mode = WELL
        released, self._released = self._released, threading.Event()
        released.set()

    def close(self) -> None:
        self.is_well_again()
        if self._listening is not None:
            self.refuse()

    def _close_all(self) -> None:
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        threading.Thread(target=self._accept_from, args=[self._listening], daemon=True).start()

    def _accept_from(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        self._open.add(connection)
        with (
            contextlib.suppress(OSError, EOFError),
            connection,
            connection.makefile("rb") as reader,
        ):
            while True:
                if not self._answer(connection, _request(reader)):
                    break
        self._open.discard(connection)

    def _answer(self, connection: socket.socket, request: tuple[str, str]) -> bool:
        """Answer one request; whether the connection goes on."""
        body = json.dumps({"user": request[0], "target": request[1], "fill": "x" * 2000}).encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        mode = self.mode
        if mode == HANGS:
            self._released.wait(120)
        if mode in {WELL, HANGS}:
            connection.sendall(head % len(body) + body)
        elif mode == TWICE:
            connection.sendall((head % len(body) + body) * 2)
        elif mode == LONG:  # the surplus is nobody's answer
            connection.sendall(head % len(body) + body + head % len(body) + body)
        elif mode == SHORT:
            connection.sendall(head % (len(body) + 500) + body)
        elif mode == DIES:
            connection.sendall(head % len(body) + body[: len(body) // 2])
        elif mode == NONSENSE:
            connection.sendall(b"\x16\x03\x01\x02\x00 220 not what you asked for\r\n\r\n" * 4)
        else:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        return mode in {WELL, HANGS, TWICE, LONG}


def _request(reader) -> tuple[str, str]:
    """Read one request without a body; return the user it names and its target."""
    first = reader.readline().decode("latin-1")
    if not first:
        raise EOFError
    user = ""
    while (line := reader.readline().decode("latin-1").rstrip("\r\n")) != "":
        name, _, value = line.partition(":")
        user = value.strip() if name.lower() == "x-remote-user" else user
    return user, first.split()[1]


@contextlib.contextmanager
def frail_upstream() -> Iterator[Frail]:
    """Run one."""
    frail = Frail()
    try:
        yield frail
    finally:
        frail.close()
