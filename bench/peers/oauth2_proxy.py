"""oauth2-proxy in front of the portal, with a session of its cookie store.

Untested here: its binary was on none of the machines this was written on. It needs no provider
to answer while a session is fresh, so the cookie is made as it makes them: a logon by its own
form (an htpasswd file), which needs no browser.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import secrets
from collections.abc import Iterator
from urllib.parse import urlencode

from bench.peers import Job, Peer, program, programs
from bench.peers.portvakt import PASSWORD, USER
from bench.processes import free_port, listens, process, wait_until

_COOKIE = "_oauth2_proxy"


def found() -> bool:
    """Whether its binary is on PATH."""
    return program("oauth2-proxy") is not None


@contextlib.contextmanager
def running(job: Job) -> Iterator[Peer]:
    """Run it and log on by its form."""
    (oauth2_proxy,) = programs("oauth2-proxy")
    port, place = free_port(), job.place("oauth2-proxy")
    people = place / "htpasswd"
    digest = base64.b64encode(hashlib.sha1(PASSWORD.encode()).digest()).decode()
    people.write_text(f"{USER}:{{SHA}}{digest}\n")
    command = [
        oauth2_proxy, f"--http-address=127.0.0.1:{port}", f"--upstream=http://127.0.0.1:{job.portal}/",
        "--provider=github", "--client-id=bench", "--client-secret=bench", "--email-domain=*",
        f"--cookie-secret={secrets.token_hex(16)}", "--cookie-secure=false",
        f"--htpasswd-file={people}", "--request-logging=false", "--auth-logging=false",
        "--standard-logging=false", "--pass-user-headers=true",
    ]  # fmt: skip
    with process(command, place / "output.log") as started:
        wait_until(lambda: listens(port))
        yield Peer("oauth2-proxy", port, started.pid, headers=(f"Cookie: {_log_on(port)}",))


def _log_on(port: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    form = urlencode({"username": USER, "password": PASSWORD, "rd": "/"})
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    with contextlib.closing(connection):
        connection.request("POST", "/oauth2/sign_in", form, kind)
        answer = connection.getresponse()
        cookies = answer.headers.get_all("Set-Cookie") or []
    found = [one.partition(";")[0] for one in cookies if one.startswith(f"{_COOKIE}=")]
    if not found:
        raise RuntimeError(f"oauth2-proxy: the logon was refused: {answer.status}")
    return found[0]
