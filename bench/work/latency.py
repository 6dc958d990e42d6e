"""What a proxy adds to the time of one request after the other on one connection."""

from __future__ import annotations

import contextlib

from bench import upstreams, wrk
from bench.claims import Outcome
from bench.figures import Round
from bench.options import Options
from bench.peers import Peer, nginx, portvakt
from bench.rounds import interleaved

AT_MOST = 2.5
NOBODY = -1
"""No process counts: the upstream's time is not a proxy's."""


def measure(options: Options) -> Outcome:
    """Drive the upstream itself, nginx in front of it, and Portvakt in front of it."""
    outcome = Outcome(
        "latency",
        f"one keep-alive connection, medians of {options.rounds} rounds of {options.seconds:.0f} s",
    )
    with contextlib.ExitStack() as stack:
        job = stack.enter_context(upstreams.job())
        limit = stack.enter_context(nginx.running(job))
        ours = stack.enter_context(portvakt.running(job))
        direct = Peer("direct", job.portal, NOBODY)
        rounds = interleaved(
            [direct, limit, ours],
            lambda peer: wrk.drive(peer, seconds=options.seconds, connections=1),
            options.rounds,
        )
    outcome.tell(rounds)
    added = {
        "added at p50 / nginx": _added(rounds[ours], rounds[limit], rounds[direct], "p50_us"),
        "added at p99 / nginx": _added(rounds[ours], rounds[limit], rounds[direct], "p99_us"),
    }
    for what, found in added.items():
        if found:
            outcome.claim(what, AT_MOST, found)
        else:
            outcome.notes.append(f"{what}: nginx added nothing in any round; the machine is noisy")
    return outcome


def _added(
    ours: list[Round], limit: list[Round], direct: list[Round], percentile: str
) -> list[float]:
    """Return the ratios of what is added, of the rounds in which nginx added anything."""
    found = []
    for mine, other, bare in zip(ours, limit, direct, strict=True):
        mine_us, other_us, bare_us = (getattr(one.load, percentile) for one in (mine, other, bare))
        if other_us > bare_us:
            found.append((mine_us - bare_us) / (other_us - bare_us))
    return found
