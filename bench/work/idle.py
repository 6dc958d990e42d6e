"""What an open connection costs that does nothing: 10 000 keep-alive ones, 10 000 WebSockets."""

from __future__ import annotations

import contextlib
import resource

from bench import clients, upstreams
from bench.accounting import family, proportional_kib
from bench.claims import Outcome
from bench.options import Options
from bench.peers import Peer, nginx, portvakt

CONNECTIONS = 10_000
KEEP_ALIVE_KB, WEBSOCKET_KB = 4.0, 8.0
_SPARE = 300


def measure(options: Options) -> Outcome:
    """Open them, weigh the peers, close them."""
    count = _possible()
    outcome = Outcome("idle", f"{count} connections that have asked once")
    if count < CONNECTIONS:
        outcome.notes.append(
            f"{count} in place of {CONNECTIONS}: open files are limited (ulimit -n)"
        )
    shape = portvakt.Shape(tables="[limits]\nconnections_per_address = 100000")
    with contextlib.ExitStack() as stack:
        job = stack.enter_context(upstreams.job())
        limit = stack.enter_context(nginx.running(job))
        gateway = stack.enter_context(portvakt.logged_on(job, shape))
        origin = (f"Origin: {gateway.origin}",)
        for what, upgrade, bound in (
            ("keep-alive connection", False, KEEP_ALIVE_KB),
            ("WebSocket", True, WEBSOCKET_KB),
        ):
            for peer in (limit, gateway.peer):
                found = [
                    _weigh(peer, count, upgrade=upgrade, more=origin)
                    for _ in range(1 if options.quick else 2)
                ]
                # The first opening also pays for what stays: arenas, tables, a grown heap.
                if peer is gateway.peer:
                    outcome.claim(f"idle {what}", bound, found[:1], "KB")
                outcome.notes.append(
                    f"{peer.name}, idle {what}: {', '.join(f'{one:.1f}' for one in found)} KB"
                )
    return outcome


def _weigh(peer: Peer, count: int, *, upgrade: bool, more: tuple[str, ...]) -> float:
    """Return the KB that each of `count` connections takes."""
    with clients.ready("idle", peer, connections=50, upgrade=upgrade, more=more):
        pass
    pids = list(family(peer.roots))
    before = proportional_kib(pids)
    with clients.ready("idle", peer, connections=count, upgrade=upgrade, more=more):
        return (proportional_kib(pids) - before) / count * 1.024


def _possible() -> int:
    """Return how many can be open at once: a proxy needs two files for a WebSocket."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY:
        return CONNECTIONS
    return min(CONNECTIONS, (most - _SPARE) // 2)
