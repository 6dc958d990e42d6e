"""nginx with proxy_pass and no authentication: the limit.

Streams bodies (nothing is written to disk), keeps connections to the upstream, and sets the
fields of the job. `buffers` gives it larger buffers than it comes with.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from bench.peers import Job, Peer, program, programs
from bench.processes import free_port, listens, process, wait_until

_MAIN = """
worker_processes {workers}; daemon off; pid {place}/nginx.pid; error_log {place}/error.log;
worker_rlimit_nofile 20000;
events {{ worker_connections 40000; }}
http {{
    access_log off; keepalive_requests 100000000; client_max_body_size 0;
    client_body_temp_path {place}/b; proxy_temp_path {place}/p;
    fastcgi_temp_path {place}/f; uwsgi_temp_path {place}/u; scgi_temp_path {place}/s;
    {body}
}}
"""
_PROXY = """
upstream portal {{ server 127.0.0.1:{portal}; keepalive 64; keepalive_requests 100000000; }}
upstream echo {{ server 127.0.0.1:{echo}; keepalive 64; keepalive_requests 100000000; }}
server {{
    listen 127.0.0.1:{port} {tls};
    proxy_http_version 1.1; proxy_request_buffering off; proxy_max_temp_file_size 0;
    {more}
    location / {{ proxy_pass http://portal; proxy_set_header Connection ""; {sets} }}
    location /sink {{ proxy_pass http://echo; proxy_set_header Connection ""; }}
    location /echo {{
        proxy_pass http://echo; proxy_set_header Upgrade websocket;
        proxy_set_header Connection upgrade; proxy_read_timeout 600s;
    }}
}}
"""


def found() -> bool:
    """Whether nginx is there."""
    return program("nginx") is not None


@contextlib.contextmanager
def running(job: Job, name: str = "nginx proxy_pass", more: str = "") -> Iterator[Peer]:
    """Run it; `more` are further directives of the server."""
    port = free_port()
    tls = ""
    if job.tls:
        tls, more = (
            "ssl",
            (f"{more} ssl_certificate {job.tls.certificate}; ssl_certificate_key {job.tls.key};"),
        )
    body = _PROXY.format(
        portal=job.portal, echo=job.echo, port=port, tls=tls, more=more,
        sets=" ".join(f'proxy_set_header {key} "{value}";' for key, value in job.sets),
    )  # fmt: skip
    with served(job.place(name.replace(" ", "-")), port, body, job.workers) as pid:
        yield Peer(name, port, pid, tls=job.tls is not None)


@contextlib.contextmanager
def served(place: Path, port: int, body: str, workers: int = 1) -> Iterator[int]:
    """Run nginx with `body` in its http block; yield its process once it listens."""
    (nginx,) = programs("nginx")
    file = place / "nginx.conf"
    file.write_text(_MAIN.format(place=place, body=body, workers=workers))
    command = [nginx, "-c", str(file), "-e", str(place / "start.log")]
    with process(command, place / "output.log") as started:
        wait_until(lambda: listens(port))
        yield started.pid
