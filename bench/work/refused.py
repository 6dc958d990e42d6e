"""Requests without a session, a page load (302) and a script's (401), next to the proxied one."""

from __future__ import annotations

import contextlib
import dataclasses

from bench import upstreams, wrk
from bench.claims import Outcome
from bench.figures import ratios
from bench.options import Options
from bench.peers import portvakt
from bench.rounds import interleaved

CONNECTIONS = 32
AT_MOST = 1.0


def measure(options: Options) -> Outcome:
    """Drive one gateway as a stranger, and as somebody who is logged on."""
    outcome = Outcome(
        "refused",
        f"{CONNECTIONS} keep-alive connections, medians of {options.rounds} rounds of "
        f"{options.seconds:.0f} s",
    )
    with contextlib.ExitStack() as stack:
        job = stack.enter_context(upstreams.job())
        proxied = stack.enter_context(portvakt.running(job))
        host = f"Host: localhost:{proxied.port}"
        page = dataclasses.replace(
            proxied,
            name="page load, 302",
            status=302,
            headers=(host, "Accept: text/html", "Sec-Fetch-Mode: navigate"),
        )
        script = dataclasses.replace(
            proxied,
            name="script, 401",
            status=401,
            headers=(host, "Accept: application/json", "Sec-Fetch-Mode: cors"),
        )
        rounds = interleaved(
            [proxied, page, script],
            lambda peer: wrk.drive(peer, seconds=options.seconds, connections=CONNECTIONS),
            options.rounds,
        )
    outcome.tell(rounds)
    outcome.claim("page load refused / proxied", AT_MOST, ratios(rounds[page], rounds[proxied]))
    outcome.claim("script refused / proxied", AT_MOST, ratios(rounds[script], rounds[proxied]))
    return outcome
