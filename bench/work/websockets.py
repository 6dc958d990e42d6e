"""WebSockets that echo: 1 000 connections, messages of 100 bytes."""

from __future__ import annotations

import contextlib

from bench import clients, upstreams
from bench.accounting import Meter, family, proportional_kib
from bench.claims import Outcome
from bench.figures import Load, Round, ratios
from bench.options import Options
from bench.peers import Peer, nginx, portvakt
from bench.rounds import in_turn

CONNECTIONS = 1000
SIZE = 100
AT_MOST = 2.0


def measure(options: Options) -> Outcome:
    """Echo through nginx and Portvakt."""
    outcome = Outcome(
        "websockets",
        f"{CONNECTIONS} WebSockets, messages of {SIZE} bytes that come back, medians of "
        f"{options.rounds} rounds of {options.seconds:.0f} s",
        work="message",
    )
    with contextlib.ExitStack() as stack:
        job = stack.enter_context(upstreams.job())
        limit = stack.enter_context(nginx.running(job))
        gateway = stack.enter_context(portvakt.logged_on(job, portvakt.Shape()))
        origin = (f"Origin: {gateway.origin}",)
        ours = gateway.peer
        rounds = in_turn([limit, ours], lambda peer: _echo(peer, origin, options), options.rounds)
    outcome.tell(rounds)
    outcome.claim("WebSocket message / nginx", AT_MOST, ratios(rounds[ours], rounds[limit]))
    return outcome


def _echo(peer: Peer, more: tuple[str, ...], options: Options) -> Round:
    """Open all sockets, then count. Raises RuntimeError when one never got an echo."""
    with (
        clients.ready(
            "echoes", peer, connections=CONNECTIONS, size=SIZE, seconds=options.seconds, more=more
        ) as told,
        Meter(peer.roots) as meter,
    ):
        told.go()
        load = Load(**told.answer())
        held = proportional_kib(family(peer.roots))
    if load.bad:
        raise RuntimeError(f"{peer.name}: {load.bad} WebSockets never got an echo")
    return Round(load, meter.seconds, held)
