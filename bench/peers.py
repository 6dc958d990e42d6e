"""What is measured: the fast upstream, nginx in front of it, and the gateway in front of it."""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

from bench.processes import free_port, listens, process, wait_until

PASSWORD = "Xk7vQm2pTz"
INSIDE = "127.0.0.2"
"""Where the one who is logged on is, says the proxy where one is trusted."""
_NGINX = """
worker_processes 1; daemon off; pid {directory}/{name}.pid; error_log {directory}/{name}.err;
events {{ worker_connections 1024; }}
http {{
    access_log off; keepalive_requests 100000000;
    client_body_temp_path {directory}/b; proxy_temp_path {directory}/p;
    fastcgi_temp_path {directory}/f; uwsgi_temp_path {directory}/u; scgi_temp_path {directory}/s;
    {body}
}}
"""


@dataclasses.dataclass(frozen=True)
class Peer:
    """Something that stands in front of the upstream. `pid` is the root of its processes."""

    name: str
    port: int
    pid: int
    headers: tuple[str, ...] = ()
    path: str = "/"


def missing() -> list[str]:
    """Return the programs that the bench needs and this machine lacks."""
    return [name for name in ("nginx", "wrk") if shutil.which(name) is None]


@contextlib.contextmanager
def upstream(directory: Path) -> Iterator[int]:
    """Run an upstream that answers 1 KiB from memory; yield its port."""
    port = free_port()
    body = (
        f"server {{ listen 127.0.0.1:{port}; location / "
        f'{{ default_type text/plain; return 200 "{"x" * 1024}"; }} }}'
    )
    with _nginx(directory, "upstream", port, body):
        yield port


@contextlib.contextmanager
def nginx(directory: Path, upstream_port: int) -> Iterator[Peer]:
    """Run nginx with proxy_pass and no authentication: the limit."""
    port = free_port()
    body = (
        f"upstream u {{ server 127.0.0.1:{upstream_port}; keepalive 64; "
        "keepalive_requests 100000000; } "
        f"server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://u; "
        'proxy_http_version 1.1; proxy_set_header Connection ""; } }'
    )
    with _nginx(directory, "nginx", port, body) as pid:
        yield Peer("nginx proxy_pass", port, pid)


@contextlib.contextmanager
def gateway(directory: Path, upstream_port: int, *, assertion: bool = True) -> Iterator[Peer]:
    """Run the gateway, one worker, and log somebody on."""
    place, more = directory / f"gateway-{assertion}", f"assertion = {str(assertion).lower()}"
    with _portvakt(place, upstream_port, upstream=more) as (pid, port, fields):
        name = "portvakt, logged on" if assertion else "  without assertion"
        yield Peer(name, port, pid, fields)


@contextlib.contextmanager
def asked(directory: Path, upstream_port: int) -> Iterator[Peer]:
    """Run a gateway that a proxy asks about the same request (forward-auth)."""
    more = 'trusted_proxies = ["127.0.0.1"]'
    with _portvakt(directory / "asked", upstream_port, listen=more) as (pid, port, fields):
        question = (
            f"X-Original-URL: http://localhost:{port}/",
            "X-Forwarded-Method: GET",
            f"X-Forwarded-For: {INSIDE}",
        )
        yield Peer("  asked by a proxy", port, pid, fields + question, "/.gateway/verify")


@contextlib.contextmanager
def _portvakt(
    directory: Path, upstream_port: int, *, listen: str = "", upstream: str = ""
) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Run one; yield its process, its port and the fields of somebody who is logged on."""
    directory.mkdir()
    port, admin = free_port(), free_port()
    config = directory / "gateway.toml"
    config.write_text(
        f"""public_url = "http://localhost:{port}"
state_dir = "{directory}/var"
[listen]
address = ["127.0.0.1:{port}"]
{listen}
[admin]
address = "127.0.0.1:{admin}"
[networks]
corporate = ["127.0.0.0/8"]
[[upstream]]
name = "portal"
url = ["http://127.0.0.1:{upstream_port}"]
{upstream}
identity = {{ X-Remote-User = "{{user}}", X-Remote-Name = "{{name}}", \
X-Remote-Email = "{{email}}", X-Remote-Groups = "{{groups}}" }}
[[route]]
path = "/"
upstream = "portal"
"""
    )
    portvakt = [sys.executable, "-m", "gateway", "--config", str(config)]
    add = [*portvakt, "user", "add", "anna", "--name", "Anna Andersson", "--group", "staff"]
    subprocess.run(
        [*add, "--email", "anna@example.com", "--password-stdin"],
        input=PASSWORD + "\n", text=True, check=True, capture_output=True,
    )  # fmt: skip
    with process([*portvakt, "run"], directory / "gateway.log") as running:
        wait_until(lambda: _get(port, "/.gateway/logon")[0] == 200)
        cookie = _log_on(port)
        yield running.pid, port, (f"Host: localhost:{port}", f"Cookie: {cookie}")


@contextlib.contextmanager
def _nginx(directory: Path, name: str, port: int, body: str) -> Iterator[int]:
    file = directory / f"{name}.conf"
    file.write_text(_NGINX.format(directory=directory, name=name, body=body))
    directory.chmod(0o755)
    command = ["nginx", "-c", str(file), "-e", str(directory / f"{name}.start")]
    with process(command, directory / f"{name}.log") as running:
        wait_until(lambda: listens(port))
        yield running.pid


def _get(port: int, path: str, **headers: str) -> tuple[int, http.client.HTTPMessage, str]:
    return _ask(port, "GET", path, None, headers)


def _ask(
    port: int, method: str, path: str, body: str | None, headers: dict[str, str]
) -> tuple[int, http.client.HTTPMessage, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        page = {"Host": f"localhost:{port}", "Accept": "text/html", "X-Forwarded-For": INSIDE}
        page |= headers
        connection.request(method, path, body, page)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()


def _log_on(port: int) -> str:
    """Log on by the form, as a browser does; return the session's Cookie field."""
    _, fields, text = _get(port, "/.gateway/logon")
    form = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text))
    mark = (fields["Set-Cookie"] or "").partition(";")[0]
    form |= {"username": "anna", "password": PASSWORD}
    kind = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": mark}
    status, fields, text = _ask(port, "POST", "/.gateway/logon", urlencode(form), kind)
    if status != http.HTTPStatus.SEE_OTHER:
        raise RuntimeError(f"the logon of the bench failed: {status}")
    cookies = fields.get_all("Set-Cookie") or []
    return next(c for c in cookies if c.startswith("gateway=")).partition(";")[0]
