"""Two workers next to one: the cost of a request, memory, and the end of a session in both."""

from __future__ import annotations

import contextlib
import dataclasses
import time

from bench import upstreams, wrk
from bench.accounting import family, proportional_kib
from bench.claims import Outcome
from bench.figures import ratios
from bench.options import Options
from bench.oracle.exchange import connected
from bench.peers import portvakt
from bench.peers.browser import INSIDE, Browser
from bench.rounds import interleaved

CONNECTIONS = 32
AT_MOST = 1.05
"""No more than one, within what the measuring itself strays."""
REVOKED_S = 1.0
_LINES = 16


def measure(options: Options) -> Outcome:
    """Drive both, then end sessions on one connection and watch the others."""
    outcome = Outcome(
        "workers",
        f"{CONNECTIONS} keep-alive connections, medians of {options.rounds} rounds of "
        f"{options.seconds:.0f} s",
    )
    with contextlib.ExitStack() as stack:
        job = stack.enter_context(upstreams.job())
        pair = dataclasses.replace(job, workers=2)
        one = stack.enter_context(portvakt.running(job, portvakt.Shape(name="1 worker")))
        gateway = stack.enter_context(portvakt.logged_on(pair, portvakt.Shape(name="2 workers")))
        two = gateway.peer
        rounds = interleaved(
            [one, two],
            lambda peer: wrk.drive(peer, seconds=options.seconds, connections=CONNECTIONS),
            options.rounds,
        )
        gone = [_revocation(gateway) for _ in range(options.rounds)]
        grown = [proportional_kib(family(peer.roots)) / 1024 for peer in (one, two)]
    outcome.tell(rounds)
    outcome.claim("two workers / one, a request", AT_MOST, ratios(rounds[two], rounds[one]))
    outcome.claim("ended session is dead everywhere", REVOKED_S, gone, "s")
    outcome.notes.append(f"a second worker takes {grown[1] - grown[0]:.1f} MiB (PSS)")
    return outcome


def _revocation(gateway: portvakt.Gateway) -> float:
    """End a session on one connection; return when the last of many no longer knows it."""
    port = gateway.peer.port
    browser = Browser(port)
    cookie = browser.log_on(portvakt.USER, portvakt.PASSWORD)
    name, _, value = cookie.partition("=")
    with contextlib.ExitStack() as stack:
        # The kernel deals connections out: among so many there are some of each worker.
        lines = [stack.enter_context(connected(port)) for _ in range(_LINES)]
        for line in lines:
            if line.get("/", INSIDE, {name: value}).status != 200:
                raise RuntimeError("a worker did not know a new session")
        browser.log_off(cookie)
        ended = time.perf_counter()
        for line in lines:
            while line.get("/", INSIDE, {name: value}).status == 200:
                pass
        return time.perf_counter() - ended
