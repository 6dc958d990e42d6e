"""One kept connection to a gateway, and how long each exchange on it takes.

Speaks just enough HTTP/1.1 for our own pages: every answer has a Content-Length or no body.
"""

from __future__ import annotations

import contextlib
import re
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from urllib.parse import urlencode

_TIMEOUT_S = 30.0
_HIDDEN = re.compile(r'<input type="hidden" name="form_token" value="([^"]*)"')


@dataclass(frozen=True)
class Answer:
    """What came back, and when: seconds from the first byte sent to the last byte read."""

    status: int
    fields: Mapping[str, str]
    cookies: Mapping[str, str]
    text: str
    seconds: float

    @property
    def form_token(self) -> str:
        """The token of the page's form. Raises ValueError when there is none."""
        found = _HIDDEN.search(self.text)
        if found is None:
            raise ValueError(f"a page without a form, status {self.status}")
        return found[1]


class Line:
    """A connection that is kept from exchange to exchange."""

    def __init__(self, connection: socket.socket, host: str) -> None:
        self._socket = connection
        self._host = host

    def get(self, path: str, source: str, cookies: Mapping[str, str]) -> Answer:
        """Load a page."""
        return self._exchange("GET", path, source, cookies, b"")

    def post(
        self, path: str, source: str, cookies: Mapping[str, str], form: Mapping[str, str]
    ) -> Answer:
        """Send a form as a browser does, from the address `source`."""
        return self._exchange("POST", path, source, cookies, urlencode(form).encode())

    def _exchange(
        self, method: str, path: str, source: str, cookies: Mapping[str, str], body: bytes
    ) -> Answer:
        lines = [
            f"{method} {path} HTTP/1.1",
            f"Host: {self._host}",
            "Accept: text/html",
            f"X-Forwarded-For: {source}",
            *([f"Cookie: {'; '.join(f'{k}={v}' for k, v in cookies.items())}"] if cookies else []),
            *(["Content-Type: application/x-www-form-urlencoded"] if method == "POST" else []),
            *([f"Content-Length: {len(body)}"] if method == "POST" else []),
        ]
        data = "\r\n".join([*lines, "", ""]).encode() + body
        begun = time.perf_counter()
        self._socket.sendall(data)
        head, rest = self._until_head()
        length = int(re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)[1])  # type: ignore[index]
        while len(rest) < length:
            rest += self._more()
        return _read(head, rest, time.perf_counter() - begun)

    def _until_head(self) -> tuple[bytes, bytes]:
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, rest = data.partition(b"\r\n\r\n")
        return head, rest

    def _more(self) -> bytes:
        piece = self._socket.recv(65536)
        if not piece:
            raise ConnectionError("the gateway closed the connection")
        return piece


def _read(head: bytes, body: bytes, seconds: float) -> Answer:
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = [line.split(": ", 1) for line in lines]
    cookies = SimpleCookie()
    for name, value in pairs:
        if name.lower() == "set-cookie":
            cookies.load(value)
    return Answer(
        status=int(first.split()[1]),
        fields={name.lower(): value for name, value in pairs},
        cookies={name: one.value for name, one in cookies.items()},
        text=body.decode(),
        seconds=seconds,
    )


@contextlib.contextmanager
def connected(port: int) -> Iterator[Line]:
    """Yield a connection to the gateway on a port of the loopback."""
    with socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT_S) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield Line(connection, f"localhost:{port}")
