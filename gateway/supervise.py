"""The parent process: keeps its programs alive, passes signals on, ends with all of them.

Own code rather than gunicorn's arbiter: see docs/dependencies.md. Workers are forked from a parent
without threads or event loop, so they share its memory and start in milliseconds.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

_POLL_S: Final = 0.5
_QUICK_DEATH_S: Final = 5.0
_LONGEST_PAUSE_S: Final = 8.0
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NAME: Final = 15

_log = logging.getLogger("portvakt.supervise")


class Supervisor:
    """Runs each of `programs` (by name) in a process of its own and replaces those that die."""

    def __init__(
        self,
        programs: Mapping[str, Callable[[], None]],
        *,
        grace_s: float,
        ears: Sequence[int] = (),
        tend: Callable[[], None] = lambda: None,
        stopping: Callable[[], None] = lambda: None,
        lost: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Take what the parent does besides: `tend`, twice a second and when an ear has heard.

        `ears` are descriptors that become readable then.

        `stopping` is called once when it is told to stop, before the workers are: it closes what
        they share with the parent. `lost` is told the name of each program that ended by itself.
        """
        self._programs = programs
        self._grace_s = grace_s
        self._ears = ears
        self._tend = tend
        self._before_the_end = stopping
        self._lost = lost
        self._pids: dict[int, tuple[str, float]] = {}  # pid -> (name, started)
        self._pauses: dict[str, tuple[float, float]] = {}  # name -> (not before, pause)
        self._stopping = 0
        self._forward: list[int] = []

    def run(self) -> None:
        """Return when told to stop (SIGTERM, SIGINT) and every worker has ended."""
        wake_read, wake_write = os.pipe()
        os.set_blocking(wake_read, False)
        os.set_blocking(wake_write, False)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        for number in (signal.SIGHUP, signal.SIGUSR1):
            signal.signal(number, self._pass_on)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        while not self._stopping:
            self._start_missing()
            select.select([wake_read, *self._ears], [], [], _POLL_S)
            with contextlib.suppress(BlockingIOError):
                os.read(wake_read, 512)
            self._reap()
            self._signal_all()
            self._tend()
        self._before_the_end()
        self._end_all()
        signal.set_wakeup_fd(-1)

    def _stop(self, number: int, *_: object) -> None:
        self._stopping = number

    def _pass_on(self, number: int, *_: object) -> None:
        self._forward.append(number)

    def _start_missing(self) -> None:
        running = {name for name, _ in self._pids.values()}
        now = time.monotonic()
        for name in self._programs:
            if name not in running and self._pauses.get(name, (0.0, 0.0))[0] <= now:
                self._start(name)

    def _start(self, name: str) -> None:
        parent = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid:
            self._pids[pid] = (name, time.monotonic())
            return
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            for number in (signal.SIGHUP, signal.SIGUSR1):
                # They may come before the program listens to them, and must not end it.
                signal.signal(number, signal.SIG_IGN)
            die_with_parent(parent)
            _call_this_process(f"portvakt {name}")
            self._programs[name]()
            status = 0
        except KeyboardInterrupt:
            status = 0
        except BaseException:  # noqa: BLE001 - the last line of defence of a process
            _log.exception("%s failed", name)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def _reap(self) -> None:
        for pid in list(self._pids):
            done, status = os.waitpid(pid, os.WNOHANG)
            if not done:
                continue
            name, started = self._pids.pop(pid)
            now = time.monotonic()
            if self._stopping:
                continue
            pause = 0.0
            if now - started < _QUICK_DEATH_S:
                pause = min(max(0.5, self._pauses.get(name, (0.0, 0.0))[1] * 2), _LONGEST_PAUSE_S)
            self._pauses[name] = (now + pause, pause)
            self._lost(name)
            _log.error(
                "%s ended with %d; a new one starts in %.1f s",
                name,
                os.waitstatus_to_exitcode(status),
                pause,
            )

    def _signal_all(self) -> None:
        while self._forward:
            number = self._forward.pop(0)
            for pid in self._pids:
                os.kill(pid, number)

    def _end_all(self) -> None:
        """Tell every program what we were told: SIGINT, also a later one, is the shorter way."""
        told = 0
        end = time.monotonic() + self._grace_s + 2.0
        while self._pids and time.monotonic() < end:
            if told != self._stopping:
                told = self._stopping
                for pid in self._pids:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, told)
            time.sleep(0.02)
            self._reap()
        for pid in list(self._pids):
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)


def die_with_parent(parent: int) -> None:
    """Ask the kernel (Linux) to end this process when `parent` dies, however it dies."""
    if sys.platform != "linux":
        return
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def _call_this_process(name: str) -> None:
    """Let `ps` and `top` tell it from its brothers (Linux shows 15 characters)."""
    if sys.platform == "linux":
        _prctl(_PR_SET_NAME, name.encode())


def _prctl(option: int, value: int | bytes) -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(option, value)
