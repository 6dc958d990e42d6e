"""What tests of several parts share: one real redis-server a worker, emptied for each test.

The rule for tests whose part is missing is in `tests/requirements.py`; pytest reads its hooks here.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
from hypothesis import settings

from gateway.store import scripts
from gateway.store.redis_server import GATEWAY, configuration
from tests import requirements
from tests.directory.postgres_servers import Postgres, running_postgres
from tests.requirements import (  # noqa: F401 - hooks, called by their names
    pytest_make_collect_report,
    pytest_runtest_makereport,
    pytest_unconfigure,
)

# No deadline: a machine that is busy with other tests is no fault of the one that is measured.
settings.register_profile("fast", max_examples=100, deadline=None)
settings.register_profile("mutants", max_examples=25, deadline=None)
settings.register_profile("thorough", max_examples=5_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))

_PASSWORD = "of-the-tests"


@dataclass
class RedisServer:
    """A redis-server as the embedded one is configured, with a third user who may do anything."""

    directory: Path
    process: subprocess.Popen[bytes]

    @property
    def socket(self) -> Path:
        return self.directory / "s"

    @property
    def url(self) -> str:
        """The gateway's own URL, with the gateway's own rights."""
        return f"unix://{GATEWAY}:{_PASSWORD}@{self.socket}"

    def admin(self) -> redis.Redis:
        return redis.Redis(
            unix_socket_path=str(self.socket), username="tester", protocol=2, password=_PASSWORD
        )


def start_redis(directory: Path) -> RedisServer:
    """Start one and wait until it knows the scripts; the caller ends its process."""
    program = requirements.program("redis-server")
    text = configuration(directory, directory / "s", _PASSWORD, _PASSWORD)
    (directory / "redis.conf").write_text(f"{text}user tester reset on >{_PASSWORD} ~* &* +@all\n")
    process = subprocess.Popen([program, str(directory / "redis.conf")], stdin=subprocess.DEVNULL)
    server = RedisServer(directory, process)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with server.admin() as admin:
                for name in scripts.names():
                    admin.script_load(scripts.text(name))
        except redis.RedisError:
            time.sleep(0.01)
        else:
            return server
    process.kill()
    raise AssertionError((directory / "redis.log").read_text())


@pytest.fixture(scope="session")
def redis_process() -> Iterator[RedisServer]:
    """The worker's redis-server; a short path, for its unix socket."""
    with tempfile.TemporaryDirectory(prefix="pv-", dir="/tmp") as directory:
        server = start_redis(Path(directory))
        yield server
        server.process.kill()
        server.process.wait()


@pytest.fixture
def redis_server(redis_process: RedisServer) -> RedisServer:
    """The same, emptied for this test."""
    with redis_process.admin() as admin:
        admin.flushall()
    return redis_process


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    return redis_server.url


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """A redis-server for one test that stops, pauses or kills it."""
    with tempfile.TemporaryDirectory(prefix="pv-", dir="/tmp") as directory:
        server = start_redis(Path(directory))
        yield server
        server.process.kill()
        server.process.wait()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One PostgreSQL a worker; whoever stops it starts it again, and takes a database of his own."""
    with running_postgres() as server:
        yield server
