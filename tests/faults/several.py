"""The house of `deploy/ha/`: two balancers, three gateways, three Redis with their sentinels.

Its files run as they stand; only what no test can have is put in: plain HTTP on port 8000 in place
of TLS, the users in a SQLite file that all gateways open, the stub portal and phone, passwords.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import redis

from tests.faults.load import USERS
from tests.faults.machines import OFFICE, STREET, Machine, Network, has_namespaces, network
from tests.faults.tally import Tally
from tests.faults.visitors import Site
from tests.requirements import program
from tests.system.gateway import INSIDE, OUTSIDE, ROOT, RunningGateway, wait_for

RECIPES = ROOT / "deploy/ha"
NUMBERS = {
    "lb1": 11, "lb2": 12, "gw1": 21, "gw2": 22, "gw3": 23, "redis1": 31, "redis2": 32, "redis3": 33,
}  # fmt: skip
GATEWAYS, NODES, BALANCERS = ("gw1", "gw2", "gw3"), ("redis1", "redis2", "redis3"), ("lb1", "lb2")
PUBLIC_PORT, PORTAL_PORT, PHONE_PORT, STATS_PORT = 8000, 9000, 9001, 8404
_PASSWORD = "drill-0123456789"
_STATS = f"\nfrontend stats\n    bind STATS:{STATS_PORT}\n    stats enable\n    stats uri /\n"
_LIMITS = {
    "sms_budget": ("number", "user", "address", "total"),
    "lockout": ("user_and_address", "address", "user"),
}
_WIDE = "".join(
    f"\n[{name}]\n" + "".join(f'{key} = "10000/1h"\n' for key in keys)
    for name, keys in _LIMITS.items()
)


@dataclass
class MachineGateway(RunningGateway):
    """A gateway on a machine of its own."""

    machine: Machine | None = None
    env: dict[str, str] = field(default_factory=dict)

    def start(self) -> None:
        command = [sys.executable, "-m", "gateway", "run", "--config", str(self.config)]
        with self.log.open("ab") as log:
            self.process = self.machine.run(
                command, cwd=ROOT, stdout=log, stderr=log, env=os.environ | self.env
            )
        wait_for(self.is_ready, f"the start of {self.machine.name}", 60)


@dataclass
class Several:
    """All machines and what runs on them; `site` is what visitors see."""

    site: Site
    directory: Path
    network: Network
    public: str
    processes: dict[str, subprocess.Popen] = field(default_factory=dict)
    gateways: dict[str, MachineGateway] = field(default_factory=dict)

    def machine(self, name: str) -> Machine:
        return self.network.machines[name]

    # HAProxy

    def start_balancer(self, name: str) -> None:
        """Run HAProxy as systemd does: a master that can be told to reload."""
        words = [program("haproxy"), "-W", "-db", "-f", str(self.directory / f"{name}.cfg")]
        self._run(name, name, words)

    def judged(self, balancer: str = "lb1") -> list[str]:
        """Return what HAProxy thinks of the gateways, in order."""
        address = self.machine(balancer).address
        with urllib.request.urlopen(f"http://{address}:{STATS_PORT}/;csv", timeout=2) as answer:
            lines = answer.read().decode().splitlines()
        place = lines[0].removeprefix("# ").split(",").index("status")
        wanted = tuple(f"portvakt,{name}," for name in GATEWAYS)
        return [line.split(",")[place] for line in lines if line.startswith(wanted)]

    def wait_until_up(self, balancer: str = "lb1") -> None:
        """Return when HAProxy finds every gateway healthy that was started here."""
        wanted = ["UP" if name in self.gateways else "DOWN" for name in GATEWAYS]
        wait_for(lambda: self.judged(balancer) == wanted, "healthy gateways")

    # Redis and its sentinels

    def start_redis(self, name: str) -> None:
        self._run(name, name, [program("redis-server"), str(self.directory / name / "redis.conf")])

    def start_sentinel(self, name: str) -> None:
        conf = str(self.directory / name / "sentinel.conf")
        self._run(f"sentinel of {name}", name, [program("redis-server"), conf, "--sentinel"])

    def asked(self, name: str, *words: str, port: int = 6379) -> object:
        """Return a server's answer. Raises RedisError."""
        client = redis.Redis(
            self.machine(name).address, port, password=_PASSWORD if port == 6379 else None,
            protocol=2, socket_timeout=2, socket_connect_timeout=1, decode_responses=True,
        )  # fmt: skip
        with client:
            return client.execute_command(*words)

    def primary(self, by: tuple[str, ...] = NODES) -> str:
        """Return which node is the primary, by the word of the first of these sentinels that answers."""
        for name in by:
            with contextlib.suppress(redis.RedisError):
                address, _ = self.asked(
                    name, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "portvakt", port=26379
                )
                return next(node for node in NODES if self.machine(node).address == address)
        raise OSError("no sentinel answers")

    def is_whole(self) -> bool:
        """Whether one is the primary, two follow it, and every sentinel knows all of them."""
        time.sleep(0.3)  # each look asks four servers
        try:
            told = self.asked(self.primary(), "INFO", "replication")
            known = [
                self.asked(name, "SENTINEL", "MASTER", "portvakt", port=26379) for name in NODES
            ]
        except redis.RedisError:
            return False
        counts = [dict(zip(words[::2], words[1::2], strict=True)) for words in known]
        return told["connected_slaves"] == 2 and all(
            (c["num-slaves"], c["num-other-sentinels"]) == ("2", "2") for c in counts
        )

    def _run(self, key: str, name: str, words: list[str]) -> None:
        with (self.directory / f"{name}.log").open("ab") as log:
            self.processes[key] = self.machine(name).run(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def kill(self, key: str) -> None:
        process = self.processes.pop(key)
        process.kill()
        process.wait()

    def close(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
            process.kill()
            process.wait()


@contextlib.contextmanager
def several(directory: Path, *, few: bool = False) -> Iterator[Several]:
    """Run all of it; with `few`, a balancer and a gateway less."""
    with contextlib.ExitStack() as stack:
        net = stack.enter_context(network(NUMBERS))
        sources = {INSIDE: OFFICE, OUTSIDE: STREET} if has_namespaces() else {}
        public = "10.77.0.10" if has_namespaces() else net.machines["lb1"].address
        site = Site(
            PUBLIC_PORT, f"localhost:{PUBLIC_PORT}", PHONE_PORT, Tally(), upload_pause_s=0.15,
            pause_s=0.4 if few else 0.1, reach=public, sources=sources,
        )  # fmt: skip
        house = Several(site, directory, net, public)
        stack.callback(house.close)
        _start_redis(house)
        command = [sys.executable, "-m", "upstream_stub"]
        host = "0.0.0.0" if has_namespaces() else "127.0.0.1"  # ours alone, in a namespace
        command += ["--portal", f"{host}:{PORTAL_PORT}", "--phone", f"{host}:{PHONE_PORT}"]
        house.processes["stub"] = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        _start_gateways(house, stack, GATEWAYS[:2] if few else GATEWAYS)
        house.machine("lb1").take_address("10.77.0.10")
        for name in BALANCERS[:1] if few else BALANCERS:
            _write_balancer(house, name)
            house.start_balancer(name)
            house.wait_until_up(name)
        yield house


def _start_redis(house: Several) -> None:
    for name in NODES:
        home = house.directory / name
        home.mkdir()
        for recipe in ("redis.conf", "sentinel.conf"):
            text = _placed(house, (RECIPES / recipe).read_text(), name, "redis1")
            text = text.replace("dir /var/lib/redis", f"dir {home}").replace("change-me", _PASSWORD)
            if not has_namespaces():  # else the others take it for 127.0.0.1
                announce = (
                    "replica-announce-ip" if recipe == "redis.conf" else "sentinel announce-ip"
                )
                text += f"{announce} {house.machine(name).address}\n"
            (home / recipe).write_text(text)
        if name != "redis1":
            with (home / "redis.conf").open("a") as conf:
                conf.write(f"replicaof {house.machine('redis1').address} 6379\n")
        house.start_redis(name)
        house.start_sentinel(name)
    wait_for(house.is_whole, "Redis and its sentinels", 60)


def _start_gateways(house: Several, stack: contextlib.ExitStack, names: tuple[str, ...]) -> None:
    hosts = ",".join(f"{house.machine(name).address}:26379" for name in NODES)
    env = {
        "PORTVAKT_REDIS_URL": f"redis+sentinel://:{_PASSWORD}@{hosts}/portvakt",
        "PORTVAKT_SECRETS_KEY": secrets.token_hex(32),
    }
    os.environ.update(env)  # the commands that add users read the same file
    first = None
    for name in names:
        gateway = _gateway(house, name, env)
        house.gateways[name] = gateway
        stack.callback(gateway.stop)
        if first is not None:  # what README.md has copied
            gateway.state_dir.mkdir(mode=0o700)
            keys = first.state_dir / "assertion-keys.json"
            (gateway.state_dir / keys.name).write_bytes(keys.read_bytes())
            (gateway.state_dir / keys.name).chmod(0o600)
        gateway.start()
        if first is None:
            first = gateway
            first.add_users(*USERS)


def _gateway(house: Several, name: str, env: dict[str, str]) -> MachineGateway:
    home = house.directory / name
    home.mkdir()
    machine, street = house.machine(name), STREET if has_namespaces() else "127.0.0.1"
    text = _placed(house, (RECIPES / "gateway.toml").read_text(), name, "gw1")
    for was, now in (
        ('"https://portal.example.com"', f'"http://localhost:{PUBLIC_PORT}"'),
        ('"/var/lib/portvakt"', '"var"'),
        ('kind = "sql"\nurl = { env = "PORTVAKT_DIRECTORY_URL" }',
         f'kind = "sqlite"\npath = "{house.directory / "users.sqlite3"}"'),
        ('"https://sms.example.com/send"', f'"http://{street}:{PHONE_PORT}/a1/sms"'),
        ('"http://10.77.0.1:9000"', f'"http://{street}:{PORTAL_PORT}"'),
        ('["10.0.0.0/8"]', f'["{house.site.sources.get(INSIDE, INSIDE)}/32"]'),
        ('workers = "auto"', "workers = 1"),
    ):  # fmt: skip
        assert was in text, was
        text = text.replace(was, now)
    text += _WIDE  # a few people ask here for what many do elsewhere
    config = home / "gateway.toml"
    config.write_text(text)
    return MachineGateway(
        house.site.origin, 8080, f"http://{machine.address}:8081", home, config,
        home / "gateway.log", machine=machine, env=env,
    )  # fmt: skip


def _write_balancer(house: Several, name: str) -> None:
    text = (RECIPES / "haproxy.cfg").read_text()
    tls = "bind 10.77.0.10:443 ssl crt /etc/haproxy/portal.pem"
    assert tls in text
    public = house.public if name == "lb1" or has_namespaces() else house.machine(name).address
    text = text.replace(tls, f"bind {public}:{PUBLIC_PORT} transparent" if has_namespaces()
                        else f"bind {public}:{PUBLIC_PORT}")  # fmt: skip
    text += _STATS.replace("STATS", house.machine(name).address)
    (house.directory / f"{name}.cfg").write_text(_placed(house, text, "", ""))


def _placed(house: Several, text: str, name: str, written: str) -> str:
    """Return a recipe for a machine: the address it was written for is this one's where it binds."""
    own = f"10.77.0.{NUMBERS[written]}" if name else ""
    lines = [
        line.replace(own, house.machine(name).address)
        if own and line.startswith(("bind ", "address = "))
        else line
        for line in text.splitlines()
    ]
    text = "\n".join(lines) + "\n"
    if has_namespaces():
        return text
    for number in NUMBERS.values():
        text = text.replace(f"10.77.0.{number}", f"127.0.1.{number}")
    # All machines of one loopback call from the same address.
    return text.replace('["127.0.1.11/32", "127.0.1.12/32"]', '["127.0.0.1/32"]')
