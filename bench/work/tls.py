"""TLS with a P-256 certificate: keep-alive requests, and full handshakes with one request each."""

from __future__ import annotations

import contextlib
import dataclasses

from bench import clients, upstreams, wrk
from bench.claims import Outcome
from bench.figures import ratios
from bench.options import Options
from bench.peers import nginx, portvakt
from bench.rounds import interleaved

CONNECTIONS = 32


def measure(options: Options) -> Outcome:
    """Drive nginx and Portvakt, both with TLS."""
    outcome = Outcome(
        "tls",
        f"1 KiB answers over TLS, {CONNECTIONS} keep-alive connections, then a connection a "
        f"request, medians of {options.rounds} rounds of {options.seconds:.0f} s",
    )
    with contextlib.ExitStack() as stack:
        job = stack.enter_context(upstreams.job(tls=True))
        limit = stack.enter_context(nginx.running(job, "nginx TLS"))
        ours = stack.enter_context(portvakt.running(job, portvakt.Shape(name="portvakt TLS")))
        kept = interleaved(
            [limit, ours],
            lambda peer: wrk.drive(peer, seconds=options.seconds, connections=CONNECTIONS),
            options.rounds,
        )
        certificate = str(job.tls.certificate) if job.tls else ""
        full = interleaved(
            [limit, ours],
            lambda peer: clients.load(
                "handshakes", peer, certificate=certificate, seconds=options.seconds
            ),
            options.rounds,
        )
    outcome.tell(kept)
    outcome.tell({dataclasses.replace(p, name=f"{p.name}, handshakes"): r for p, r in full.items()})
    outcome.claim("TLS, keep-alive / nginx TLS", 2.5, ratios(kept[ours], kept[limit]))
    outcome.claim("full handshake and GET / nginx TLS", 1.5, ratios(full[ours], full[limit]))
    return outcome
