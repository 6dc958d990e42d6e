"""Portvakt, with somebody logged on from the corporate network.

`Shape` is what one gateway.toml differs in from another; everything else is as it comes.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.peers import Job, Peer
from bench.peers.browser import Browser
from bench.processes import environment, free_port, process, wait_until

PASSWORD = "Xk7vQm2pTz"
USER = "anna"
IDENTITY = {
    "X-Remote-User": "{user}",
    "X-Remote-Name": "{name}",
    "X-Remote-Email": "{email}",
    "X-Remote-Groups": "{groups}",
}
"""As it comes."""
ROUTES = """
[[route]]
path = "/"
upstream = "portal"
[[route]]
path = "/sink"
upstream = "echo"
[[route]]
path = "/echo"
upstream = "echo"
"""


@dataclass(frozen=True)
class Shape:
    """What differs: further lines of tables, whole tables, and the groups of who is logged on."""

    name: str = "portvakt, logged on"
    listen: str = ""
    upstream: str = ""
    tables: str = ""
    networks: str = 'corporate = ["127.0.0.0/8"]'
    routes: str = ROUTES
    identity: tuple[tuple[str, str], ...] = tuple(IDENTITY.items())
    groups: tuple[str, ...] = ("staff",)
    compiled: bool = True
    """As it is deployed; False: the Python of the working copy. Both where nothing is compiled."""
    people: Path | None = None
    """A file for `portvakt user import`."""


@dataclass(frozen=True)
class Gateway:
    """One that runs. `cookie` is the field of who is logged on, `peer` what is measured."""

    peer: Peer
    cookie: str
    admin: int
    config: Path

    @property
    def origin(self) -> str:
        """Its public URL."""
        return f"{'https' if self.peer.tls else 'http'}://localhost:{self.peer.port}"


def found() -> bool:
    """Whether it is there: always."""
    return True


@contextlib.contextmanager
def running(job: Job, shape: Shape | None = None) -> Iterator[Peer]:
    """Run one, and log somebody on."""
    with logged_on(job, shape or Shape()) as gateway:
        yield gateway.peer


@contextlib.contextmanager
def logged_on(job: Job, shape: Shape) -> Iterator[Gateway]:
    """Run one, and log somebody on; yield all there is to know about it."""
    port, admin = free_port(), free_port()
    config = write(job, shape, port, admin)
    place = config.parent
    command(
        config, "user", "add", USER, "--name", "Anna Andersson", "--email", "anna@example.com",
        "--password-stdin", *(word for group in shape.groups for word in ("--group", group)),
        stdin=PASSWORD + "\n",
    )  # fmt: skip
    if shape.people:
        command(config, "user", "import", str(shape.people))
    browser = Browser(port, job.tls)
    surroundings = environment_of(compiled=shape.compiled)
    with process(run_command(config), place / "output.log", surroundings) as started:
        wait_until(lambda: browser.get("/.gateway/logon").status == 200)
        cookie = browser.log_on(USER, PASSWORD)
        fields = (f"Host: localhost:{port}", f"Cookie: {cookie}")
        peer = Peer(shape.name, port, started.pid, headers=fields, tls=job.tls is not None)
        yield Gateway(peer, f"Cookie: {cookie}", admin, config)


_PROGRAM = [sys.executable, "-P", "-m", "gateway"]
_COMPILED = Path(__file__).parents[2] / ".compiled"


def is_compiled() -> bool:
    """Whether `make compiled` has been here."""
    return (_COMPILED / "done").exists()


def environment_of(*, compiled: bool = True) -> dict[str, str]:
    """Return the environment that the gateway runs in: what is compiled comes first, if wanted."""
    first = {"PYTHONPATH": str(_COMPILED / "lib")} if compiled and is_compiled() else {}
    return environment() | first


def run_command(config: Path) -> list[str]:
    """Return the command that runs the gateway."""
    return [*_PROGRAM, "--config", str(config), "run"]


def command(config: Path, *words: str, stdin: str = "") -> str:
    """Run a command of portvakt's; return what it printed. Raises CalledProcessError."""
    return subprocess.run(
        [*_PROGRAM, "--config", str(config), *words],
        input=stdin, text=True, check=True, stdout=subprocess.PIPE, env=environment(),
    ).stdout  # fmt: skip


def write(job: Job, shape: Shape, port: int, admin: int) -> Path:
    """Write the gateway.toml of a shape into a directory of its own; return its path."""
    place = job.place(f"portvakt-{port}")
    tls = ""
    if job.tls:
        files = {"certificate": str(job.tls.certificate), "key": str(job.tls.key)}
        tls = f"tls = {{ {_pairs(files)} }}"
    config = place / "gateway.toml"
    config.write_text(
        f"""public_url = "{"https" if job.tls else "http"}://localhost:{port}"
state_dir = "{place}/var"
[listen]
address = ["127.0.0.1:{port}"]
workers = {job.workers}
{tls}
{shape.listen}
[admin]
address = "127.0.0.1:{admin}"
[networks]
{shape.networks}
{shape.tables}
[[upstream]]
name = "portal"
url = ["http://127.0.0.1:{job.portal}"]
identity = {{ {_pairs(dict(shape.identity))} }}
{shape.upstream}
[[upstream]]
name = "echo"
url = ["http://127.0.0.1:{job.echo}"]
connections = 20000
{shape.routes}
"""
    )
    return config


def _pairs(values: dict[str, str]) -> str:
    return ", ".join(f"{key} = {json.dumps(value)}" for key, value in values.items())
