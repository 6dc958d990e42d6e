"""The same with a browser's real fields: 14 of them, two cookies, and what the upstream is told.

Each request is for another path. Once 32 field sections come in turn, as a browser repeats its own
on a connection, and once 5000 that differ in Referer and Cookie, more than Portvakt remembers, as
many people at once send them. nginx, Envoy and Caddy set the same fields: five of identity, one as
long as the assertion, and the forwarded ones.
"""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path

from bench import upstreams, wrk
from bench.claims import Outcome
from bench.figures import Load, ratios
from bench.options import Options
from bench.peers import Job, Peer, caddy, envoy, nginx, portvakt
from bench.rounds import interleaved

CONNECTIONS = 32
AT_MOST = 2.6
ALIKE, UNLIKE = 32, 5000
ASSERTION_BYTES = 620
"""About as long as ours: a header, 13 claims, an ES256 signature."""
_BROWSER = (
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "Accept-Language: sv-SE,sv;q=0.8,en-US;q=0.5,en;q=0.3",
    "Accept-Encoding: gzip, deflate, br, zstd",
    "Connection: keep-alive",
    "Upgrade-Insecure-Requests: 1",
    "Sec-Fetch-Dest: document",
    "Sec-Fetch-Mode: navigate",
    "Sec-Fetch-Site: same-origin",
    "Sec-Fetch-User: ?1",
    "Priority: u=0, i",
)
"""With Host, Referer and Cookie they are 14."""
_OTHER_COOKIE = "JSESSIONID=node01x2c9d7r0v0h1k5m3t8q6w4z7.node0"
_IDENTITY = (*portvakt.IDENTITY.items(), ("X-Remote-Id", "{user}"))
SETS = (
    ("X-Remote-User", "anna"),
    ("X-Remote-Name", "Anna Andersson"),
    ("X-Remote-Email", "anna@example.com"),
    ("X-Remote-Groups", "staff"),
    ("X-Remote-Id", "anna"),
    ("X-Gateway-Assertion", "e" * ASSERTION_BYTES),
    ("X-Forwarded-For", "$remote_addr"),
    ("X-Forwarded-Proto", "$scheme"),
    ("X-Forwarded-Host", "$http_host"),
    ("X-Request-Id", "$request_id"),
    ("Host", "$http_host"),
)


def measure(options: Options) -> Outcome:
    """Drive nginx, Envoy, Caddy and Portvakt with the same requests."""
    outcome = Outcome(
        "headers",
        f"14 fields of a browser, two cookies, 5 identity fields and an assertion; {CONNECTIONS} "
        f"keep-alive connections, medians of {options.rounds} rounds of {options.seconds:.0f} s",
    )
    with contextlib.ExitStack() as stack:
        job = stack.enter_context(upstreams.job(sets=SETS))
        limit = stack.enter_context(nginx.running(job, "nginx, same fields set"))
        ours = stack.enter_context(portvakt.running(job, portvakt.Shape(identity=_IDENTITY)))
        unlike = dataclasses.replace(ours, name="  all fields new")
        others = [one for one in (envoy, caddy) if one.found()]
        peers = [limit, ours, unlike, *(stack.enter_context(one.running(job)) for one in others)]
        scripts = {peer: script(job, peer, ALIKE) for peer in peers}
        scripts[unlike] = script(job, unlike, UNLIKE)

        def drive(peer: Peer) -> Load:
            return wrk.drive(
                peer, seconds=options.seconds, connections=CONNECTIONS, script=scripts[peer]
            )

        rounds = interleaved(peers, drive, options.rounds)
    outcome.tell(rounds)
    repeated, new = ratios(rounds[ours], rounds[limit]), ratios(rounds[unlike], rounds[limit])
    outcome.claim(f"browser's GET / {limit.name}", AT_MOST, repeated)
    outcome.claim(f"browser's GET, all fields new / {limit.name}", AT_MOST, new)
    return outcome


def script(job: Job, peer: Peer, sections: int) -> Path:
    """Write requests with so many field sections, each for a path of its own."""
    cookies = [one.removeprefix("Cookie: ") for one in peer.headers if one.startswith("Cookie")]
    session = cookies[0] if cookies else f"gateway={'e' * 43}"
    host = f"localhost:{peer.port}"
    heads = [
        "\r\n".join(
            [
                f"GET /portal/pages/{number}/view?tab={number % 7} HTTP/1.1",
                f"Host: {host}",
                *_BROWSER,
                f"Referer: http://{host}/portal/pages/{number % sections}/view",
                f"Cookie: {_OTHER_COOKIE}{number % sections:04}; {session}",
                "",
                "",
            ]
        )
        for number in range(UNLIKE)
    ]
    return wrk.in_turn(job.directory / f"requests-{peer.port}-{sections}.txt", heads)
