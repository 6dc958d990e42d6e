"""Programs of the bench's own, each run in a process of its own: what wrk cannot do.

Each takes one JSON object as its only word and prints one JSON object when it is done.
"""

from __future__ import annotations

import contextlib
import json
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import IO, Any

from bench.figures import Load
from bench.peers import Peer
from bench.processes import environment

TIMEOUT_S = 120.0
UPGRADE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)
"""The fields of a WebSocket's opening; the key is RFC 6455's own example."""


class Told:
    """A client that waits for a word: `go` gives it, `answer` is what it printed last."""

    def __init__(self, into: IO[bytes], out: IO[bytes]) -> None:
        self._into = into
        self._out = out

    def go(self) -> None:
        """Let it begin, or end."""
        self._into.write(b"\n")
        self._into.flush()

    def answer(self) -> dict[str, Any]:
        """Return the next thing it prints. Raises RuntimeError when it ended without a word."""
        line = self._out.readline()
        if not line:
            raise RuntimeError("a client of the bench could not do its work")
        found: dict[str, Any] = json.loads(line)
        return found


@contextlib.contextmanager
def ready(client: str, peer: Peer, **words: Any) -> Iterator[Told]:
    """Run a client that says when it is ready, and wait until then; it is ended with the block."""
    with subprocess.Popen(
        command(client, peer, **words),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(),
    ) as running:
        if running.stdin is None or running.stdout is None:
            raise RuntimeError("no pipes to a client")
        told = Told(running.stdin, running.stdout)
        try:
            told.answer()
            yield told
            running.stdin.close()
            running.wait(TIMEOUT_S)
        finally:
            running.kill()


def run(client: str, peer: Peer, **words: Any) -> dict[str, Any]:
    """Run `bench.clients.CLIENT` against a peer; return what it printed.

    Raises CalledProcessError, with its words on the terminal, when it could not do its work.
    """
    done = subprocess.run(
        command(client, peer, **words),
        stdout=subprocess.PIPE,
        check=True,
        timeout=TIMEOUT_S,
        env=environment(),
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def pause(seconds: float) -> None:
    """Let a client that is ready work for so long."""
    time.sleep(seconds)


def load(client: str, peer: Peer, **words: Any) -> Load:
    """Run a client that prints the fields of a `Load`."""
    return Load(**run(client, peer, **words))


def command(client: str, peer: Peer, **words: Any) -> list[str]:
    """Return the command of a client: where the peer is, what to send, and its own words."""
    spec = {"port": peer.port, "headers": peer.headers or ("Host: localhost",), **words}
    return [sys.executable, "-m", f"bench.clients.{client}", json.dumps(spec)]


def spec() -> dict[str, Any]:
    """Return what this program was told."""
    found: dict[str, Any] = json.loads(sys.argv[1])
    return found


def trusting() -> ssl.SSLContext:
    """Return a TLS client that trusts anybody: the bench talks to itself."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def head(method: str, path: str, headers: list[str], *more: str) -> bytes:
    """Return the head of a request."""
    if not any(one.lower().startswith("host:") for one in headers):
        headers = ["Host: localhost", *headers]
    return "\r\n".join([f"{method} {path} HTTP/1.1", *headers, *more, "", ""]).encode()
