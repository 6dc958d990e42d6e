"""`verify`, what another proxy asks before each request, next to the proxied request itself."""

from __future__ import annotations

import contextlib
import dataclasses

from bench import upstreams, wrk
from bench.claims import Outcome
from bench.figures import ratios
from bench.options import Options
from bench.peers import Peer, portvakt
from bench.peers.browser import INSIDE
from bench.rounds import interleaved

CONNECTIONS = 32
TRUSTING = portvakt.Shape(listen='trusted_proxies = ["127.0.0.1"]')


def measure(options: Options) -> Outcome:
    """Ask one gateway about a request, and send it the request."""
    outcome = Outcome(
        "verify",
        f"the same GET asked about and sent, {CONNECTIONS} keep-alive connections, medians of "
        f"{options.rounds} rounds of {options.seconds:.0f} s",
    )
    with contextlib.ExitStack() as stack:
        job = stack.enter_context(upstreams.job())
        gateway = stack.enter_context(portvakt.logged_on(job, TRUSTING))
        proxied = stack.enter_context(portvakt.running(job))
        question = asked(gateway)
        rounds = interleaved(
            [question, proxied],
            lambda peer: wrk.drive(peer, seconds=options.seconds, connections=CONNECTIONS),
            options.rounds,
        )
    outcome.tell(rounds)
    outcome.claim("verify / proxied request", 0.6, ratios(rounds[question], rounds[proxied]))
    return outcome


def asked(gateway: portvakt.Gateway) -> Peer:
    """Return a gateway of TRUSTING as a proxy sees it that asks about a request."""
    return dataclasses.replace(
        gateway.peer,
        name="asked (verify)",
        path="/.gateway/verify",
        headers=(
            *gateway.peer.headers,
            f"X-Original-URL: {gateway.origin}/",
            "X-Forwarded-Method: GET",
            f"X-Forwarded-For: {INSIDE}",
        ),
    )
