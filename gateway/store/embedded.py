"""The embedded Redis: a redis-server of our own on a unix socket under state_dir.

It is started by the supervisor before there is an event loop, ends with it (also after kill -9),
and keeps its data in an append-only file that the next start reads. Only this user can reach it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final
from urllib.parse import quote

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from gateway.store import scripts
from gateway.store.redis_server import (
    ADMIN,
    GATEWAY,
    EmbeddedRedisError,
    configuration,
    find_server,
)

__all__ = ["EmbeddedRedis", "EmbeddedRedisError", "reached"]

START_S: Final = 30.0
STOP_S: Final = 10.0
_POLL_S: Final = 0.01
_LONGEST_SOCKET: Final = 100
"""Linux takes 107 bytes, macOS 103."""
_WITH_PARENT: Final = Path(__file__).with_name("with_parent.py")


class EmbeddedRedisTakenError(EmbeddedRedisError):
    """Another process runs the Redis of this state directory."""


class EmbeddedRedis:
    """One redis-server for one state_dir. Every method is synchronous and blocks.

    To be started from the main thread: the server ends with the thread that started it.
    """

    def __init__(self, state_dir: Path) -> None:
        self._directory: Final = state_dir.absolute() / "redis"
        self._owner = 0
        self._lock: IO[str] | None = None
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """Start the server, wait until it answers, and return the URL for the gateway.

        The URL is the same after a restart. Raises EmbeddedRedisError, with words for a person.
        """
        server = find_server()
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory.chmod(0o700)
        self._take_lock()
        self._owner = os.getpid()
        try:
            socket = self._socket()
            self._end_orphan(socket)
            self._launch(server, socket)
            self._wait_until_ready(socket)
        except BaseException:
            self.stop()
            raise
        return self._url(socket)

    def running_url(self) -> str:
        """Return the URL of the server that another process has started here."""
        return self._url(self._socket())

    def is_alive(self) -> bool:
        """Whether the server process runs."""
        return self._server is not None and self._server.poll() is None

    def restart(self) -> str:
        """Start the server again after it died; return the same URL."""
        self._end_server()
        return self.start()

    def stop(self) -> None:
        """End the server and wait for it; does nothing in a forked child or when called again."""
        if self._owner != os.getpid():
            return
        self._end_server()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _url(self, socket: Path) -> str:
        return f"unix://{GATEWAY}:{self._password(GATEWAY)}@{quote(str(socket))}"

    def _take_lock(self) -> None:
        """Hold the state directory for as long as this process, or a worker of it, lives."""
        if self._lock is not None:
            return
        lock = (self._directory / "lock").open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise EmbeddedRedisTakenError(
                f"another gateway runs on {self._directory.parent}: stop it, or give this one "
                "its own state_dir"
            ) from None
        self._lock = lock

    def _socket(self) -> Path:
        """Return the path of the socket, through a short link when state_dir's path is too long."""
        direct = self._directory / "redis.sock"
        if len(os.fsencode(direct)) <= _LONGEST_SOCKET:
            return direct
        return self._short_directory() / "redis" / direct.name

    def _short_directory(self) -> Path:
        """Return a private directory under the temporary one that links to ours; kept in a file."""
        known = self._directory / "short"
        if known.exists():
            short = Path(known.read_text())
            link = short / "redis"
            with contextlib.suppress(OSError):
                status = short.lstat()
                ours = status.st_uid == os.getuid() and status.st_mode & 0o777 == 0o700  # noqa: PLR2004
                if ours and link.readlink() == self._directory:
                    return short
        short = Path(tempfile.mkdtemp(prefix="portvakt-"))
        if len(os.fsencode(short)) + len("/redis/redis.sock") > _LONGEST_SOCKET:
            short.rmdir()
            raise EmbeddedRedisError(
                f"the paths of {self._directory} and {tempfile.gettempdir()} are too long for a "
                "unix socket: choose a shorter state_dir"
            )
        (short / "redis").symlink_to(self._directory)
        known.write_text(str(short))
        return short

    def _end_orphan(self, socket: Path) -> None:
        """End a server whose gateway died without stopping it; remove the socket it left."""
        deadline = time.monotonic() + STOP_S
        with contextlib.suppress(RedisError, OSError), self._admin(socket) as admin:
            admin.ping()
            with contextlib.suppress(RedisError):
                admin.shutdown(nosave=True)
            while time.monotonic() < deadline:
                time.sleep(_POLL_S)
                admin.ping()
            raise EmbeddedRedisError(f"the Redis of an earlier run still holds {socket}")
        socket.unlink(missing_ok=True)

    def _launch(self, server: Path, socket: Path) -> None:
        conf = self._directory / "redis.conf"
        text = configuration(
            self._directory, socket, self._password(GATEWAY), self._password(ADMIN)
        )
        _write_private(conf, text)
        wrapper = [sys.executable, "-I", "-S", str(_WITH_PARENT), str(os.getpid())]
        with (self._directory / "redis.log").open("ab") as log:
            self._server = subprocess.Popen(  # noqa: S603 - no shell, our own arguments
                [*wrapper, str(server), str(conf)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._directory,
                start_new_session=True,  # Ctrl-C is for the gateway, which stops it last
            )

    def _wait_until_ready(self, socket: Path) -> None:
        """Wait until the server has read its data, and teach it our scripts."""
        deadline = time.monotonic() + START_S
        while self.is_alive() and time.monotonic() < deadline:
            with contextlib.suppress(RedisError, OSError), self._admin(socket) as admin:
                for name in scripts.names():
                    admin.script_load(scripts.text(name))
                return
            time.sleep(_POLL_S)
        raise EmbeddedRedisError(
            f"redis-server did not start; its last words:\n{self._last_words()}"
        )

    def _last_words(self) -> str:
        lines = (self._directory / "redis.log").read_text(errors="replace").splitlines()
        return "\n".join(lines[-5:])

    def _end_server(self) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        server.terminate()  # Redis then writes what is due and removes its socket
        try:
            server.wait(STOP_S)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()

    def _admin(self, socket: Path) -> Redis:
        return Redis(
            unix_socket_path=str(socket),
            username=ADMIN,
            password=self._password(ADMIN),
            protocol=2,
            socket_timeout=5,
            driver_info=None,
            retry=Retry(NoBackoff(), 0),
        )

    def _password(self, user: str) -> str:
        """Return the password of a user of the server, made (0600) at the first start."""
        path = self._directory / f"{user}.password"
        if not path.exists():
            _write_private(path, secrets.token_urlsafe(32))
        return path.read_text()


def _write_private(path: Path, text: str) -> None:
    """Write a file that only this user can read, whole or not at all."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    fresh.replace(path)


@contextlib.contextmanager
def reached(state_dir: Path) -> Iterator[str]:
    """Yield the URL of a state directory's Redis: the running gateway's, else one run meanwhile.

    Raises EmbeddedRedisError.
    """
    redis = EmbeddedRedis(state_dir)
    try:
        url = redis.start()
    except EmbeddedRedisTakenError:
        yield redis.running_url()
        return
    try:
        yield url
    finally:
        redis.stop()
