"""The recipes of `deploy/` for proxies before and behind Portvakt: run as they stand, ports apart."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.requirements import part_file
from tests.system.certificates import Issued
from tests.system.proxies import COMMANDS, DEPLOY, NGINX_BEFORE, running_server

SITE = "one.example.se"
_NGINX_STREAM = """
load_module {module}; worker_processes 1; daemon off; pid {directory}/nginx.pid;
error_log {directory}/error.log; events {{ worker_connections 1024; }}
"""
_CADDY = "admin off\n\tpersist_config off\n\tauto_https disable_redirects\n"


@dataclass(frozen=True)
class Way:
    """Ports of this run: where the proxy listens, where it connects to, who says that it is ready.

    `behind` is what the file calls 9080 (the portal's own server), `asks` 8080 or 8443.
    """

    public: int
    asks: int = 0
    admin: int = 0
    plain: int = 0
    behind: int = 0
    issued: Issued | None = None


def inline_file(server: str, kind: str) -> Path:
    """Return the file of a server for "inline", "passthrough" or "behind"."""
    ending = {"nginx": ".conf", "haproxy": ".cfg", "caddy": ".Caddyfile", "envoy": ".yaml"}[server]
    return DEPLOY / server / f"{kind}{ending}"


@contextlib.contextmanager
def running(
    server: str, kind: str, directory: Path, way: Way, *mistakes: tuple[str, str]
) -> Iterator[None]:
    """Run a recipe; each of `mistakes` is what stands in the file, and what somebody made of it."""
    directory.mkdir(mode=0o755)
    text = inline_file(server, kind).read_text("utf-8")
    for old, new in mistakes:
        assert old in text, f"{server}/{kind} holds no {old}"
        text = text.replace(old, new)
    text = _with_ports(_with_keys(text, way, directory), server, kind, way, directory)
    file = directory / inline_file(server, kind).name
    file.write_text(_framed(text, server, kind, directory))
    with running_server(server, COMMANDS[server](file), directory, way.public):
        yield


def _with_keys(text: str, way: Way, directory: Path) -> str:
    """Put this run's certificate in the place of the one that the file names."""
    if way.issued is None:
        return text
    both = directory / "both.pem"
    both.write_bytes(way.issued.certificate.read_bytes() + way.issued.key.read_bytes())
    text = text.replace(f"/etc/haproxy/{SITE}.pem", str(both))
    text = text.replace(f"/etc/ssl/portvakt/{SITE}.crt", str(way.issued.certificate))
    return text.replace(f"/etc/ssl/portvakt/{SITE}.key", str(way.issued.key))


def _with_ports(text: str, server: str, kind: str, way: Way, directory: Path) -> str:
    """Put this run's ports in the place of those that the file names, on loopback only."""
    here = f"127.0.0.1:{way.public}"
    swaps = [
        ("listen 443", f"listen {here}"), ("listen 80;", f"listen 127.0.0.1:{way.plain};"),
        ("bind :443", f"bind {here}"), ("bind :80\n", f"bind 127.0.0.1:{way.plain}\n"),
        (f"https://{SITE} {{", f"https://localhost:{way.public} {{"),
        ("address: 0.0.0.0, port_value: 443", f"address: 127.0.0.1, port_value: {way.public}"),
        ("listen 127.0.0.1:9000;", f"listen {here};"), ("bind 127.0.0.1:9000", f"bind {here}"),
        ("http://:9000", f"http://:{way.public}"), ("port_value: 9000", f"port_value: {way.public}"),
        (f"server_name {SITE};", "server_name localhost;"),
        ("/var/log/nginx/portal.log", str(directory / "portal.log")),
        ("port 8081", f"port {way.admin}"),
    ]  # fmt: skip
    swaps += [
        (f"{before}{port}", f"{before}{number}")
        for port, number in (("8080", way.asks), ("8443", way.asks), ("9080", way.behind))
        for before in ("127.0.0.1:", "port_value: ")
    ]
    body = "\n".join(line for line in text.split("\n") if not line.startswith("#"))
    for old, new in swaps:
        body = body.replace(old, new)
    assert str(way.public) in body, f"{server}/{kind} listens nowhere"
    assert str(way.asks or way.behind) in body, f"{server}/{kind} leads nowhere"
    return body


def _framed(text: str, server: str, kind: str, directory: Path) -> str:
    """Return a whole configuration of a server: what stands around the file where it is used."""
    if server == "nginx" and kind == "passthrough":
        module = part_file("libnginx-mod-stream")
        return _NGINX_STREAM.format(module=module, directory=directory) + text
    if server == "nginx":
        return NGINX_BEFORE.format(directory=directory) + text + "}\n"
    if server == "caddy":
        if "\tservers {" in text:  # the file has global options of its own
            return text.replace("\tservers {", f"\t{_CADDY}\tservers {{", 1)
        return f"{{\n\t{_CADDY}\tdefault_bind 127.0.0.1\n}}\n{text}"
    return text
