"""Machines of a small network: a namespace each where the kernel lets us, else an address each.

With namespaces a machine can be cut off from the others. Without them all machines share one
loopback under addresses 127.0.1.x: what is killed is killed, but nobody can be cut off.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

STREET = "10.77.0.1"
OFFICE = "10.77.0.2"
"""The drill's own addresses: where the portal and its phone are, and whence clients call."""
_MARK = "PORTVAKT_HA_STREET"
NO_NAMESPACES = (
    "Network namespaces cannot be had here (they need root, or unprivileged user namespaces, and "
    "ip of iproute2). All machines are addresses 127.0.1.x of one loopback: nobody can be cut off."
)


def enter_street(module: str, words: list[str]) -> None:
    """Begin this program anew in a network namespace of its own, once, where that is possible."""
    if _MARK in os.environ or shutil.which("unshare") is None or shutil.which("ip") is None:
        return
    way = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-rn"]
    made = ["ip", "link", "add", "probe", "type", "veth", "peer", "name", "other"]
    if subprocess.run([*way, *made], capture_output=True, check=False).returncode:
        return
    # A proxy of the environment is nobody whom machines of this network could reach.
    env = {name: text for name, text in os.environ.items() if not name.lower().endswith("_proxy")}
    env[_MARK] = "1"
    os.execvpe(way[0], [*way, sys.executable, "-m", module, *words], env)


def has_namespaces() -> bool:
    """Whether this process runs in a namespace that `enter_street` made."""
    return _MARK in os.environ


@dataclass
class Machine:
    """One machine; `address` is where the others reach it."""

    name: str
    number: int
    holder: subprocess.Popen | None = None
    """The process that keeps its namespace; None where there are none."""

    @property
    def address(self) -> str:
        return f"10.77.0.{self.number}" if self.holder is not None else f"127.0.1.{self.number}"

    def run(self, words: list[str], **options) -> subprocess.Popen:
        """Start a program on this machine; the process returned is the program itself."""
        return subprocess.Popen([*self.inside(), *words], **options)

    def inside(self) -> list[str]:
        """Return the words before a command that is to run on this machine."""
        if self.holder is None:
            return []
        return ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", "--"]

    def cut(self) -> None:
        """Pull the cable."""
        ip("link", "set", f"pv{self.number}", "down")

    def join(self) -> None:
        """Put the cable back."""
        ip("link", "set", f"pv{self.number}", "up")

    def take_address(self, address: str) -> None:
        """Answer for a further address from now on, and have others forget who did."""
        if self.holder is not None:
            subprocess.run([*self.inside(), "ip", "address", "replace", f"{address}/24", "dev",
                            "eth0"], check=True)  # fmt: skip
            ip("neigh", "flush", "dev", "street")

    def drop_address(self, address: str) -> None:
        if self.holder is not None:
            subprocess.run([*self.inside(), "ip", "address", "del", f"{address}/24", "dev",
                            "eth0"], check=True)  # fmt: skip


@dataclass
class Network:
    """Machines by name."""

    machines: dict[str, Machine] = field(default_factory=dict)


def ip(*words: str) -> None:
    """Change the network that this process sees."""
    subprocess.run(["ip", *words], check=True)


@contextlib.contextmanager
def network(numbers: dict[str, int]) -> Iterator[Network]:
    """Make the machines and what connects them; all of it ends with the block."""
    if not has_namespaces():
        print(NO_NAMESPACES, file=sys.stderr)
        yield Network({name: Machine(name, number) for name, number in numbers.items()})
        return
    ip("link", "set", "lo", "up")
    ip("link", "add", "street", "type", "bridge")
    ip("link", "set", "street", "up")
    for address in (STREET, OFFICE):
        ip("address", "add", f"{address}/24", "dev", "street")
    made = Network()
    try:
        for name, number in numbers.items():
            made.machines[name] = _machine(name, number)
        yield made
    finally:
        for machine in made.machines.values():
            machine.holder.kill()
            machine.holder.wait()


def _machine(name: str, number: int) -> Machine:
    """Make a machine with one cable to the street."""
    holder = subprocess.Popen(["unshare", "-n", "sleep", "infinity"], stdin=subprocess.DEVNULL)
    ours = Path("/proc/self/ns/net").readlink()
    while Path(f"/proc/{holder.pid}/ns/net").readlink() == ours:
        time.sleep(0.005)
    machine, here = Machine(name, number, holder), f"pv{number}"
    ip("link", "add", here, "type", "veth", "peer", "name", "eth0", "netns", str(holder.pid))
    ip("link", "set", here, "master", "street", "up")
    for words in (
        ["link", "set", "lo", "up"],
        ["address", "add", f"{machine.address}/24", "dev", "eth0"],
        ["link", "set", "eth0", "up"],
    ):
        subprocess.run([*machine.inside(), "ip", *words], check=True)
    return machine
