"""What the kernel says of processes (/proc): children, command lines, memory."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

PROC = Path("/proc")


def children(pid: int) -> list[int]:
    """Return the children of a process, the oldest first."""
    found = []
    for place in PROC.glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            after_name = place.read_text().rpartition(")")[2].split()
            if int(after_name[1]) == pid and after_name[0] != "Z":
                found.append(int(place.parent.name))
    return sorted(found)


def tree(pid: int) -> list[int]:
    """Return a process and all below it."""
    return [pid, *(below for child in children(pid) for below in tree(child))]


def is_alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    with contextlib.suppress(OSError):
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def command_line(pid: int) -> str:
    """Return how a process was called; "" when it is gone."""
    with contextlib.suppress(OSError):
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


def redis_of(pid: int) -> int:
    """Return the embedded redis-server of a gateway's parent process."""
    return next(child for child in children(pid) if "redis-server" in command_line(child))


def workers_of(pid: int) -> list[int]:
    """Return the workers of a gateway's parent process."""
    return [child for child in children(pid) if _name(child) == "portvakt worker"]


def keeper_of(pid: int) -> int:
    """Return the process that keeps the configuration of a gateway's parent process."""
    return next(child for child in children(pid) if _name(child) == "portvakt keeper")


def _name(pid: int) -> str:
    with contextlib.suppress(OSError):
        return (PROC / str(pid) / "comm").read_text().strip()
    return ""


def kill(*pids: int) -> None:
    """Kill processes as `kill -9` does."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def peak_memory(pid: int) -> int:
    """Return the most memory a process held (VmHWM) since `forget_peak`, in bytes."""
    for line in (PROC / str(pid) / "status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"no VmHWM of {pid}")


def forget_peak(pid: int) -> int:
    """Set the peak to what the process holds now, and return it in bytes."""
    (PROC / str(pid) / "clear_refs").write_text("5")
    return peak_memory(pid)
