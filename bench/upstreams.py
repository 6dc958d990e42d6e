"""What stands behind every peer: answers of 1 KiB, files, and what reads bodies and echoes."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import certificates
from bench.peers import Job, nginx
from bench.processes import free_port, listens, process, wait_until

MIB = 1024 * 1024
FILES = {"1m": MIB, "100m": 100 * MIB}
"""Below /files/, sizes in bytes."""


@contextlib.contextmanager
def job(
    *,
    sets: Sequence[tuple[str, str]] = (),
    tls: bool = False,
    workers: int = 1,
) -> Iterator[Job]:
    """Run the upstreams, in a directory of their own; yield the job of the peers."""
    with tempfile.TemporaryDirectory(prefix="portvakt-bench-") as place:
        directory = Path(place)
        directory.chmod(0o755)
        certificate = certificates.make(directory) if tls else None
        with _served(directory) as (portal, echo):
            yield Job(directory, portal, echo, workers, certificate, tuple(sets))


@contextlib.contextmanager
def _served(directory: Path) -> Iterator[tuple[int, int]]:
    """Run both; yield their ports."""
    place = directory / "upstream"
    place.mkdir()
    portal, echo = free_port(), free_port()
    for name, size in FILES.items():
        with (place / name).open("wb") as file:
            file.write(b"x" * size)
    body = (
        f"sendfile on; server {{ listen 127.0.0.1:{portal}; "
        f'location / {{ default_type text/plain; return 200 "{"x" * 1024}"; }} '
        f"location /files/ {{ alias {place}/; }} }}"
    )
    command = [sys.executable, "-m", "bench.clients.echo", str(echo)]
    with nginx.served(place, portal, body), process(command, place / "echo.log"):
        wait_until(lambda: listens(echo))
        yield portal, echo
