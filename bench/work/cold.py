"""Sessions that the worker does not know yet, one Redis read each, next to the warm session.

Every request comes with the session of another person, which nobody has used before.
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
        warm = dataclasses.replace(gateway.peer, name="warm session")
        cold = dataclasses.replace(gateway.peer, name="cold session")
        files = (job.directory / f"cold-{number}.txt" for number in itertools.count())

        def drive(peer: Peer) -> Load:
            script = None if peer is warm else strangers(gateway, next(files))
            load = wrk.drive(peer, seconds=_SECONDS, connections=CONNECTIONS, script=script)
            if peer is cold and load.requests > _A_SECOND * _SECONDS:
                raise ValueError("sessions came round again: more of them are needed")
            return load

        # Written between the rounds: the store may be busy with it, but no gateway is.
        rounds = interleaved([warm, cold], drive, options.rounds)
    outcome.tell(rounds)
    outcome.claim("cold session / warm", AT_MOST, ratios(rounds[cold], rounds[warm]))
    return outcome


def strangers(gateway: portvakt.Gateway, file: Path) -> Path:
    """Write sessions, and requests that each use one of them."""
    peer = gateway.peer
    tokens = sessions.write(gateway.config.parent / "var", ("staff",), _A_SECOND * _SECONDS)
    heads = [
        f"GET / HTTP/1.1\r\nHost: localhost:{peer.port}\r\nCookie: gateway={token}\r\n\r\n"
        for token in tokens
    ]
    return wrk.in_turn(file, heads)
