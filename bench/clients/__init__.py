"""Programs of the bench's own, each run in a process of its own: what wrk cannot do.

Each takes one JSON object as its only word and prints one JSON object when it is done.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from bench.figures import Load
from bench.peers import Peer

TIMEOUT_S = 120.0


def run(client: str, peer: Peer, **words: Any) -> dict[str, Any]:
    """Run `bench.clients.CLIENT` against a peer; return what it printed.

    Raises CalledProcessError, with its words on the terminal, when it could not do its work.
    """
    done = subprocess.run(
        command(client, peer, **words), stdout=subprocess.PIPE, check=True, timeout=TIMEOUT_S
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


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


def head(method: str, path: str, headers: list[str], *more: str) -> bytes:
    """Return the head of a request."""
    if not any(one.lower().startswith("host:") for one in headers):
        headers = ["Host: localhost", *headers]
    return "\r\n".join([f"{method} {path} HTTP/1.1", *headers, *more, "", ""]).encode()
