"""The signing keys on disk: one private file, read by every worker, changed under a lock.

Whole or not at all: a change is written beside the file and put in its place, so a reader sees the
old keys or the new ones. Every process that rotates reads the file again while it holds the lock.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from gateway.auth.key_ring import BadKeys, KeyRing, dump_ring, load_ring, new_ring
from gateway.auth.ports import Clock
from gateway.auth.sealing import Sealer
from gateway.places import replace_file

NAME: Final = "assertion-keys.json"
LOOK_S: Final = 2.0
"""How often a worker looks whether the file is another one."""

_ADVICE: Final = (
    "put back the secret or the file that was there, or remove the file: new keys are made, and "
    "portals fetch them by themselves"
)
_Mark = tuple[int, int, int]

_log = logging.getLogger("portvakt.keys")


class KeyFile:
    """The file in one state directory."""

    def __init__(self, state_dir: Path, sealer: Sealer, clock: Clock) -> None:
        self.path: Final = state_dir / NAME
        self._sealer: Final = sealer
        self._now: Final = clock.now
        self._seen: _Mark | None = None

    def read(self) -> KeyRing | None:
        """Return the keys, None when there is no file. Raises BadKeys, OSError."""
        try:
            with self.path.open("rb") as file:
                self._seen = _mark(os.fstat(file.fileno()))
                return load_ring(file.read(), self._sealer)
        except FileNotFoundError:
            return None
        except BadKeys as error:
            raise BadKeys(f"{self.path} {error}; {_ADVICE}") from error

    def open(self) -> KeyRing:
        """Return the keys, made when there are none; several processes agree. See `read`."""
        return self.read() or self.change(lambda ring: ring)

    def change(self, edit: Callable[[KeyRing], KeyRing]) -> KeyRing:
        """Put what `edit` makes of the newest keys in their place. Raises BadKeys, OSError."""
        with self._locked():
            old = self.read()
            ring = edit(old or new_ring(self._now()))
            if ring is not old:
                self._write(dump_ring(ring, self._sealer))
        return ring

    def newest(self, ring: KeyRing, rotate_s: float) -> KeyRing:
        """Return the keys as they are now: `ring` itself when they are the same.

        They are rotated first when the current one has signed for `rotate_s` seconds. Raises as
        `read`.
        """
        if self._mark_now() != self._seen:
            ring = self.open()
        now = self._now()
        if ring.is_due(now, rotate_s):
            # Another worker may have done it meanwhile.
            ring = self.change(lambda there: _rotated_if_due(there, now, rotate_s))
        return ring

    async def watch(
        self, ring: KeyRing, use: Callable[[KeyRing], None], rotate_s: Callable[[], float]
    ) -> None:
        """Hand every change to `use`, until cancelled; trouble with the file is told once."""
        told = ""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                newest = self.newest(ring, rotate_s())
            except (BadKeys, OSError) as error:
                if str(error) != told:
                    told = str(error)
                    _log.error("the signing keys stay as they are: %s", told)
                continue
            told = ""
            if newest is not ring:
                ring = newest
                _log.info("assertions are signed with key %s", ring.current.kid)
                use(ring)

    def _mark_now(self) -> _Mark | None:
        try:
            return _mark(self.path.stat())
        except FileNotFoundError:
            return None

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock of the directory: nothing is left behind when its holder dies."""
        descriptor = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _write(self, data: bytes) -> None:
        self._seen = _mark(replace_file(self.path, data))


def _rotated_if_due(ring: KeyRing, now: float, rotate_s: float) -> KeyRing:
    return ring.rotated(now) if ring.is_due(now, rotate_s) else ring


def _mark(status: os.stat_result) -> _Mark:
    return (status.st_ino, status.st_mtime_ns, status.st_size)
