"""A session as one worker holds it: the sealed record opened, and who must hear of its end."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final

from gateway.auth.model import SessionRecord
from gateway.auth.ports import Cancel

_log = logging.getLogger("portvakt.sessions")
_SID_LENGTH: Final = 32  # half of a SHA-256 in hex: 128 bits


class OtherVersion(Exception):
    """A record holds other fields than this version knows: what it means cannot be known here."""


class LiveSession:
    """A session that was live when it was last judged. Compared by identity.

    `key` names it in the store (and in the audit), `token` is the cookie's value. `expires_at` is
    the second at which it must be read again, `idle_s` the longest pause between two uses since
    the logon, as far as it matters to any route. `memo` belongs to the front door. A session is
    one object in a worker for as long as anybody holds it.
    """

    __slots__ = (
        "__weakref__",
        "absolute_end",
        "cached_at",
        "dirty",
        "ended",
        "expires_at",
        "idle_s",
        "key",
        "memo",
        "record",
        "seen",
        "token",
        "watchers",
        "written_at",
    )

    def __init__(self, token: bytes, key: str, record: SessionRecord, seen: float) -> None:
        self.token: Final = token
        self.key: Final = key
        self.record: Final = record
        self.seen = seen
        self.written_at = seen
        self.cached_at = seen
        self.dirty = False
        self.absolute_end = seen
        self.expires_at = seen
        self.idle_s = 0.0
        self.ended = False
        self.watchers: set[Callable[[], None]] = set()
        self.memo: dict[Any, Any] = {}

    @property
    def sid(self) -> str:
        """What others may call the session: it opens nothing, not even in the store."""
        return self.key[:_SID_LENGTH]

    def watch(self, ended: Callable[[], None]) -> Cancel:
        """Have `ended` called once when the session ends, at once if it has; return the undo."""
        if self.ended:
            ended()
        else:
            self.watchers.add(ended)
        return lambda: self.watchers.discard(ended)

    def end(self) -> None:
        """Mark the session ended and call each watcher once, whatever another one does."""
        self.ended = True
        self.memo.clear()
        while self.watchers:
            watcher = self.watchers.pop()
            try:
                watcher()
            except Exception as error:  # noqa: BLE001 - every other stream must still be closed
                _log.error("a watcher of an ended session failed: %s", type(error).__name__)


def dump(record: SessionRecord) -> bytes:
    """Return a record as the bytes that are sealed."""
    return json.dumps(asdict(record), ensure_ascii=False, separators=(",", ":")).encode()


def load(plain: bytes) -> SessionRecord:
    """Return the record that `dump` wrote. Raises OtherVersion."""
    try:
        fields = json.loads(plain)
        fields["groups"] = tuple(fields["groups"])
        fields["factors"] = tuple(fields["factors"])
        return SessionRecord(**fields)
    except (ValueError, KeyError, TypeError) as error:
        raise OtherVersion from error
