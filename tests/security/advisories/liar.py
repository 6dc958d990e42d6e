"""An upstream of our own that answers any bytes it was told to, and remembers what it heard."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import socket
import threading
from collections.abc import Callable, Iterator

Script = Callable[[socket.socket, bytes], bytes | None]
"""Gets the connection and the request's head; what it returns is sent. None ends the connection."""


@dataclasses.dataclass
class Liar:
    """`scripts` by path; any other path is answered with who asked for what."""

    port: int
    scripts: dict[str, Script] = dataclasses.field(default_factory=dict)
    heard: list[bytes] = dataclasses.field(default_factory=list)
    """Every head, oldest first."""
    spoiled: set[socket.socket] = dataclasses.field(default_factory=set)
    used_again: list[bytes] = dataclasses.field(default_factory=list)
    """Heads that came on a connection that was spoiled before."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def says(
        self, path: str, answer: bytes, *, then_close: bool = False, spoils: bool = False
    ) -> None:
        """Answer every request for `path` in the same way; `spoils`: nobody may use it again."""

        def script(connection: socket.socket, head: bytes) -> bytes | None:
            connection.sendall(answer)
            if spoils:
                self.spoiled.add(connection)
            return None if then_close else b""

        self.scripts[path] = script

    def heads(self, path: str) -> list[bytes]:
        """Return the heads whose target begins with `path`."""
        return [head for head in self.heard if head.split(b" ")[1].startswith(path.encode())]


def named(head: bytes, name: str) -> str:
    """Return a field of a head, "" without it."""
    found = re.search(rb"(?im)^" + name.encode() + rb": ([^\r]*)\r$", head)
    return found[1].decode("latin-1") if found else ""


def plain(body: bytes, *lines: bytes) -> bytes:
    """Return an ordinary answer."""
    fields = b"".join(line + b"\r\n" for line in lines)
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%b\r\n%b" % (len(body), fields, body)


def _who_asked(head: bytes) -> bytes:
    target = head.split(b" ")[1].decode("latin-1")
    return plain(f"{named(head, 'X-Remote-User')} {target}".encode("latin-1"))


def _heads(connection: socket.socket) -> Iterator[bytes]:
    """Yield one head after the other; a body of known length is read away before the next."""
    data = b""
    while True:
        while b"\r\n\r\n" not in data:
            if data.startswith(b"\x16"):  # a TLS hello: answered in clear
                connection.sendall(plain(b"in clear"))
                return
            piece = connection.recv(65536)
            if not piece:
                return
            data += piece
        head, _, data = data.partition(b"\r\n\r\n")
        head += b"\r\n\r\n"
        yield head
        length = int(named(head, "Content-Length") or 0)
        while len(data) < length:
            piece = connection.recv(65536)
            if not piece:
                return
            data += piece
        data = data[length:]


@contextlib.contextmanager
def running_liar() -> Iterator[Liar]:
    """Run one on a port of its own."""
    server = socket.create_server(("127.0.0.1", 0), backlog=128)
    liar = Liar(server.getsockname()[1])
    open_ones: list[socket.socket] = []

    def converse(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            for head in _heads(connection):
                liar.heard.append(head)
                if connection in liar.spoiled:
                    liar.used_again.append(head)
                path = head.split(b" ")[1].decode("latin-1").partition("?")[0]
                script = liar.scripts.get(path)
                answer = _who_asked(head) if script is None else script(connection, head)
                if answer is None:
                    return
                connection.sendall(answer)

    def accept() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            open_ones.append(connection)
            threading.Thread(target=converse, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield liar
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        for connection in open_ones:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        thread.join(5)
