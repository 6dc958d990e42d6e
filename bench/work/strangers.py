"""Strangers who mean harm, one kind after the other: what becomes of those who work meanwhile.

Every kind is bounded in connections and turns a second, as one attacker on a small line would be:
what is measured is not who has more processors but whether anything grows or stands still.
"""

from __future__ import annotations

import contextlib
import resource

from bench import clients, upstreams
from bench.accounting import family, proportional_kib
from bench.claims import Outcome
from bench.figures import Load, Round
from bench.options import Options
from bench.peers import Peer, portvakt
from bench.rounds import in_turn

AT_MOST, MOST_MIB = 3.0, 64.0
_RATE, _CONNECTIONS = 300, 8
_CALM_S = 1.5

HARM = {  # connections, turns a second
    "slow heads": (1_500, 500),
    "slow bodies": (1_000, 500),
    "slow readers": (300, 100),
    "idle sockets": (10_000, 20),
    "header bombs": (100, 200),
    "cookie bombs": (100, 200),
    "huge URLs": (100, 200),
    "endless chunk extensions": (100, 200),
    "endless trailers": (100, 200),
    "connections and requests": (300, 600),
    "WebSockets": (300, 400),
}
UNDER_TLS = {"half-open handshakes": (1_000, 100), "idle sockets": (1_000, 20)}
SHAPE = portvakt.Shape(tables="[limits]\nconnections_per_address = 20000")


def measure(options: Options) -> Outcome:
    """Ask at a steady rate, in calm and next to each kind of stranger."""
    outcome = Outcome(
        "strangers",
        f"{_RATE} requests a second of somebody logged on, {_CONNECTIONS} connections, "
        f"medians of {options.rounds} rounds",
    )
    for harm, tls in ((HARM, False), (UNDER_TLS, True)):
        with contextlib.ExitStack() as stack:
            job = stack.enter_context(upstreams.job(tls=tls))
            ours = stack.enter_context(portvakt.running(job, SHAPE))
            _measure(outcome, ours, harm, options, tls=tls)
    return outcome


def _measure(
    outcome: Outcome, ours: Peer, harm: dict[str, tuple[int, int]], options: Options, *, tls: bool
) -> None:
    calm = Peer(f"calm{', TLS' if tls else ''}", ours.port, ours.pid, headers=ours.headers, tls=tls)
    storms = {
        Peer(
            kind + (", TLS" if tls else ""), ours.port, ours.pid, headers=ours.headers, tls=tls
        ): kind
        for kind in harm
    }

    def round_of(peer: Peer) -> Round:
        kind = storms.get(peer)
        with contextlib.ExitStack() as stack:
            if kind is not None:
                count, rate = harm[kind]
                words = {"kind": kind, "connections": min(count, _possible()), "rate": rate}
                # Half a handshake is no TLS at all.
                words["tls"] = tls and kind != "half-open handshakes"
                stack.enter_context(clients.ready("stranger", ours, **words))
            return _ask(peer)

    rounds = in_turn([calm, *storms], round_of, options.rounds)
    outcome.tell(rounds)
    for peer in storms:
        outcome.claim(
            f"p99 next to {peer.name} / calm",
            AT_MOST,
            [
                mine.load.p99_us / other.load.p99_us
                for mine, other in zip(rounds[peer], rounds[calm], strict=True)
            ],
        )
    grown = max(one.resident_kib for of in rounds.values() for one in of)
    before = rounds[calm][0].resident_kib
    outcome.claim(
        f"memory grows{', TLS' if tls else ''}", MOST_MIB, [(grown - before) / 1024], "MiB"
    )


def _ask(peer: Peer) -> Round:
    with clients.ready("steady", peer, connections=_CONNECTIONS, rate=_RATE, tls=peer.tls) as told:
        clients.pause(_CALM_S)
        told.go()
        load = Load(**told.answer())
    if load.bad:
        raise RuntimeError(f"{load.bad} honest requests failed next to {peer.name}")
    return Round(load, 0.0, proportional_kib(family(peer.roots)))


def _possible() -> int:
    """Return how many connections can be open at once."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 10_000 if most == resource.RLIM_INFINITY else min(10_000, most - 1_000)
