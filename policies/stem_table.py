"""The stems of a dictionary as one sorted text, which a file can hold and processes can share.

A look-up goes by the first letters to the few stems that begin so, and reads only those. An index
of some thousand entries is all that is made at once, where reading the dictionary takes a quarter
of a second and ten times the memory. Bytes in, values out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, Protocol

_KIND: Final = b"portvakt stems 1"
_FIRST: Final = 3
"""Letters of the index: no four of them begin more than some hundred words."""
_LONGEST_INDEX: Final = 1024 * 1024
_KEPT: Final = 256
"""Beginnings whose stems are kept as they were read: a long password has as many."""

_NONE: Final[dict[str, str]] = {}


class Stems(Protocol):
    """The flags of each stem."""

    def get(self, stem: str, default: str, /) -> str:
        """Return the flags of a stem, or `default` when there is no such stem."""
        ...

    def __len__(self) -> int:
        """Return how many stems there are."""
        ...


class Text(Protocol):
    """Bytes, or a file that is mapped into memory."""

    def find(self, piece: bytes, start: int, end: int, /) -> int:
        """Return where a piece begins between two places, -1 when it does not."""
        ...

    def __getitem__(self, places: slice, /) -> bytes:
        """Return the bytes between two places."""
        ...

    def __len__(self) -> int:
        """Return how many bytes there are."""
        ...


def pack(stems: Mapping[str, str], source: str) -> bytes:
    """Return stems and flags as a table; `source` says what they were read from, in one line.

    A stem holds no slash, and neither holds a line feed.
    """
    body = bytearray(b"\n")
    index: dict[str, tuple[int, int]] = {}
    for stem in sorted(stems):
        begun = len(body) - 1  # with the line feed before it
        body += f"{stem}/{stems[stem]}\n".encode()
        first, _ = index.get(stem[:_FIRST], (begun, 0))
        index[stem[:_FIRST]] = (first, len(body))
    told = {"source": source, "count": len(stems), "size": len(body), "index": index}
    return b"\n".join((_KIND, json.dumps(told, separators=(",", ":")).encode("ascii"), body))


class StemTable:
    """What `pack` made, ready to be asked."""

    __slots__ = ("_count", "_index", "_near", "_start", "_text", "source")

    def __init__(self, text: Text) -> None:
        """Take the table; it is read as it is asked. Raises ValueError when it is none, or cut."""
        head = len(_KIND) + 1
        end = text.find(b"\n", head, head + _LONGEST_INDEX)
        if text[:head] != _KIND + b"\n" or end < 0:
            raise ValueError("no table of stems")
        told = json.loads(text[head:end])
        if not isinstance(told, dict) or told.keys() != {"source", "count", "size", "index"}:
            raise ValueError("no table of stems")
        self._text: Final = text
        self._start: Final[int] = end + 1
        self._count: Final[int] = told["count"]
        self._index: Final[dict[str, tuple[int, int]]] = told["index"]
        self._near: Final[dict[str, dict[str, str]]] = {}
        self.source: Final[str] = told["source"]
        if len(text) != self._start + told["size"]:
            raise ValueError("a table of stems that was cut off")

    def __len__(self) -> int:
        """Return how many stems there are."""
        return self._count

    def get(self, stem: str, default: str, /) -> str:
        """Return the flags of a stem, or `default` when there is no such stem."""
        near = self._near.get(stem[:_FIRST])
        if near is None:
            near = self._read(stem[:_FIRST])
        return near.get(stem, default)

    def _read(self, first: str) -> dict[str, str]:
        """Return the stems that begin so, and keep them: what is asked for next often does too."""
        among = self._index.get(first)
        if among is None:
            return _NONE
        start, end = (self._start + place for place in among)
        lines = self._text[start + 1 : end - 1].decode().split("\n")
        if len(self._near) >= _KEPT:
            self._near.clear()
        near = self._near[first] = dict(line.split("/", 1) for line in lines)
        return near
