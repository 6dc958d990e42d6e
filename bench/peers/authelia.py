"""Authelia behind nginx (auth_request), with a session in its memory.

Untested here: its binary was on none of the machines this was written on. The configuration is
that of its documentation for nginx, with a file of users and a file database; one factor is enough
for the portal. Authelia wants https in its cookie's URL, so the question says so.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

from bench.peers import Job, Peer, program, programs
from bench.peers.forward_auth import Question, asking
from bench.peers.portvakt import PASSWORD, USER
from bench.processes import free_port, listens, process, wait_until

_DOMAIN = "portal.example.com"
_CONFIG = """
theme: light
server:
  address: tcp://127.0.0.1:{port}/
  endpoints:
    authz:
      auth-request: {{implementation: AuthRequest}}
log: {{level: error}}
identity_validation: {{reset_password: {{jwt_secret: {secret}}}}}
authentication_backend:
  file: {{path: {place}/users.yml}}
access_control: {{default_policy: one_factor}}
session:
  secret: {secret}
  cookies:
    - domain: example.com
      authelia_url: https://auth.example.com
storage:
  encryption_key: {secret}
  local: {{path: {place}/db.sqlite3}}
notifier:
  filesystem: {{filename: {place}/notices.txt}}
"""


def found() -> bool:
    """Whether its binary and nginx are on PATH."""
    return program("authelia") is not None and program("nginx") is not None


@contextlib.contextmanager
def running(job: Job) -> Iterator[Peer]:
    """Run both and log on by Authelia's own interface for its form."""
    (authelia,) = programs("authelia")
    asked, port, place = free_port(), free_port(), job.place("authelia")
    secret = secrets.token_hex(32)
    file = place / "configuration.yml"
    file.write_text(_CONFIG.format(port=asked, place=place, secret=secret))
    _write_people(authelia, place)
    question = Question(
        asked,
        "/api/authz/auth-request",
        (
            ("X-Original-Method", "$request_method"),
            ("X-Original-URL", f"https://{_DOMAIN}$request_uri"),
            ("X-Forwarded-For", "$remote_addr"),
        ),
        ("Remote-User", "Remote-Groups", "Remote-Name", "Remote-Email"),
    )
    with process([authelia, "--config", str(file)], place / "output.log") as started:
        wait_until(lambda: listens(asked))
        cookie = _log_on(asked)
        with asking(job, "Authelia behind nginx", port, question) as pid:
            yield Peer("Authelia behind nginx", port, pid, (started.pid,), (f"Cookie: {cookie}",))


def _write_people(authelia: str, place: Path) -> None:
    command = [authelia, "crypto", "hash", "generate", "argon2", "--password", PASSWORD]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    digest = done.stdout.strip().removeprefix("Digest: ")
    person = {"displayname": "Anna", "password": digest, "email": "anna@example.com", "groups": []}
    (place / "users.yml").write_text(json.dumps({"users": {USER: person}}))  # JSON is YAML


def _log_on(port: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    form = {"username": USER, "password": PASSWORD, "keepMeLoggedIn": False}
    fields = {
        "Content-Type": "application/json",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "auth.example.com",
        "X-Forwarded-URI": "/api/firstfactor",
        "X-Forwarded-For": "127.0.0.1",
    }
    with contextlib.closing(connection):
        connection.request("POST", "/api/firstfactor", json.dumps(form), fields)
        answer = connection.getresponse()
        cookie = (answer.headers["Set-Cookie"] or "").partition(";")[0]
    if not cookie:
        raise RuntimeError(f"Authelia: the logon was refused: {answer.status}")
    return cookie
