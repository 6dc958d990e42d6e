"""A board in memory that all processes of the gateway share: each writes in a place of its own.

Made by the parent before it forks, so there is no file to clean up, none on a disk that is full,
and nothing of a worker that died but its last words, which the one in its place goes on from. A
place has two sides: a writer fills the one that is not shown and then turns it round, so whoever
reads finds whole words even when the writer was stopped or killed in the middle of the next.
"""

from __future__ import annotations

import mmap
import struct
import zlib
from typing import Final

_HEAD: Final = struct.Struct("<II")  # length, CRC-32
_SIDE: Final = 4 * 1024 * 1024
"""Bytes of a side; memory is taken only for those that are written."""
_PLACE: Final = mmap.PAGESIZE + 2 * _SIDE
_LOOKS: Final = 20


class Board:
    """`places` places, numbered from 0, each with one writer at a time."""

    def __init__(self, places: int) -> None:
        self.places: Final = places
        self._memory: Final = mmap.mmap(-1, places * _PLACE)

    def write(self, place: int, data: bytes) -> None:
        """Replace what stands in a place. Raises ValueError when it is too long for one."""
        if len(data) > _SIDE - _HEAD.size:
            raise ValueError("more metrics than a worker's place takes: are there so many routes?")
        hidden = 1 - self._memory[place * _PLACE]
        start = _start(place, hidden)
        self._memory[start : start + _HEAD.size] = _HEAD.pack(len(data), zlib.crc32(data))
        self._memory[start + _HEAD.size : start + _HEAD.size + len(data)] = data
        self._memory[place * _PLACE] = hidden

    def read(self, place: int) -> bytes | None:
        """Return what stands in a place; None when it was never written."""
        for _ in range(_LOOKS):
            start = _start(place, self._memory[place * _PLACE])
            length, check = _HEAD.unpack(self._memory[start : start + _HEAD.size])
            data = self._memory[start + _HEAD.size : start + _HEAD.size + length]
            if length == 0:
                return None
            if zlib.crc32(data) == check:
                return data  # else it was turned round twice while we read
        return None


def _start(place: int, side: int) -> int:
    return place * _PLACE + mmap.PAGESIZE + side * _SIDE
