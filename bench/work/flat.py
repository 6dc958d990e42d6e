"""What must cost no more when there is more of it: routes, networks, sessions, groups."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable

from bench import sessions, upstreams, wrk
from bench.claims import Outcome
from bench.figures import ratios
from bench.options import Options
from bench.peers import Job, Peer, portvakt
from bench.peers.browser import INSIDE
from bench.rounds import interleaved

CONNECTIONS = 32
AT_MOST = 1.1
LOOPBACK = "127.0.0.0/8"
_TRUSTING = 'trusted_proxies = ["127.0.0.1"]'
_SESSIONS, _SESSIONS_QUICK = 1_000_000, 100_000


def measure(options: Options) -> Outcome:
    """Drive a small gateway and a large one, for each kind of largeness."""
    outcome = Outcome(
        "flat",
        f"{CONNECTIONS} keep-alive connections, medians of {options.rounds} rounds of "
        f"{options.seconds:.0f} s",
    )
    many = _SESSIONS_QUICK if options.quick else _SESSIONS
    kinds: list[tuple[str, Callable[[Job, contextlib.ExitStack], tuple[Peer, Peer]]]] = [
        ("10 or 10 000 routes", _routes),
        ("1 or 1 000 corporate networks", _networks),
        (
            f"10 or {many:_} sessions in Redis".replace("_", " "),
            lambda job, stack: _sessions(job, stack, many),
        ),
        ("1 or 50 groups of a user", _groups),
    ]
    with upstreams.job() as job:
        for what, pair in kinds:
            with contextlib.ExitStack() as stack:
                small, large = pair(job, stack)
                rounds = interleaved(
                    [small, large],
                    lambda peer: wrk.drive(peer, seconds=options.seconds, connections=CONNECTIONS),
                    options.rounds,
                )
            outcome.tell(rounds)
            outcome.claim(what, AT_MOST, ratios(rounds[large], rounds[small]))
    return outcome


def many_routes(count: int) -> str:
    """Return so many further routes, each with a condition of its own."""
    return portvakt.ROUTES + "".join(
        f'[[route]]\npath = "/area/{number}"\nupstream = "portal"\n'
        f'groups = ["staff", "g{number}"]\n'
        for number in range(count)
    )


def _run(job: Job, stack: contextlib.ExitStack, shape: portvakt.Shape) -> portvakt.Gateway:
    return stack.enter_context(portvakt.logged_on(job, shape))


def _routes(job: Job, stack: contextlib.ExitStack) -> tuple[Peer, Peer]:
    small, large = (
        dataclasses.replace(
            _run(
                job, stack, portvakt.Shape(name=f"{count} routes", routes=many_routes(count))
            ).peer,
            path="/area/5/page",
        )
        for count in (10, 10_000)
    )
    return small, large


def _networks(job: Job, stack: contextlib.ExitStack) -> tuple[Peer, Peer]:
    """Behind a trusted proxy, so that every request has an address of its own to look up."""
    ranges = [f'"10.{number // 250}.{number % 250}.0/25"' for number in range(999)]
    peers = []
    for more in ([], ranges):
        listed = ", ".join([f'"{LOOPBACK}"', *more])
        networks = f"corporate = [{listed}]"
        shape = portvakt.Shape(
            name=f"{len(more) + 1} networks", listen=_TRUSTING, networks=networks
        )
        peer = _run(job, stack, shape).peer
        headers = (*peer.headers, f"X-Forwarded-For: {INSIDE}")
        peers.append(dataclasses.replace(peer, headers=headers))
    return peers[0], peers[1]


def _sessions(job: Job, stack: contextlib.ExitStack, many: int) -> tuple[Peer, Peer]:
    peers = []
    for count in (10, many):
        url = stack.enter_context(sessions.store(job.directory / f"redis-{count}"))
        sessions.fill(url, count)
        shape = portvakt.Shape(name=f"{count} sessions", tables=f'[redis]\nurl = "{url}"')
        peers.append(_run(job, stack, shape).peer)
    return peers[0], peers[1]


def _groups(job: Job, stack: contextlib.ExitStack) -> tuple[Peer, Peer]:
    """Where the route asks for a group: who has 50 has it last."""
    routes = '[[route]]\npath = "/"\nupstream = "portal"\ngroups = ["staff"]\n'
    small, large = (
        _run(
            job,
            stack,
            portvakt.Shape(
                name=f"{count} groups",
                routes=routes,
                groups=(*(f"group{number}" for number in range(count - 1)), "staff"),
            ),
        ).peer
        for count in (1, 50)
    )
    return small, large
