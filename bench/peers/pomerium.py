"""Pomerium in front of the portal.

Untested here: its binary was on none of the machines this was written on. Pomerium logs nobody on
without an OpenID provider, so its route allows public access without authentication: what is
measured is less than what a session costs it, and the comparison is in its favour.
"""

from __future__ import annotations

import base64
import contextlib
import json
import secrets
from collections.abc import Iterator

from bench.peers import Job, Peer, program, programs
from bench.processes import free_port, listens, process, wait_until


def found() -> bool:
    """Whether its binary is on PATH."""
    return program("pomerium") is not None


@contextlib.contextmanager
def running(job: Job) -> Iterator[Peer]:
    """Run it with one public route."""
    (pomerium,) = programs("pomerium")
    port, place = free_port(), job.place("pomerium")

    def secret() -> str:
        return base64.b64encode(secrets.token_bytes(32)).decode()

    config = {
        "address": f"127.0.0.1:{port}",
        "insecure_server": True,
        "grpc_address": f"127.0.0.1:{free_port()}",
        "grpc_insecure": True,
        "shared_secret": secret(),
        "cookie_secret": secret(),
        "authenticate_service_url": "https://authenticate.example.com",
        "log_level": "error",
        "proxy_log_level": "error",
        "routes": [
            {
                "from": "http://portal.example.com",
                "to": f"http://127.0.0.1:{job.portal}",
                "allow_public_unauthenticated_access": True,
            }
        ],
    }
    file = place / "config.yaml"
    file.write_text(json.dumps(config))  # JSON is YAML
    with process([pomerium, "-config", str(file)], place / "output.log") as started:
        wait_until(lambda: listens(port))
        headers = ("Host: portal.example.com",)
        yield Peer("Pomerium, public route", port, started.pid, headers=headers)
