"""Peers driven in turn, round by round: what disturbs the machine then disturbs them alike."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from bench.accounting import Meter, family, proportional_kib
from bench.figures import Load, Round
from bench.peers import Peer

Drive = Callable[[Peer], Load]


def interleaved(peers: Sequence[Peer], drive: Drive, rounds: int) -> dict[Peer, list[Round]]:
    """Drive all peers in turn, after one round that does not count."""
    return in_turn(peers, lambda peer: metered(peer, drive), rounds)


def in_turn(
    peers: Sequence[Peer], measure: Callable[[Peer], Round], rounds: int
) -> dict[Peer, list[Round]]:
    """Measure all peers in turn, after one round that does not count."""
    found: dict[Peer, list[Round]] = {peer: [] for peer in peers}
    for number in range(rounds + 1):
        for peer in peers:
            one = measure(peer)
            if number:
                found[peer].append(one)
            _say(f"{peer.name}: round {number} of {rounds}")
    _say("")
    return found


def metered(peer: Peer, drive: Drive) -> Round:
    """Drive one peer once and say what its processes used meanwhile."""
    with Meter(peer.roots) as meter:
        load = drive(peer)
    return Round(load, meter.seconds, proportional_kib(family(peer.roots)))


def _say(words: str) -> None:
    """Tell who waits how far it is."""
    if sys.stderr.isatty():
        print(f"\r{words:70}\r", end="", file=sys.stderr, flush=True)
