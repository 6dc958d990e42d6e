"""`[[sms]] kind = "outbox"`: messages as JSON lines in a file, for development.

The file holds live codes in clear: 0600, never a symbolic link, and not for production.
"""

from __future__ import annotations

import asyncio
import json
import os
from typing import Final

from gateway.auth.ports import Clock, Unavailable
from gateway.auth.sms_ports import Taken
from gateway.settings.phones import OutboxSms

_FLAGS: Final = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


class OutboxSender:
    """Appends `{"time": …, "mobile": …, "text": …}`, one object a line, time in epoch seconds."""

    def __init__(self, settings: OutboxSms, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    async def send(self, mobile: str, text: str) -> Taken:
        """Append one message; raises Unavailable(name) when the file cannot be written."""
        message = {"time": round(self._clock.now(), 3), "mobile": mobile, "text": text}
        line = json.dumps(message, ensure_ascii=False) + "\n"
        try:
            await asyncio.to_thread(self._append, line.encode())
        except OSError:
            raise Unavailable(f"sms {self._settings.name}") from None
        return Taken(self._settings.name)

    async def close(self) -> None:
        """Nothing is held between messages."""

    def _append(self, line: bytes) -> None:
        descriptor = os.open(self._settings.path, _FLAGS, 0o600)
        try:
            os.fchmod(descriptor, 0o600)  # a file made by hand may be looser
            # O_APPEND: one write is one whole line, or (disk full) a part of it.
            if os.write(descriptor, line) != len(line):
                raise OSError("short write")
        finally:
            os.close(descriptor)
