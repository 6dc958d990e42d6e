"""Bodies of 1 MiB and 100 MiB, both ways, 32 at once: processor time a MiB, and memory.

nginx streams, with the buffers it comes with; once more with buffers of 64 KiB, for comparison.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import threading
from collections.abc import Iterator
from typing import Any

from bench import clients, upstreams
from bench.accounting import family, proportional_kib
from bench.claims import Outcome
from bench.figures import Load, ratios
from bench.options import Options
from bench.peers import Peer, nginx, portvakt
from bench.rounds import interleaved
from bench.upstreams import MIB

AT_ONCE = 32
GROWS_MIB = 16.0
_LARGE_BUFFERS = "proxy_buffers 16 64k; proxy_buffer_size 64k; client_body_buffer_size 64k;"
_SAMPLE_S = 0.05


def measure(options: Options) -> Outcome:
    """Move bodies of both sizes in both directions through nginx and Portvakt."""
    outcome = Outcome(
        "bodies",
        f"{AT_ONCE} bodies at once, medians of {options.rounds} rounds",
        work="MiB",
    )
    with contextlib.ExitStack() as stack:
        job = stack.enter_context(upstreams.job())
        limit = stack.enter_context(nginx.running(job))
        ours = stack.enter_context(portvakt.running(job))
        large = stack.enter_context(nginx.running(job, "nginx, 64 KiB buffers", _LARGE_BUFFERS))
        for what, path, size, up, each in _transfers(options):
            words = {"path": path, "size": size, "up": up, "each": each, "connections": AT_ONCE}
            held: list[float] = []
            drive = functools.partial(_drive, words=words, watched=ours, held=held)
            rounds = interleaved([limit, ours, large], drive, options.rounds)
            outcome.tell(
                {dataclasses.replace(p, name=f"{p.name}, {what}"): r for p, r in rounds.items()}
            )
            for other in (limit, large):
                found = ratios(rounds[ours], rounds[other])
                outcome.claim(f"{what}, a MiB / {other.name}", 1.0, found)
            outcome.claim(f"{what}, memory grows", GROWS_MIB, [max(held) - held[0]], "MiB")
    return outcome


def _transfers(options: Options) -> list[tuple[str, str, int, bool, int]]:
    """Return what is moved: its name, path, size in bytes, direction, bodies a connection."""
    small = 8 if options.quick else 24
    return [
        ("1 MiB down", "/files/1m", MIB, False, small),
        ("1 MiB up", "/sink", MIB, True, small),
        *(
            ()
            if options.quick
            else (
                ("100 MiB down", "/files/100m", 100 * MIB, False, 1),
                ("100 MiB up", "/sink", 100 * MIB, True, 1),
            )
        ),
    ]


def _drive(peer: Peer, words: dict[str, Any], watched: Peer, held: list[float]) -> Load:
    """Move bodies; of one peer, add to `held` what it holds before and meanwhile, in MiB."""
    if peer is not watched:
        return clients.load("bodies", peer, **words)
    with _watched(list(family(peer.roots)), held):
        return clients.load("bodies", peer, **words)


@contextlib.contextmanager
def _watched(pids: list[int], held: list[float]) -> Iterator[None]:
    """Add what processes hold, in MiB: at once, and again and again until the block ends."""
    held.append(proportional_kib(pids) / 1024)
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_SAMPLE_S):
            held.append(proportional_kib(pids) / 1024)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()
