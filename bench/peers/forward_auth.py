"""nginx that asks before each request (auth_request): Portvakt's verify, or another's.

Both programs count. What is asked gets the fields that it is documented to want.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator

from bench.peers import Job, Peer, nginx, portvakt
from bench.peers.browser import INSIDE
from bench.processes import free_port

_SERVER = """
upstream portal {{ server 127.0.0.1:{portal}; keepalive 64; keepalive_requests 100000000; }}
upstream asked {{ server 127.0.0.1:{asked}; keepalive 64; keepalive_requests 100000000; }}
server {{
    listen 127.0.0.1:{port};
    proxy_http_version 1.1;
    location = /_verify {{
        internal; proxy_pass http://asked{path};
        proxy_pass_request_body off; proxy_set_header Content-Length "";
        proxy_set_header Connection ""; {question}
    }}
    location / {{
        auth_request /_verify; {answer}
        proxy_pass http://portal; proxy_set_header Connection "";
    }}
}}
"""


@dataclasses.dataclass(frozen=True)
class Question:
    """Where nginx asks, what it sends besides the client's fields, what it takes of the answer."""

    asked: int
    path: str
    fields: tuple[tuple[str, str], ...] = ()
    takes: tuple[str, ...] = ()


def found() -> bool:
    """Whether nginx is there."""
    return nginx.found()


@contextlib.contextmanager
def running(job: Job) -> Iterator[Peer]:
    """Run nginx and Portvakt beside it, with somebody logged on."""
    port = free_port()
    shape = portvakt.Shape(listen='trusted_proxies = ["127.0.0.1"]')
    with portvakt.logged_on(job, shape) as gateway:
        # The session's Host is the gateway's: the question is about its public URL.
        question = Question(
            gateway.peer.port,
            "/.gateway/verify",
            (
                ("Host", f"localhost:{gateway.peer.port}"),
                ("X-Original-URL", f"{gateway.origin}$request_uri"),
                ("X-Forwarded-Method", "$request_method"),
                ("X-Forwarded-For", INSIDE),
            ),
            ("X-Remote-User", "X-Remote-Name", "X-Remote-Email", "X-Remote-Groups",
             "X-Gateway-Assertion"),
        )  # fmt: skip
        with asking(job, "nginx auth_request", port, question) as pid:
            yield Peer("nginx auth_request", port, pid, (gateway.peer.pid,), (gateway.cookie,))


@contextlib.contextmanager
def asking(job: Job, name: str, port: int, question: Question) -> Iterator[int]:
    """Run nginx with a question before each request; yield its process."""
    names = [(field, f"$answer_{field.lower().replace('-', '_')}") for field in question.takes]
    taken = " ".join(
        f"auth_request_set {variable} $upstream_http_{field.lower().replace('-', '_')}; "
        f"proxy_set_header {field} {variable};"
        for field, variable in names
    )
    body = _SERVER.format(
        portal=job.portal, asked=question.asked, port=port, path=question.path, answer=taken,
        question=" ".join(f'proxy_set_header {key} "{value}";' for key, value in question.fields),
    )  # fmt: skip
    with nginx.served(job.place(name.replace(" ", "-")), port, body, job.workers) as pid:
        yield pid
