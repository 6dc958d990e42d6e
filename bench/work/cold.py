"""Sessions that the worker does not know yet, one Redis read each, next to the warm session.

Every request comes with the session of another person, which nobody has used before. Once as fast
as it goes, once both at the same pace: to wake a neighbour that sleeps costs more than to write to
one that is awake, so whoever is asked less often in a second pays more for each request.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
from pathlib import Path

from bench import sessions, upstreams, wrk
from bench.claims import Outcome
from bench.figures import Load, ratios
from bench.options import Options
from bench.peers import Peer, portvakt
from bench.rounds import interleaved

CONNECTIONS = 32
AT_MOST = 2.0
_A_SECOND = 20_000
"""More than one worker can read."""
_SECONDS = 1
_PAUSE_MS = 14
"""With 32 connections about 2 000 requests a second: what both can do."""


def measure(options: Options) -> Outcome:
    """Drive one gateway with the same session again and again, and with a new one each time."""
    outcome = Outcome(
        "cold",
        f"{CONNECTIONS} keep-alive connections, medians of {options.rounds} rounds of "
        f"{_SECONDS} s; Redis' own time is not counted",
    )
    with contextlib.ExitStack() as stack:
        job = stack.enter_context(upstreams.job())
        gateway = stack.enter_context(portvakt.logged_on(job, portvakt.Shape()))
        warm, cold, warm_paced, cold_paced = (
            dataclasses.replace(gateway.peer, name=f"{kind} session{pace}")
            for pace in ("", ", same pace")
            for kind in ("warm", "cold")
        )
        files = (job.directory / f"cold-{number}.txt" for number in itertools.count())
        heads = [wrk.head(warm, "/")]
        again = wrk.in_turn(job.directory / "warm.txt", heads, pause_ms=_PAUSE_MS)

        def drive(peer: Peer) -> Load:
            script = {warm: None, warm_paced: again}.get(peer)
            if peer in {cold, cold_paced}:
                pause_ms = _PAUSE_MS if peer is cold_paced else 0
                script = strangers(gateway, next(files), pause_ms=pause_ms)
            load = wrk.drive(peer, seconds=_SECONDS, connections=CONNECTIONS, script=script)
            if peer in {cold, cold_paced} and load.requests > _A_SECOND * _SECONDS:
                raise ValueError("sessions came round again: more of them are needed")
            return load

        # Written between the rounds: the store may be busy with it, but no gateway is.
        rounds = interleaved([warm, cold, warm_paced, cold_paced], drive, options.rounds)
    outcome.tell(rounds)
    outcome.claim("cold session / warm", AT_MOST, ratios(rounds[cold], rounds[warm]))
    paced = ratios(rounds[cold_paced], rounds[warm_paced])
    outcome.claim("cold session / warm, at the same pace", AT_MOST, paced)
    return outcome


def strangers(gateway: portvakt.Gateway, file: Path, *, pause_ms: int = 0) -> Path:
    """Write sessions, and requests that each use one of them."""
    peer = gateway.peer
    tokens = sessions.write(gateway.config.parent / "var", ("staff",), _A_SECOND * _SECONDS)
    heads = [
        f"GET / HTTP/1.1\r\nHost: localhost:{peer.port}\r\nCookie: gateway={token}\r\n\r\n"
        for token in tokens
    ]
    return wrk.in_turn(file, heads, pause_ms=pause_ms)
