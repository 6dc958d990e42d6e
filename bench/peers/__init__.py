"""What is measured side by side: one module a proxy, each a context manager that yields a `Peer`.

Every module has `found()`, whether its program is there, and `running(job)`. All do the job that
`Job` states, with the same number of workers.
"""

from __future__ import annotations

import os
import shutil
import sysconfig
from dataclasses import dataclass
from pathlib import Path

_MORE_PLACES = (sysconfig.get_path("scripts"), "/usr/local/sbin", "/usr/sbin", "/sbin")


@dataclass(frozen=True)
class Certificate:
    """PEM files of a certificate for localhost, and of its key."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Job:
    """What stands behind a peer, and what the peer does besides passing on.

    `portal` answers 1 KiB at any path, /sink and /echo lead to `echo`, which reads bodies and
    echoes WebSocket frames, and /files/ to `portal`'s files. `sets` are fields set on each request.
    """

    directory: Path
    portal: int
    echo: int
    workers: int = 1
    tls: Certificate | None = None
    sets: tuple[tuple[str, str], ...] = ()

    def place(self, name: str) -> Path:
        """Make a directory for one peer, which its program may enter as another user."""
        place = self.directory / name
        place.mkdir(mode=0o755)
        return place


@dataclass(frozen=True)
class Peer:
    """Something that stands in front of the upstream.

    `pid` is the root of its processes, `others` the roots of what it asks. `headers` are what a
    client sends to be logged on there, `status` what is answered then.
    """

    name: str
    port: int
    pid: int
    others: tuple[int, ...] = ()
    headers: tuple[str, ...] = ()
    path: str = "/"
    tls: bool = False
    status: int = 200

    @property
    def roots(self) -> tuple[int, ...]:
        """The roots of all processes that count."""
        return (self.pid, *self.others)


def program(name: str) -> str | None:
    """Return the path of a program: on PATH, from a wheel, or where Debian has servers."""
    return shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), *_MORE_PLACES)))


def programs(*names: str) -> tuple[str, ...]:
    """Return the paths of programs. Raises FileNotFoundError when one is not there."""
    paths = []
    for name in names:
        path = program(name)
        if path is None:
            raise FileNotFoundError(name)
        paths.append(path)
    return tuple(paths)
