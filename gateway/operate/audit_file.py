"""The audit as a file: one JSON object a line (docs/outside.md), appended by all workers.

Each line is one write to a descriptor opened for appending, so lines of several processes never
mix. Control characters are escaped by JSON, so no value can begin a line of its own.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from gateway.auth.ports import AuditEvent, Clock, Unavailable


class AuditFile:
    """Implements `gateway.auth.ports.Audit`."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Open or make the file, readable by its owner only. Raises OSError."""
        self._path = path
        self._clock = clock
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, event: AuditEvent) -> None:
        """Append one event. Raises Unavailable when the file cannot take it."""
        when = datetime.fromtimestamp(self._clock.now(), UTC)
        line = {
            "time": when.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "event": event.event,
            "user": event.user,
            "client": event.client,
            "network": event.network,
            "route": event.route,
            "outcome": event.outcome,
            "reason": event.reason,
            "ref": event.ref,
            "request_id": event.request_id,
        }
        data = json.dumps(line, ensure_ascii=True).encode() + b"\n"
        try:
            written = os.write(self._descriptor, data)
        except OSError as error:
            raise Unavailable("audit file") from error
        if written != len(data):
            raise Unavailable("audit file")

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)
