"""A real PostgreSQL for one file of tests: its own cluster on loopback, not as root, with TLS."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.requirements import program
from tests.system.certificates import Authority
from tests.system.gateway import free_port

READY_S = 30.0
PASSWORD = "Kaffe:9/Bulle@x"
QUOTED = "Kaffe%3A9%2FBulle%40x"


@dataclass
class Postgres:
    """A cluster whose superuser is `boss`. Databases are made with `fresh`."""

    place: Path
    port: int
    ca: Path
    bin: Path
    process: subprocess.Popen[bytes] | None = None
    made: int = 0
    shared: str = ""
    """A database that tests empty for each other."""

    def url(self, name: str, *, user: str = "boss", port: int = 0, **parameters: str) -> str:
        asked = "&".join(f"{key}={value}" for key, value in parameters.items())
        at = f"127.0.0.1:{port or self.port}"
        return f"postgresql://{user}:{QUOTED}@{at}/{name}" + (f"?{asked}" if asked else "")

    def fresh(self) -> str:
        """Return the name of a new, empty database."""
        self.made += 1
        name = f"directory_{self.made}"
        self.run(f"CREATE DATABASE {name}", "postgres")
        return name

    def run(self, statement: str, name: str) -> list[tuple[object, ...]]:
        """Run a statement as the superuser; return its rows."""
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            found = connection.execute(statement)
            return [] if found.description is None else found.fetchall()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": self.place,
            "fsync": "off",
            "shared_buffers": "16MB",
            "ssl": "on",
            "ssl_cert_file": self.place / "server.crt",
            "ssl_key_file": self.place / "server.key",
        }
        options = [f"-c{key}={value}" for key, value in settings.items()]
        log = (self.place / "log").open("ab")
        with log:
            self.process = subprocess.Popen(
                [self.bin / "postgres", "-D", self.place / "data", *options],
                stdout=log, stderr=log, **_somebody_else(),
            )  # fmt: skip
        end = time.monotonic() + READY_S
        while True:
            try:
                self.run("SELECT 1", "postgres")
                break
            except psycopg.OperationalError:
                assert time.monotonic() < end, (self.place / "log").read_text()
                assert self.process.poll() is None, (self.place / "log").read_text()
                time.sleep(0.05)

    def signal_all(self, number: int) -> None:
        """Send a signal to the server and to all of its processes."""
        assert self.process is not None
        parent = self.process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        for pid in [parent, *map(int, children)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def stop(self, number: int = signal.SIGINT) -> None:
        """End it: SIGINT closes connections, SIGQUIT is a crash."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(20)
            self.process = None


def _somebody_else() -> dict[str, object]:
    """Return what makes a child another user's when we are root, which PostgreSQL refuses to be."""
    if os.geteuid() != 0:
        return {}
    other = pwd.getpwnam("nobody")
    return {"user": other.pw_uid, "group": other.pw_gid, "extra_groups": []}


@contextlib.contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Run a cluster of its own; everything of it is gone afterwards."""
    bin_ = Path(program("postgresql")).resolve().parent
    # Not in pytest's directory: that is closed to the other user.
    with tempfile.TemporaryDirectory(prefix="portvakt-pg-") as made:
        place = Path(made)
        authority = Authority(place)
        issued = authority.issue("127.0.0.1")
        shutil.copy(issued.certificate, place / "server.crt")
        shutil.copy(issued.key, place / "server.key")
        (place / "server.key").chmod(0o600)
        (place / "password").write_text(PASSWORD)
        other = _somebody_else()
        if other:
            for path in [place, *place.iterdir()]:
                shutil.chown(path, "nobody")
        subprocess.run(
            [
                *(bin_ / "initdb", "-D", place / "data", "-U", "boss", "--no-sync"),
                *("--locale=C.UTF-8", "--encoding=UTF8", "--auth=scram-sha-256"),
                f"--pwfile={place / 'password'}",
            ],
            check=True, capture_output=True, **other,
        )  # fmt: skip
        server = Postgres(place, free_port(), authority.file, bin_)
        try:
            server.start()
            yield server
        finally:
            server.stop(signal.SIGQUIT)
