"""The process that keeps the configuration: watches the files, judges them, tells the parent.

A process of its own, because the parent forks and may have no threads, and so that no edit,
however long it takes to read, holds up a request. It looks at once when the kernel tells of a
change, and twice a second in any case (network file systems tell nothing). The files are read when
they have been still for a moment, so that a save in place is not read halfway.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import watchfiles

from gateway.auth.ports import AuditEvent, Clock, Unavailable
from gateway.auth.sealing import Sealer
from gateway.operate.audit_file import open_audit
from gateway.reload import handover
from gateway.reload.look import Looker, Running
from gateway.reload.status import ConfigStatus, Outcome
from gateway.reload.watched import telling
from gateway.system import SystemEntropy

LOOK_S: Final = 0.5
STILL_S: Final = 0.2
PATIENCE_S: Final = 1.0
"""Files that change without end, or that are gone, are read as they are after this long."""
_STEP_MS: Final = 20
_GATHER_MS: Final = 50
_LONGEST_REASON: Final = 300

_log = logging.getLogger("portvakt.config")

_Stamp = tuple[int, ...] | None
"""What a file looks like from outside; None when it is not there."""


class Asked:
    """Set by SIGHUP: somebody wants to know whether there is anything to read."""

    def __init__(self) -> None:
        self.now = False

    def is_set(self) -> bool:
        """Return whether somebody asks; ends the wait for a change."""
        return self.now

    def __call__(self, *_: object) -> None:
        """Ask; a signal handler."""
        self.now = True


class Keeper:
    """Judges edits, says so in log and audit, and tells the parent."""

    def __init__(self, looker: Looker, clock: Clock, parent: socket.socket) -> None:
        self._looker = looker
        self._clock = clock
        self._parent = parent
        self._stamps: Mapping[Path, _Stamp] = {}
        self._asked = Asked()
        self._deaf = False

    def run(self) -> None:
        """Keep the configuration until the process ends."""
        signal.signal(signal.SIGHUP, self._asked)
        self._parent.setblocking(True)  # noqa: FBT003 - its only parameter
        while True:
            self._settle()
            asked, self._asked.now = self._asked.now, False
            if not self.look() and asked:
                _log.info("gateway.toml has not changed: nothing to do")
            self._wait()

    def look(self) -> bool:
        """Look once; tell everybody when there was something to see, and return whether."""
        problems = self._looker.look(self._clock.now())
        if problems is None:
            return False
        running = self._looker.running
        for problem in problems:
            _log.error("%s", problem)
        _log.log(logging.ERROR if problems else logging.INFO, "%s", _words(running.status))
        descriptor = handover.write(running)
        handover.send(self._parent, descriptor)
        os.close(descriptor)
        self._note(running)
        return True

    def _note(self, running: Running) -> None:
        """Write an edit down; one that was taken back never was."""
        if running.status.outcome is Outcome.UNCHANGED:
            return
        settings = running.settings
        sealer = Sealer(settings.secret_key.reveal().encode(), SystemEntropy())
        try:
            with contextlib.closing(open_audit(settings, sealer, self._clock)) as audit:
                audit.write(_event(running.status))
        except (OSError, Unavailable) as error:
            _log.error("the edit is not in the audit: %s", error)

    def _settle(self) -> None:
        """Wait until the files are still and there; not for ever."""
        end = time.monotonic() + PATIENCE_S
        before, now = self._stamps, _stamps(self._looker.files)
        while time.monotonic() < end:
            time.sleep(STILL_S)
            last, now = now, _stamps(self._looker.files)
            gone = any(stamp is None and before.get(path) for path, stamp in now.items())
            if now == last and not gone:
                break
        self._stamps = now

    def _wait(self) -> None:
        """Return when a file looks different, or somebody asks."""
        directories = telling(self._looker.files, self._looker.running.settings.state_dir)
        try:
            changes = watchfiles.watch(
                *directories,
                watch_filter=None,  # it would also swallow the time-outs, beside a busy log
                debounce=_GATHER_MS,
                step=_STEP_MS,
                stop_event=self._asked,
                rust_timeout=int(LOOK_S * 1000),
                yield_on_timeout=True,
                recursive=False,
            )
            with contextlib.closing(changes):
                for _ in changes:
                    if _stamps(self._looker.files) != self._stamps:
                        return
        except (OSError, RuntimeError) as error:  # a directory that went, or no watches left
            if not self._deaf:
                _log.warning("changes are looked for twice a second: %s", error)
                self._deaf = True
            time.sleep(LOOK_S)


def _words(status: ConfigStatus) -> str:
    name = f"configuration {status.digest}"
    if status.outcome is Outcome.REJECTED:
        count = len(status.problems)
        wrong = "1 problem" if count == 1 else f"{count} problems"
        return f"gateway.toml is refused ({wrong}); {name} stays in force"
    again = "again " if status.outcome is Outcome.UNCHANGED else ""
    waiting = f"; a restart is needed for {', '.join(status.restart)}" if status.restart else ""
    return f"gateway.toml is {again}in force: {name}{waiting}"


def _event(status: ConfigStatus) -> AuditEvent:
    reason = f"digest={status.digest}"
    if status.outcome is Outcome.REJECTED:
        more = f" (and {len(status.problems) - 1} more)" if len(status.problems) > 1 else ""
        reason = status.problems[0][:_LONGEST_REASON] + more
    elif status.restart:
        reason += f" restart={','.join(status.restart)}"
    outcome = status.outcome.value
    return AuditEvent(
        event=f"config.{outcome}", client="", network="operator", outcome=outcome, reason=reason
    )


def _stamps(files: tuple[Path, ...]) -> dict[Path, _Stamp]:
    return {path: _stamp(path) for path in files}


def _stamp(path: Path) -> _Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
