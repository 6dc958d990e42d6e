"""The audit's chain: every line carries a keyed hash over itself and the hash of the one before.

A line is a JSON object whose last three fields are `seq` (1, 2, 3 … over all files), `prev` (the
`mac` of the line before, zeros before the first) and `mac`: HMAC-SHA-256 (RFC 2104), cut to 128
bits, over the bytes of the line without it. Who does not hold the key can neither change, add, swap
nor take out a line unseen; that the last ones are there is known from the position kept beside
(`audit_position.py`). No I/O.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MAC: Final = 32
"""Characters of a `mac`: 128 bits in hex."""

_LINE: Final = re.compile(
    rb'(\{.*"seq": ([1-9][0-9]{0,17}), "prev": "([0-9a-f]{32})"), "mac": "([0-9a-f]{32})"\}'
)


@dataclass(frozen=True, slots=True)
class Position:
    """How far a chain has come: the number of its last line, and that line's `mac`."""

    seq: int
    mac: str


START: Final = Position(0, "0" * MAC)
"""Before the first line."""


@dataclass(frozen=True, slots=True)
class ChainLine:
    """A line whose `mac` fits its bytes."""

    seq: int
    prev: str
    mac: str

    @property
    def position(self) -> Position:
        """The chain's position once this line is written."""
        return Position(self.seq, self.mac)


class Chain:
    """Seals and opens lines with one key."""

    def __init__(self, key: bytes) -> None:
        self._key: Final = key

    def mac(self, purpose: bytes, data: bytes) -> str:
        """Return the keyed hash of `data`; those of different purposes never fit each other."""
        return hmac.digest(self._key, purpose + b"\0" + data, "sha256").hex()[:MAC]

    def seal(self, fields: Mapping[str, str], before: Position) -> tuple[bytes, Position]:
        """Return the next line with its newline, and the position after it."""
        chained = {**fields, "seq": before.seq + 1, "prev": before.mac}
        body = json.dumps(chained, ensure_ascii=True).encode("ascii")[:-1]
        mac = self.mac(b"line", body)
        return body + b', "mac": "%b"}\n' % mac.encode(), Position(before.seq + 1, mac)

    def open(self, line: bytes) -> ChainLine | None:
        """Return what a line (without its newline) says of the chain; None when it is not sealed.

        None too when one bit of it is not as it was written.
        """
        found = _LINE.fullmatch(line)
        if found is None:
            return None
        body, seq, prev, mac = found.groups()
        if not hmac.compare_digest(self.mac(b"line", body), mac.decode()):
            return None
        return ChainLine(int(seq), prev.decode(), mac.decode())
