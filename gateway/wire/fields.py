"""Field sections: bytes of a head to a list of fields, and the fields that steer framing.

llhttp (through httptools) splits and checks tokens; what it lets pass is closed here by name: bare
CR and LF, folded lines, control bytes, over-long sections (RFC 9112 sections 2.2, 5, 11.2).
"""

from __future__ import annotations

import re
from typing import Final

from gateway.wire.errors import BadMessage

Fields = list[tuple[bytes, bytes]]
"""Field lines in the order received, names as spelled, values without surrounding blanks."""

# Everything a head may hold; CR and LF are counted apart.
_HEAD_BYTES: Final = bytes({*range(0x20, 0x7F), *range(0x80, 0x100), 0x09, 0x0D, 0x0A})
_CONTENT_LENGTH: Final = re.compile(rb"(?:0|[1-9][0-9]{0,17})\Z")
_TOKENS: Final = re.compile(rb"[ \t]*,[ \t]*")


def check_section(raw: bytes) -> None:
    """Refuse a head whose lines or bytes could be read in two ways. `raw` ends in CRLF CRLF."""
    lines = raw.count(b"\n")
    if raw.count(b"\r\n") != lines or raw.count(b"\r") != lines:
        raise BadMessage(400, "bare CR or LF in a head")
    if b"\n " in raw or b"\n\t" in raw:
        raise BadMessage(400, "folded field line")
    if raw.translate(None, _HEAD_BYTES):
        raise BadMessage(400, "control byte in a head")


class Collector:
    """What httptools calls while it reads one head; pieces are appended, never assigned."""

    __slots__ = ("complete", "fields", "limit", "more")

    def __init__(self, limit: int) -> None:
        self.fields: Fields = []
        self.limit = limit
        self.complete = False
        self.more = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep one field line; a field after the head's end (a trailer) is never kept."""
        if self.complete:
            self.more = True
            return
        if len(self.fields) >= self.limit:
            raise BadMessage(431, "too many fields")
        if not name:
            raise BadMessage(400, "field without a name")
        self.fields.append((name, value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        """Mark the end of the head."""
        self.complete = True


def content_length(value: bytes) -> int:
    """Return a Content-Length; one plain decimal number and nothing else (RFC 9110 8.6)."""
    if _CONTENT_LENGTH.match(value) is None:
        raise BadMessage(400, "Content-Length is not one plain number")
    return int(value)


def tokens(value: bytes) -> list[bytes]:
    """Return the lower-case members of a comma-separated list, empty ones left out."""
    return [token for token in _TOKENS.split(value.strip(b" \t").lower()) if token]
