"""An edit of a gateway.toml with 10 000 routes: how long the worker answers nobody meanwhile."""

from __future__ import annotations

import contextlib

from bench import clients, upstreams
from bench.claims import Outcome
from bench.options import Options
from bench.peers import portvakt
from bench.work.flat import many_routes

ROUTES = 10_000
AT_MOST_MS = 20.0
_CALM_S = 1.0


def measure(options: Options) -> Outcome:
    """Edit the file again and again while one connection asks all the time."""
    outcome = Outcome("reload", f"{ROUTES} routes, {options.rounds} edits")
    shape = portvakt.Shape(routes=many_routes(ROUTES), tables='[debug]\nnetworks = ["corporate"]')
    stalls, calm, in_force = [], [], []
    with contextlib.ExitStack() as stack:
        job = stack.enter_context(upstreams.job())
        gateway = stack.enter_context(portvakt.logged_on(job, shape))
        text = gateway.config.read_text()
        new = gateway.config.with_suffix(".new")
        for number in range(options.rounds):
            new.write_text(
                f'{text}\n# edit {number}\n[[route]]\npath = "/new{number}"\nupstream = "portal"\n'
            )
            found = clients.run(
                "stall", gateway.peer, new=str(new), config=str(gateway.config), calm_s=_CALM_S
            )
            stalls.append(found["stall_ms"])
            calm.append(found["calm_ms"])
            in_force.append(found["in_force_s"])
    outcome.claim("longest answer during a reload", AT_MOST_MS, stalls, "ms")
    outcome.notes.append(f"longest answer in the second before: {_written(calm, 'ms')}")
    outcome.notes.append(f"in force after: {_written(in_force, 's')}")
    return outcome


def _written(values: list[float], unit: str) -> str:
    return ", ".join(f"{one:.1f}" for one in values) + f" {unit}"
