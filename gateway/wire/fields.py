"""Field sections: bytes of a head to a list of fields, and the fields that steer framing.

llhttp (through httptools) splits and checks tokens; what it lets pass is closed here by name: bare
CR and LF, folded lines, control bytes, over-long sections (RFC 9112 sections 2.2, 5, 11.2).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, Protocol

import httptools

from gateway.wire.errors import BadMessage

Fields = list[tuple[bytes, bytes]]
"""Field lines in the order received, names as spelled, values without surrounding blanks."""

# Everything a head may hold; CR and LF are counted apart.
_HEAD_BYTES: Final = bytes({*range(0x20, 0x7F), *range(0x80, 0x100), 0x09, 0x0D, 0x0A})
_CONTENT_LENGTH: Final = re.compile(rb"(?:0|[1-9][0-9]{0,17})\Z")


def check_section(raw: bytes, limit: int) -> None:
    """Refuse a head whose lines or bytes could be read in two ways, or with too many fields.

    `raw` is a start line, field lines and the empty line, each ended by CRLF.
    """
    lines = raw.count(b"\n")
    if raw.count(b"\r\n") != lines or raw.count(b"\r") != lines:
        raise BadMessage(400, "bare CR or LF in a head")
    if lines - 2 > limit:  # counted before anything is kept or steers the framing
        raise BadMessage(431, "too many fields")
    if b"\n " in raw or b"\n\t" in raw:
        raise BadMessage(400, "folded field line")
    if raw.translate(None, _HEAD_BYTES):
        raise BadMessage(400, "control byte in a head")


class Collector:
    """What httptools calls while it reads one head; pieces are appended, never assigned."""

    __slots__ = ("complete", "fields")

    def __init__(self) -> None:
        self.fields: Fields = []
        self.complete = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep one field line."""
        self.fields.append((name, value))

    def on_headers_complete(self) -> None:
        """Mark the end of the head."""
        self.complete = True


def split_section(raw: bytes, parser: type[_Parser]) -> Fields | None:
    """Return the field lines of a checked head, or None when the parser refuses it."""
    collector = Collector()
    try:
        parser(collector).feed_data(raw)
    except httptools.HttpParserUpgrade:
        pass  # the parser stops at the head's end, as it should; what follows is ours to judge
    except httptools.HttpParserError:
        return None
    if not collector.complete:
        return None
    if b" \r\n" in raw or b"\t\r\n" in raw:  # the parser keeps blanks that end a value
        return [(name, value.rstrip(b" \t")) for name, value in collector.fields]
    return collector.fields


class _Parser(Protocol):
    def __init__(self, protocol: object) -> None: ...

    def feed_data(self, data: bytes) -> None: ...


class Roles:
    """Which field names steer, by name as spelled. `known` answers at once, `learn` the first time.

    Two steps because every field of every message asks: a dict look-up is all it may cost.
    """

    __slots__ = ("_judge", "known")

    _REMEMBERED: Final = 4096
    _LONGEST: Final = 64

    def __init__(self, judge: Callable[[bytes], str]) -> None:
        """`judge` tells the role of a lower-case name, "" for none; it may raise BadMessage."""
        self._judge = judge
        self.known: dict[bytes, str] = {}

    def learn(self, name: bytes) -> str:
        """Return the role of a name not yet known, and remember it within bounds."""
        role = self._judge(name.lower())
        if len(name) <= self._LONGEST:  # strangers choose names, their number and their length
            if len(self.known) >= self._REMEMBERED:
                self.known.clear()
            self.known[name] = role
        return role


def content_length(value: bytes) -> int:
    """Return a Content-Length; one plain decimal number and nothing else (RFC 9110 8.6)."""
    if _CONTENT_LENGTH.match(value) is None:
        raise BadMessage(400, "Content-Length is not one plain number")
    return int(value)


def tokens(value: bytes) -> list[bytes]:
    """Return the lower-case members of a comma-separated list, empty ones left out."""
    members = (token.strip(b" \t") for token in value.lower().split(b","))
    return [token for token in members if token]
