"""Real processes for system tests: a gateway, the stub portal and phone, on ports of their own."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from bench.oracle.people import hashed
from tests.system.nursery import Process, run, start

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "Vrk7tolm9"
READY_S = 30.0
INSIDE = "127.0.0.2"
"""The source address that the test configuration calls corporate."""
OUTSIDE = "127.0.0.1"


@cache
def stored() -> str:
    """Return PASSWORD as it is kept: made once, since each costs what it costs whoever guesses."""
    return hashed(PASSWORD)


def free_port() -> int:
    """Return a TCP port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(ready, what: str, seconds: float = READY_S) -> None:
    """Poll `ready` until it is true; fail the test when it never is."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if ready():
                return
        time.sleep(0.02)
    raise AssertionError(f"{what} did not happen within {seconds} s")


@dataclasses.dataclass
class Stub:
    """The stub portal and phone; `log` is the oracle: every request that got through."""

    portal: str
    phone: str
    log: Path
    process: Process
    seen: int = 0
    """How many bytes of the log `new_requests` has read."""

    def new_requests(self) -> list[dict]:
        """Return what reached the portal since the last call, oldest first."""
        if not self.log.exists():
            return []
        with self.log.open("rb") as log:
            log.seek(self.seen)
            lines = log.read()
        self.seen += len(lines)
        return [json.loads(line) for line in lines.splitlines()]

    def requests(self) -> list[dict]:
        """Return what reached the portal, oldest first."""
        if not self.log.exists():
            return []
        return [json.loads(line) for line in self.log.read_text().splitlines() if line]

    def messages(self, to: str | None = None) -> list[dict]:
        """Return the messages on the phone, oldest first."""
        query = "" if to is None else "?to=" + to.replace("+", "%2B")
        with urllib.request.urlopen(f"{self.phone}/messages.json{query}", timeout=5) as answer:
            found = json.load(answer)
        return found["messages"] if isinstance(found, dict) else found

    def code(self, to: str | None = None) -> str:
        """Return the code of the newest message, as soon as there is one."""
        wait_for(lambda: self.messages(to), "a message")
        return re.search(r"\d{6}", self.messages(to)[-1]["message"])[0]


@contextlib.contextmanager
def running_stub(directory: Path) -> Iterator[Stub]:
    """Run the stub portal and phone."""
    portal, phone = free_port(), free_port()
    log = directory / "portal.jsonl"
    words = ["--log", str(log), "--portal", f"127.0.0.1:{portal}", "--phone", f"127.0.0.1:{phone}"]
    said, says = os.pipe()
    with os.fdopen(said, "rb") as line:
        with os.fdopen(says, "wb") as out, (directory / "stub.log").open("ab") as err:
            process = start("upstream_stub", words, stdout=out, stderr=err)
        try:
            assert line.readline()
            yield Stub(f"http://127.0.0.1:{portal}", f"http://127.0.0.1:{phone}", log, process)
        finally:
            process.terminate()
            process.wait(10)


@dataclasses.dataclass
class RunningGateway:
    """A gateway process. `origin` is its public URL, `address` where it listens."""

    origin: str
    port: int
    admin: str
    directory: Path
    config: Path
    log: Path
    process: Process | None = None
    tls: ssl.SSLContext | None = None
    """How a visitor verifies a gateway that listens with TLS."""
    module: str = "gateway"
    """What is run: the program, or one of the tests' that changes something and runs it."""

    @property
    def state_dir(self) -> Path:
        return self.directory / "var"

    def start(self) -> None:
        """Start the process and wait until it is ready."""
        with self.log.open("ab") as log:
            words = ["run", "--config", str(self.config)]
            self.process = start(self.module, words, stdout=log, stderr=log)
        wait_for(self.is_ready, "the gateway's start:\n" + self.log.read_text())

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"{self.admin}/readyz", timeout=3) as answer,
        ):
            return answer.status == 200
        return False

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Stop the process; return its exit code."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(40)
        self.process = None
        return code

    def cli(self, *words: str, stdin: str = "", check: bool = True) -> subprocess.CompletedProcess:
        """Run a portvakt command on this gateway's configuration."""
        done = run([*words, "--config", str(self.config)], stdin=stdin)
        if check:
            done.check_returncode()
        return done

    def add_user(self, name: str, *, mobile: str | None = None, groups=(), full_name=None) -> None:
        """Add a user whose password is PASSWORD."""
        words = ["user", "add", name, "--name", full_name or name.title(), "--password-stdin"]
        words += ["--email", f"{name}@example.com"]
        words += ["--mobile", mobile] if mobile else []
        for group in groups:
            words += ["--group", group]
        self.cli(*words, stdin=PASSWORD + "\n")

    def add_users(self, *lines: str) -> None:
        """Add users whose password is PASSWORD: name, full name, mobile, groups (";") each."""
        rows = [f'{line},"{stored()}"' for line in lines]
        file = self.directory / "users.csv"
        file.write_text("\n".join(["user,name,mobile,groups,password_hash", *rows]) + "\n")
        self.cli("user", "import", str(file))
        file.unlink()

    def audit(self) -> list[dict]:
        """Return the audit, oldest first."""
        file = self.state_dir / "audit.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def write_config(
    directory: Path,
    *,
    portal: str,
    phone: str,
    port: int,
    admin: int,
    public_port: int | None = None,
    routes: str | None = None,
    extra: str = "",
    listen: str = "",
    tables: str = "",
    upstream: str = "",
    sms: str = "",
    scheme: str = "http",
    phones: str | None = None,
) -> Path:
    """Write a gateway.toml.

    `extra` are top-level keys, `listen`, `upstream` and `sms` further keys of those tables, `tables`
    whole tables, `routes` [[route]]s. `public_port` is where browsers find it, when something
    stands in front of `port`, and `scheme` how. `phones` are the
    [[sms]] in place of the stub phone.
    """
    default = '[[route]]\npath = "/static/"\nupstream = "portal"\npublic = true\n'
    default += '\n[[route]]\npath = "/"\nupstream = "portal"\n'
    listening = f'[listen]\naddress = ["127.0.0.1:{port}"]\n{listen}\n'
    public = f'public_url = "{scheme}://localhost:{public_port or port}"\n'
    ours = f'[[sms]]\nkind = "http"\nurl = "{phone}/a1/sms"\n'
    ours += 'form = { from = "Portvakt", to = "{mobile}", message = "{text}" }\n'
    ours += sms
    config = directory / "gateway.toml"
    config.write_text(
        f"""{"" if "public_url" in extra else public}state_dir = "var"
{extra}
{"" if "[listen]" in tables else listening}
[admin]
address = "127.0.0.1:{admin}"

[networks]
corporate = ["{INSIDE}/32"]

{tables}

{phones or ours}

[[upstream]]
name = "portal"
url = ["{portal}"]
{upstream}

{default if routes is None else routes}
"""
    )
    return config


@contextlib.contextmanager
def running_gateway(
    directory: Path,
    *,
    portal: str,
    phone: str = "http://127.0.0.1:1",
    start: bool = True,
    tls: ssl.SSLContext | None = None,
    module: str = "gateway",
    **config,
) -> Iterator[RunningGateway]:
    """Run a gateway in front of `portal`; see write_config for the rest."""
    port = admin = free_port()
    while admin == port:
        admin = free_port()
    origin = f"{config.get('scheme', 'http')}://localhost:{config.get('public_port') or port}"
    written = write_config(directory, portal=portal, phone=phone, port=port, admin=admin, **config)
    log = directory / "gateway.log"
    gateway = RunningGateway(
        origin, port, f"http://127.0.0.1:{admin}", directory, written, log, tls=tls, module=module
    )
    try:
        if start:
            gateway.start()
        yield gateway
    finally:
        gateway.stop()
