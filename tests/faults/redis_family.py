"""Several real Redis servers: a master and its replica under three sentinels, and a Cluster."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import redis
from redis.crc import key_slot

from tests.requirements import program
from tests.system.gateway import free_port, wait_for

NAME = "portvakt"
HOST = "127.0.0.1"
SLOT = key_slot(b"{portvakt}:")
_COMMON = 'bind 127.0.0.1\nprotected-mode no\nsave ""\nappendonly no\nrepl-diskless-sync-delay 0\n'


@dataclass(eq=False)
class Node:
    """One server of a family."""

    port: int
    process: subprocess.Popen

    def admin(self) -> redis.Redis:
        return redis.Redis(host=HOST, port=self.port, protocol=2, socket_timeout=5)

    def ask(self, *words: object) -> object:
        with self.admin() as admin:
            return admin.execute_command(*words)

    def answers(self) -> bool:
        with contextlib.suppress(redis.RedisError):
            return bool(self.ask("PING"))
        return False

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGCONT)
        self.process.kill()
        self.process.wait()


@dataclass
class Family:
    """All servers; `url` is what `[redis]` is given."""

    url: str
    directory: Path
    nodes: list[Node] = field(default_factory=list)
    sentinels: list[Node] = field(default_factory=list)

    def add(self, text: str, *, sentinel: bool = False) -> Node:
        port = free_port()
        file = self.directory / f"{port}.conf"
        home = self.directory / str(port)
        home.mkdir()
        file.write_text(f"port {port}\ndir {home}\nlogfile {home}/log\n{text}")
        words = [program("redis-server"), str(file), *(["--sentinel"] if sentinel else [])]
        node = Node(port, subprocess.Popen(words, stdin=subprocess.DEVNULL))
        (self.sentinels if sentinel else self.nodes).append(node)
        return node

    def close(self) -> None:
        for node in (*self.sentinels, *self.nodes):
            node.kill()

    # Sentinel

    def master(self) -> Node:
        """Return the master as a sentinel that answers names it."""
        for sentinel in self.sentinels:
            with contextlib.suppress(redis.RedisError):
                _, port = sentinel.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME)
                return next(node for node in self.nodes if node.port == int(port))
        raise OSError("no sentinel answers")

    def fail_over(self) -> None:
        """Kill the master; return when the sentinels have another one."""
        old = self.master()
        old.kill()
        wait_for(lambda: self.master() is not old, "another master", 20)

    # Cluster

    def owner(self) -> Node:
        """Return the node that serves our slot."""
        for low, high, (_, port, *_), *_ in (
            self.nodes[0].admin().execute_command("CLUSTER", "SLOTS")
        ):
            if low <= SLOT <= high:
                return next(node for node in self.nodes if node.port == port)
        raise OSError("nobody serves our slot")

    def move_slot(self, pause_s: float = 0.0, batch: int = 1) -> int:
        """Move our slot to another master, key by key; return how many keys that were."""
        old = self.owner()
        new = next(node for node in self.nodes if node is not old)
        names = {node: node.ask("CLUSTER", "MYID").decode() for node in self.nodes}
        new.ask("CLUSTER", "SETSLOT", SLOT, "IMPORTING", names[old])
        old.ask("CLUSTER", "SETSLOT", SLOT, "MIGRATING", names[new])
        moved = 0
        while keys := old.ask("CLUSTER", "GETKEYSINSLOT", SLOT, batch):
            old.ask("MIGRATE", HOST, new.port, "", 0, 5000, "KEYS", *keys)
            moved += len(keys)
            time.sleep(pause_s)
        for node in (new, old, *(node for node in self.nodes if node not in {new, old})):
            node.ask("CLUSTER", "SETSLOT", SLOT, "NODE", names[new])
        return moved


@contextlib.contextmanager
def _family() -> Iterator[Family]:
    with tempfile.TemporaryDirectory(prefix="pv-", dir="/tmp") as directory:
        family = Family("", Path(directory))
        try:
            yield family
        finally:
            family.close()


@contextlib.contextmanager
def sentinel_family(down_after_ms: int = 500) -> Iterator[Family]:
    """Run a master, a replica and three sentinels that fail over within a second or two."""
    with _family() as family:
        master = family.add(_COMMON)
        replica = family.add(f"{_COMMON}replicaof {HOST} {master.port}\n")
        wait_for(lambda: _is_linked(replica), "the replica")
        watch = (
            f"bind {HOST}\nprotected-mode no\nsentinel monitor {NAME} {HOST} {master.port} 2\n"
            f"sentinel down-after-milliseconds {NAME} {down_after_ms}\n"
            f"sentinel failover-timeout {NAME} 3000\n"
        )
        for _ in range(3):
            family.add(watch, sentinel=True)
        wait_for(lambda: all(map(_sees_all, family.sentinels)), "the sentinels")
        hosts = ",".join(f"{HOST}:{node.port}" for node in family.sentinels)
        family.url = f"redis+sentinel://{hosts}/{NAME}"
        yield family


def _is_linked(replica: Node) -> bool:
    return (
        replica.answers() and replica.admin().info("replication").get("master_link_status") == "up"
    )


def _sees_all(sentinel: Node) -> bool:
    if not sentinel.answers():
        return False
    (master,) = sentinel.ask("SENTINEL", "MASTERS")
    told = dict(zip(master[::2], master[1::2], strict=True))
    return (told[b"num-other-sentinels"], told[b"num-slaves"]) == (b"2", b"1")


@contextlib.contextmanager
def cluster_family() -> Iterator[Family]:
    """Run a Cluster of three masters without replicas."""
    with _family() as family:
        for _ in range(3):
            family.add(
                f"{_COMMON}cluster-enabled yes\ncluster-node-timeout 2000\n"
                f"cluster-port {free_port()}\ncluster-require-full-coverage no\n"
            )
        wait_for(lambda: all(node.answers() for node in family.nodes), "the nodes")
        first, bounds = family.nodes[0], [0, 5461, 10923, 16384]
        for number, node in enumerate(family.nodes):
            node.ask("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
            node.ask("CLUSTER", "ADDSLOTSRANGE", bounds[number], bounds[number + 1] - 1)
        bus = [_bus_port(family, node) for node in family.nodes]
        for node, port in zip(family.nodes[1:], bus[1:], strict=True):
            first.ask("CLUSTER", "MEET", HOST, node.port, port)
        wait_for(lambda: all(map(_knows_all, family.nodes)), "the cluster")
        hosts = ",".join(f"{HOST}:{node.port}" for node in family.nodes[:2])
        family.url = f"redis+cluster://{hosts}"
        yield family


def _bus_port(family: Family, node: Node) -> int:
    text = (family.directory / f"{node.port}.conf").read_text()
    return int(text.partition("cluster-port ")[2].split()[0])


def _knows_all(node: Node) -> bool:
    told = node.ask("CLUSTER", "INFO")
    text = told.decode() if isinstance(told, bytes) else str(told)
    return "cluster_state:ok" in text and "cluster_slots_ok:16384" in text
