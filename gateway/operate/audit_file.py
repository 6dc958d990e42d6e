"""The audit as a file: one JSON object a line (docs/outside.md), appended by all processes in turn.

One chain over all of them, under a lock, rather than one for each writer: a line's place then says
when it came, one number says whether the end is whole, and nothing is left of a writer that ends.
A line costs some 50 µs, on logons and refusals only. A rotated file is followed at the next line,
under the same lock, so all writers change over between the same two lines. Half a line is never
left behind, and control characters are escaped by JSON, so no value can begin a line of its own.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from gateway.auth.ports import AuditEvent, Clock, Unavailable
from gateway.auth.sealing import Sealer
from gateway.operate.audit_ahead import end_of
from gateway.operate.audit_chain import MAC, START, Chain, Position
from gateway.operate.audit_position import PositionFile
from gateway.settings.model import Settings

_ENDING: Final = MAC + len('"}\n')
_TAIL: Final = 16 * 1024
"""More than any line is long: users, reasons and references are bounded."""
_PURPOSE: Final = "audit chain"

_log = logging.getLogger("portvakt.audit")


def audit_chain(sealer: Sealer) -> Chain:
    """Return the chain of the server's secret."""
    return Chain(sealer.mac(_PURPOSE))


def position_path(settings: Settings) -> Path:
    """Return where the chain's position is kept: beside the keys, not beside the audit."""
    return settings.state_dir / "audit-position"


def open_audit(settings: Settings, sealer: Sealer, clock: Clock) -> AuditFile:
    """Return the audit that gateway.toml names, for one process. Raises OSError."""
    return AuditFile(settings.audit_file, position_path(settings), audit_chain(sealer), clock)


class AuditFile:
    """Implements `gateway.auth.ports.Audit`. `failures` counts events that could not be kept."""

    def __init__(self, path: Path, position: Path, chain: Chain, clock: Clock) -> None:
        """Open or make the files, readable by their owner only. Raises OSError."""
        self._path: Final = path
        self._chain: Final = chain
        self._clock: Final = clock
        self.failures = 0
        self._lost = 0  # since the last line that could be written
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._descriptor = _open(path)
        try:
            self._position: Final = PositionFile(position, chain)
            with self._position.locked():
                self._catch_up()
                self.position = self._settled()
        except OSError:
            os.close(self._descriptor)
            raise

    def write(self, event: AuditEvent) -> None:
        """Append one event. Raises Unavailable when the file cannot take it."""
        try:
            self._append(event)
        except OSError as error:
            self._failed(error)
            raise Unavailable("audit file") from error

    def reopen(self) -> None:
        """Let go of a file that was moved away (SIGUSR1), so that its space can be had back."""
        try:
            self._follow()
        except OSError as error:
            _log.error("the audit cannot be opened again: %s", error.strerror or error)

    def ready(self) -> None:
        """Raise Unavailable when events cannot be kept just now."""
        if self.trouble() is not None:
            raise Unavailable("audit file")

    def trouble(self) -> str | None:
        """Return why events cannot be kept just now, or None.

        After a failure it tries by itself: the first line then tells how many events are lost.
        """
        if self._lost:
            try:
                self._append(None)
            except OSError as error:
                return _words(error)
        try:
            room = os.fstatvfs(self._descriptor)
        except OSError as error:
            return _words(error)
        # A file system without blocks (a pipe's, a device's) has no room that could run out.
        full = room.f_blocks > 0 and room.f_bavail == 0
        return os.strerror(errno.ENOSPC).lower() if full else None

    def close(self) -> None:
        """Close the files."""
        self._position.close()
        os.close(self._descriptor)

    def _append(self, event: AuditEvent | None) -> None:
        """Append what there is to say after a failure, and an event. Raises OSError."""
        with self._position.locked():
            self._follow()
            if self._lost:
                reason = f"{self._lost} events lost"
                self._add(AuditEvent("audit.resumed", "", "", "resumed", reason=reason))
                _log.warning("the audit can be written again: %s", reason)
                self._lost = 0
            if event is not None:
                self._add(event)

    def _add(self, event: AuditEvent) -> None:
        before = self._settled()
        line, after = self._chain.seal(_fields(event, self._clock.now()), before)
        size = os.fstat(self._descriptor).st_size
        try:
            _write_whole(self._descriptor, line)
            self._position.write(after)
        except OSError:
            with contextlib.suppress(OSError):  # a device has nothing to take back
                os.ftruncate(self._descriptor, size)
            raise
        self.position = after

    def _follow(self) -> None:
        """Change over to the file that bears the name now."""
        here = os.fstat(self._descriptor)
        with contextlib.suppress(FileNotFoundError):
            there = self._path.stat()
            if (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino):
                return
        new = _open(self._path)
        os.close(self._descriptor)
        self._descriptor = new

    def _catch_up(self) -> None:
        """Move the position to the last line that follows from it, as in a restored backup."""
        kept = self._position.read()
        if kept is None or self._ends_with(kept):
            return
        end = end_of(self._descriptor, kept, self._chain)
        if end != kept:
            _log.warning("the audit goes on after its position, to line %d: all whole", end.seq)
            self._position.write(end)

    def _ends_with(self, kept: Position) -> bool:
        size = os.fstat(self._descriptor).st_size
        ending = os.pread(self._descriptor, _ENDING, max(0, size - _ENDING))
        return ending == b'%b"}\n' % kept.mac.encode()

    def _settled(self) -> Position:
        """Return after which line the next one comes; the file ends with a whole line then."""
        kept = self._position.read()
        size = os.fstat(self._descriptor).st_size
        if size == 0:
            return kept or START
        if kept is None:
            _log.error("the audit has lines but no position of this key: its chain starts anew")
            self._end_line(size)
            return START
        if self._ends_with(kept):
            return kept
        return self._mended(kept, size)

    def _mended(self, kept: Position, size: int) -> Position:
        """Tell a writer that died in the act from a file that somebody else has changed."""
        tail = os.pread(self._descriptor, _TAIL, max(0, size - _TAIL))
        whole, _, torn = tail.rpartition(b"\n")
        last = self._chain.open(whole.rpartition(b"\n")[2])
        if last is not None and last.position == kept:
            # Its writer told nobody that it is kept.
            _log.warning("half a line at the end of the audit is taken away: %d bytes", len(torn))
            os.ftruncate(self._descriptor, size - len(torn))
            return kept
        if last is not None and not torn and (last.seq, last.prev) == (kept.seq + 1, kept.mac):
            self._position.write(last.position)
            return last.position
        _log.error(
            "the audit does not end with its line %d: it was changed, see portvakt audit verify",
            kept.seq,
        )
        self._end_line(size)
        return kept

    def _end_line(self, size: int) -> None:
        if os.pread(self._descriptor, 1, size - 1) != b"\n":
            os.write(self._descriptor, b"\n")

    def _failed(self, error: OSError) -> None:
        if not self._lost:
            _log.error("the audit cannot be written, so nobody can log on: %s", _words(error))
        self._lost += 1
        self.failures += 1


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _write_whole(descriptor: int, data: bytes) -> None:
    if os.write(descriptor, data) != len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _words(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _fields(event: AuditEvent, now: float) -> Mapping[str, str]:
    when = datetime.fromtimestamp(now, UTC)
    return {
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
