"""How far the audit's chain has come, kept beside it, and the lock of all who write to it.

Without it nobody could tell a file whose end was cut off from a whole one, and after a rotation the
first line of the new file would not know the one before. One record of fixed length, written in one
call into the same bytes, so that it needs no room on a full disk; sealed, so that nobody without
the key makes one up. `flock` keeps writers of all processes apart, and the kernel gives it back
when one of them dies.
"""

from __future__ import annotations

import contextlib
import fcntl
import hmac
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gateway.operate.audit_chain import Chain, Position

_RECORD: Final = re.compile(rb"([0-9]{18}) ([0-9a-f]{32}) ([0-9a-f]{32})\n")
_LONGEST: Final = 128
_TRIES: Final = 500
_PAUSE_S: Final = 0.001
"""A writer holds the lock for some 50 µs; after half a second something is wrong with it."""


class PositionFile:
    """The position of one chain on disk. Opened apart by every writer, after it was forked."""

    def __init__(self, path: Path, chain: Chain) -> None:
        """Open or make the file, for its owner only. Raises OSError."""
        self._chain: Final = chain
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._descriptor: Final = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other writer away. Raises OSError when one does not let go in time."""
        for _ in range(_TRIES):
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(_PAUSE_S)  # on the loop too: it is over before anything else could run
        else:
            raise TimeoutError("another process holds the audit")
        try:
            yield
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def read(self) -> Position | None:
        """Return the position; None when there is none yet, or none that this key has sealed."""
        return read_record(os.pread(self._descriptor, _LONGEST, 0), self._chain)

    def write(self, position: Position) -> None:
        """Replace the position. Raises OSError, and then the old one stands."""
        record = _body(position)
        record += b" " + self._chain.mac(b"position", record).encode() + b"\n"
        if os.pwrite(self._descriptor, record, 0) != len(record):
            raise OSError("the position of the audit could not be written")

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def read_position(path: Path, chain: Chain) -> Position | None:
    """Return the position in a file, or None when there is none. Raises OSError."""
    try:
        return read_record(path.read_bytes()[:_LONGEST], chain)
    except FileNotFoundError:
        return None


def read_record(record: bytes, chain: Chain) -> Position | None:
    """Return the position that a record holds, or None when this key has not sealed it."""
    found = _RECORD.fullmatch(record)
    if found is None:
        return None
    position = Position(int(found[1]), found[2].decode())
    right = chain.mac(b"position", _body(position))
    return position if hmac.compare_digest(right, found[3].decode()) else None


def _body(position: Position) -> bytes:
    return b"%018d %b" % (position.seq, position.mac.encode())
