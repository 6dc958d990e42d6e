"""The faults: each a block in which something around the gateway is broken, and mended at its end."""

from __future__ import annotations

import contextlib
import resource
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.faults import frail
from tests.faults.house import House, Trouble
from tests.faults.redis_family import Family, cluster_family, sentinel_family
from tests.system.processes import kill, tree, workers_of


@contextlib.contextmanager
def redis_killed(house: House) -> Iterator[None]:
    house.kill_redis()
    yield
    house.restart_redis()


@contextlib.contextmanager
def redis_paused(house: House) -> Iterator[None]:
    house.redis.process.send_signal(signal.SIGSTOP)
    yield
    house.redis.process.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def redis_restarted_empty(house: House) -> Iterator[None]:
    house.kill_redis()
    shutil.rmtree(house.redis.directory / "appendonlydir")
    house.restart_redis()
    yield


@contextlib.contextmanager
def redis_slow(house: House) -> Iterator[None]:
    house.relay.delay_s = 0.1
    yield
    house.relay.delay_s = 0.0


def redis_set(*pairs: tuple[str, str, str]) -> Callable[[House], contextlib.AbstractContextManager]:
    """Return a fault by CONFIG SET: name, value, value afterwards."""

    @contextlib.contextmanager
    def fault(house: House) -> Iterator[None]:
        with house.redis.admin() as admin:
            for name, value, _ in pairs:
                admin.config_set(name, value)
            yield
            for name, _, value in pairs:
                admin.config_set(name, value)

    return fault


@contextlib.contextmanager
def redis_a_replica(house: House) -> Iterator[None]:
    with house.redis.admin() as admin:
        admin.execute_command("REPLICAOF", "127.0.0.1", "1")
        yield
        admin.execute_command("REPLICAOF", "NO", "ONE")


@contextlib.contextmanager
def directory_locked(house: House) -> Iterator[None]:
    with contextlib.closing(sqlite3.connect(_directory(house), isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


@contextlib.contextmanager
def directory_gone(house: House) -> Iterator[None]:
    file = _directory(house)
    away = [
        (path, path.with_name("away-" + path.name)) for path in file.parent.glob(file.name + "*")
    ]
    for path, to in away:
        path.rename(to)
    yield
    for path in file.parent.glob(file.name + "*"):
        path.unlink()
    for path, to in away:
        to.rename(path)


@contextlib.contextmanager
def directory_a_directory(house: House) -> Iterator[None]:
    """The file cannot be opened at all, which `chmod` does not achieve against root."""
    file = _directory(house)
    away = [
        (path, path.with_name("away-" + path.name)) for path in file.parent.glob(file.name + "*")
    ]
    for path, to in away:
        path.rename(to)
    file.mkdir()
    yield
    file.rmdir()
    for path, to in away:
        to.rename(path)


def sms(mode: str) -> Callable[[House], contextlib.AbstractContextManager]:
    @contextlib.contextmanager
    def fault(house: House) -> Iterator[None]:
        house.order_sms(mode, 10_000)
        yield
        house.order_sms(mode, 0)

    return fault


def upstream(mode: str) -> Callable[[House], contextlib.AbstractContextManager]:
    @contextlib.contextmanager
    def fault(house: House) -> Iterator[None]:
        house.frail.mode = mode
        yield
        house.frail.is_well_again()

    return fault


@contextlib.contextmanager
def upstream_refuses(house: House) -> Iterator[None]:
    house.frail.refuse()
    yield
    house.frail.listen_again()


@contextlib.contextmanager
def disk_full(house: House) -> Iterator[None]:
    """No file of the gateway grows beyond the audit's size: what a full disk does to the audit."""
    pids = workers_of(house.gateway.process.pid)
    size = (house.gateway.state_dir / "audit.jsonl").stat().st_size
    unlimited = resource.RLIM_INFINITY
    for pid in pids:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, unlimited))
    yield
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (unlimited, unlimited))


def clock(seconds: float) -> Callable[[House], contextlib.AbstractContextManager]:
    @contextlib.contextmanager
    def fault(house: House) -> Iterator[None]:
        house.set_clock(seconds)
        yield
        house.set_clock(0.0)

    return fault


@contextlib.contextmanager
def worker_killed(house: House) -> Iterator[None]:
    victim = workers_of(house.gateway.process.pid)[0]
    kill(victim)
    yield


@contextlib.contextmanager
def gateway_killed(house: House) -> Iterator[None]:
    process = house.gateway.process
    kill(*tree(process.pid))
    process.wait(10)
    yield
    house.gateway.start()


def _directory(house: House) -> Path:
    return house.gateway.state_dir / "directory.sqlite3"


FRAIL = ("frail 0", "frail 1")
WITH_SESSION = ("page 0", "page 1", "script 0", "upload", "frail 0", "websocket")
CODE = ("code", "page 0")
TROUBLES = (
    Trouble("Redis killed", redis_killed),
    Trouble("Redis paused (SIGSTOP)", redis_paused),
    Trouble("Redis slow (200 ms more a command)", redis_slow),
    Trouble("Redis full (OOM)", redis_set(("maxmemory", "1", "0"))),
    Trouble("Redis read-only (a replica)", redis_a_replica),
    Trouble("Redis read-only (min-replicas)", redis_set(("min-replicas-to-write", "1", "0"))),
    Trouble("directory locked", directory_locked),
    Trouble("directory gone", directory_gone),
    Trouble("directory cannot be opened", directory_a_directory),
    Trouble("SMS gateway answers 500", sms("fail"), CODE),
    Trouble("SMS gateway hangs", sms("hang"), CODE),
    Trouble("SMS gateway talks nonsense", sms("garble"), CODE),
    Trouble("upstream refuses", upstream_refuses, FRAIL),
    *(Trouble(f"upstream {mode}", upstream(mode), FRAIL) for mode in frail.MODES),
    Trouble("disk full (audit)", disk_full),
    Trouble("clock 10 min ahead", clock(600.0)),
    Trouble("clock 10 min behind", clock(-600.0)),
    Trouble("worker killed (-9)", worker_killed, ("page 0",)),
    Trouble("gateway killed (-9) and restarted", gateway_killed, ("page 0",)),
    Trouble("Redis restarted empty", redis_restarted_empty, WITH_SESSION, loses_sessions=True),
)


def once(name: str, befall: Callable[[], object]) -> Trouble:
    """Return a fault that is over when it has happened."""

    @contextlib.contextmanager
    def happens(_: House) -> Iterator[None]:
        befall()
        yield

    return Trouble(name, happens)


FAMILIES = (
    ("Sentinel fail-over (three sentinels)", sentinel_family, Family.fail_over),
    ("Cluster resharding (three masters)", cluster_family, Family.move_slot),
)
