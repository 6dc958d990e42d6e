"""A recording SMS peer: what a provider would have been asked to send, number by number."""

from __future__ import annotations

import contextlib
import dataclasses
import http.server
import re
import threading
from collections import defaultdict
from collections.abc import Iterator
from urllib.parse import parse_qs


@dataclasses.dataclass
class SmsPeer:
    """A provider that takes every message; `url` is where it listens."""

    url: str
    failing: set[str] = dataclasses.field(default_factory=set)
    """Numbers whose messages are answered 500, with the message in the answer."""
    _messages: dict[str, list[str]] = dataclasses.field(default_factory=lambda: defaultdict(list))
    _lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)

    def record(self, to: str, text: str) -> None:
        """Keep one message."""
        with self._lock:
            self._messages[to].append(text)

    def messages(self, to: str) -> list[str]:
        """Return the messages to a number (E.164), oldest first."""
        with self._lock:
            return list(self._messages[to])

    def code(self, to: str) -> str:
        """Return the code of the newest message to a number."""
        return re.search(r"\d{6}", self.messages(to)[-1])[0]


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing: a gateway that ends resets the connections that it keeps."""


@contextlib.contextmanager
def sms_peer() -> Iterator[SmsPeer]:
    """Run one on a port of its own."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            fields = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            to, text = fields["to"][0], fields["message"][0]
            body = f"cannot send {text!r} to {to}".encode() if to in peer.failing else b""
            if not body:
                peer.record(to, text)
            self.send_response(500 if body else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = _Server(("127.0.0.1", 0), Handler)
    peer = SmsPeer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield peer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
