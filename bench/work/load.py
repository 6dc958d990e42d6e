"""A warm session, 1 KiB GET, 32 keep-alive connections: every peer that is found."""

from __future__ import annotations

import contextlib
from types import ModuleType

from bench import upstreams, wrk
from bench.claims import Outcome
from bench.figures import Load, ratios
from bench.options import Options
from bench.peers import (
    Peer,
    authelia,
    caddy,
    envoy,
    forward_auth,
    nginx,
    oauth2_proxy,
    pomerium,
    portvakt,
)
from bench.rounds import interleaved

CONNECTIONS = 32
_PEERS = (nginx, portvakt, envoy, caddy, forward_auth, oauth2_proxy, authelia, pomerium)
BOUNDS = ((nginx, 2.2), (envoy, 0.75), (caddy, 0.4))
COMPILED_BOUND = 0.95
"""What compiling must save, or it does not pay for its build."""
_AS_PYTHON = portvakt.Shape(name="portvakt, as Python", compiled=False)


def measure(options: Options) -> Outcome:
    """Drive every peer."""
    outcome = Outcome(
        "load",
        f"1 KiB answers, {CONNECTIONS} keep-alive connections, one worker each, medians of "
        f"{options.rounds} rounds of {options.seconds:.0f} s",
    )
    with contextlib.ExitStack() as stack:
        job = stack.enter_context(upstreams.job())
        peers: dict[ModuleType, Peer] = {}
        for one in _PEERS:
            if one.found():
                peers[one] = stack.enter_context(one.running(job))
            else:
                outcome.notes.append(f"not on this machine: {one.__name__.rpartition('.')[2]}")
        uncompiled = None
        if portvakt.is_compiled():
            uncompiled = stack.enter_context(portvakt.running(job, _AS_PYTHON))
        else:
            outcome.notes.append("not compiled here (make compiled)")
        every = [*peers.values(), *([uncompiled] if uncompiled else [])]
        rounds = interleaved(every, lambda peer: _drive(peer, options), options.rounds)
    outcome.tell(rounds)
    ours = rounds[peers[portvakt]]
    for other, bound in BOUNDS:
        if other in peers:
            name = peers[other].name
            outcome.claim(f"warm GET / {name}", bound, ratios(ours, rounds[peers[other]]))
    if uncompiled:
        outcome.claim("compiled / as Python", COMPILED_BOUND, ratios(ours, rounds[uncompiled]))
    return outcome


def _drive(peer: Peer, options: Options) -> Load:
    return wrk.drive(peer, seconds=options.seconds, connections=CONNECTIONS)
