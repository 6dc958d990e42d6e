"""Every request that reached the portal, as received: the oracle of "did it get through?".

Target and fields are the bytes of the wire (latin-1, RFC 9110 section 5.5), never a decoded path.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TextIO, TypedDict

from aiohttp import web
from aiohttp.typedefs import Handler

from upstream_stub.clock import now

KEPT: Final = 10_000


class Entry(TypedDict):
    """One request. `n` counts from 1; `method` is UNKNOWN where the bytes were no request."""

    n: int
    time: float
    method: str
    target: str
    version: str
    headers: list[tuple[str, str]]
    peer: str


def fields_of(request: web.BaseRequest) -> list[tuple[str, str]]:
    """Return the header fields in the order and the spelling received."""
    return [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in tuple(request.raw_headers)
    ]


def peer_of(request: web.BaseRequest) -> str:
    """Return address and port of the connection, or "" where there is none (a unix socket)."""
    name = request.transport.get_extra_info("peername") if request.transport else None
    return f"{name[0]}:{name[1]}" if isinstance(name, tuple) else ""


class RequestLog:
    """The last `KEPT` requests in memory and, where a file is given, all of them as JSON lines."""

    def __init__(self, file: Path | None = None) -> None:
        self._kept: deque[Entry] = deque(maxlen=KEPT)
        self._count = 0
        self._file: TextIO | None = file.open("a", encoding="utf-8") if file else None

    def add(self, request: web.BaseRequest) -> None:
        """Append a request; it is on disk (not synced) before it is answered."""
        self._count += 1
        entry: Entry = {
            "n": self._count,
            "time": now(),
            "method": request.method,
            "target": request.raw_path,
            "version": f"{request.version.major}.{request.version.minor}",
            "headers": fields_of(request),
            "peer": peer_of(request),
        }
        self._kept.append(entry)
        if self._file is not None:
            self._file.write(json.dumps(entry) + "\n")
            self._file.flush()

    @property
    def count(self) -> int:
        """How many requests have arrived since the start."""
        return self._count

    def since(self, number: int = 0) -> Iterator[Entry]:
        """Yield the entries still kept whose `n` is above `number`, oldest first."""
        return (entry for entry in tuple(self._kept) if entry["n"] > number)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


REQUEST_LOG: Final = web.AppKey("REQUEST_LOG", RequestLog)


@web.middleware
async def log_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Write the request down before anything is done with it, whatever comes of it."""
    request.app[REQUEST_LOG].add(request)
    return await handler(request)
