"""Processes of the program that need not read it first: forked from one that already has.

A gateway and every command are processes of their own, as in life; but to read a thousand modules
takes a second each time, and the tests start some two hundred. What is run is `python -m MODULE`,
from its first line to its last. Where the kernel has no pidfd, that is what is started, too.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import json
import os
import pkgutil
import runpy
import select
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Protocol

ROOT = Path(__file__).resolve().parents[2]
READ_BEFORE = ("gateway", "upstream_stub")
"""What may be run like this: whatever else would find itself half read."""
_LONGEST = 1 << 20
_FILES = 4
_PATIENCE_S = 60


class Process(Protocol):
    """As much of subprocess.Popen as tests use."""

    pid: int
    returncode: int | None

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, number: int, /) -> None: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


def start(
    module: str,
    words: Sequence[str],
    *,
    stdin: IO[bytes] | None = None,
    stdout: IO[bytes],
    stderr: IO[bytes],
) -> Process:
    """Run a module with words, in the root of the project and this process's environment."""
    with Path(os.devnull).open("rb") if stdin is None else contextlib.nullcontext(stdin) as given:
        if module in READ_BEFORE and hasattr(os, "pidfd_open"):
            return _nursery().begin(module, words, (given, stdout, stderr))
        command = [sys.executable, "-m", module, *words]
        return subprocess.Popen(command, cwd=ROOT, stdin=given, stdout=stdout, stderr=stderr)


def run(words: Sequence[str], *, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command of the program to its end."""
    with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as err:
        given.write(stdin.encode())
        given.seek(0)
        process = start("gateway", words, stdin=given, stdout=out, stderr=err)
        try:
            code = process.wait(_PATIENCE_S)
        finally:
            process.kill()
        told = [file.seek(0) or file.read().decode() for file in (out, err)]
    return subprocess.CompletedProcess(["portvakt", *words], code, *told)


@dataclass
class _Child:
    """One that was forked: `line` says how it ended."""

    pid: int
    line: IO[bytes]
    returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None and self._has_ended(0):
            with self.line:
                self.returncode = int(self.line.readline())
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            self._has_ended(timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired("a process of the nursery", timeout or 0)
        return code

    def _has_ended(self, within_s: float | None) -> bool:
        waiting = select.poll()  # select() knows no descriptor beyond 1023
        waiting.register(self.line, select.POLLIN)
        return bool(waiting.poll(None if within_s is None else within_s * 1000))

    def send_signal(self, number: int, /) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class _Nursery:
    def __init__(self) -> None:
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno())],
                cwd=ROOT,
                pass_fds=[theirs.fileno()],
            )

    def begin(self, module: str, words: Sequence[str], files: Sequence[IO[Any]]) -> _Child:
        told = json.dumps([module, list(words), dict(os.environ)]).encode()
        ours, theirs = os.pipe()
        try:
            socket.send_fds(self._line, [told], [*(file.fileno() for file in files), theirs])
        finally:
            os.close(theirs)
        line = os.fdopen(ours, "rb", buffering=0)
        return _Child(int(line.readline()), line)

    def close(self) -> None:
        self._line.close()
        self._process.wait()


@cache
def _nursery() -> _Nursery:
    nursery = _Nursery()
    atexit.register(nursery.close)
    return nursery


def _tend(line: socket.socket) -> tuple[str, list[str]] | None:
    """Fork whenever told to; return in each child what it is to run, and None at the end."""
    children: dict[int, tuple[int, int]] = {}
    with selectors.DefaultSelector() as ready:
        ready.register(line, selectors.EVENT_READ)
        while True:
            for key, _ in ready.select():
                if key.fd in children:
                    ready.unregister(key.fd)
                    os.close(key.fd)
                    _report(*children.pop(key.fd))
                    continue
                told, files, *_ = socket.recv_fds(line, _LONGEST, _FILES)
                if not told:
                    return None
                pid = os.fork()
                if pid == 0:
                    ours = [*children, *(answer for _, answer in children.values())]
                    return _become(json.loads(told), files, [*ours, files[-1]])
                for file in files[:-1]:
                    os.close(file)
                os.write(files[-1], b"%d\n" % pid)
                watch = os.pidfd_open(pid)
                children[watch] = (pid, files[-1])
                ready.register(watch, selectors.EVENT_READ)


def _report(pid: int, answer: int) -> None:
    _, status = os.waitpid(pid, 0)
    with contextlib.suppress(BrokenPipeError):
        os.write(answer, b"%d\n" % os.waitstatus_to_exitcode(status))
    os.close(answer)


def _become(told: list[Any], files: list[int], ours: list[int]) -> tuple[str, list[str]]:
    module, words, environment = told
    for number, file in enumerate(files[:3]):
        os.dup2(file, number)
        os.close(file)
    for file in ours:
        with contextlib.suppress(OSError):
            os.close(file)
    os.environ.clear()
    os.environ.update(environment)
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115 - descriptors
        for number, mode in enumerate(("r", "w", "w"))
    )
    return module, words


def _read_all() -> None:
    for package in READ_BEFORE:
        place = importlib.import_module(package)
        for found in pkgutil.walk_packages(place.__path__, f"{package}."):
            if found.name.rpartition(".")[2] in {"__main__", "with_parent", "env"}:
                continue  # run, never imported
            with contextlib.suppress(ImportError):  # an extra that is not there
                importlib.import_module(found.name)


def main() -> None:
    """Read the program, then fork for whoever is at the other end of the line."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started us ends us
    with socket.socket(fileno=int(sys.argv[1])) as line:
        _read_all()
        wanted = _tend(line)
    if wanted is None:
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    module, words = wanted
    sys.argv = [module, *words]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
