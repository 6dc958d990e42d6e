"""Fifty people log on at once (Argon2id) while others work: what that does to the others' p99."""

from __future__ import annotations

import contextlib
from pathlib import Path

from bench import clients, upstreams
from bench.claims import Outcome
from bench.figures import Load, Round
from bench.options import Options
from bench.oracle.people import hashed
from bench.peers import Peer, portvakt
from bench.rounds import in_turn

PEOPLE = 50
AT_MOST = 2.0
_RATE, _CONNECTIONS = 400, 8
_CALM_S = 2.0


def measure(options: Options) -> Outcome:
    """Ask at a steady rate in calm, and while they log on."""
    outcome = Outcome(
        "logons",
        f"{_RATE} requests a second on {_CONNECTIONS} connections while {PEOPLE} people log on, "
        f"medians of {options.rounds} rounds",
    )
    names = [f"person{number}" for number in range(PEOPLE)]
    with contextlib.ExitStack() as stack:
        job = stack.enter_context(upstreams.job())
        people = _people(job.directory / "people.csv", names)
        ours = stack.enter_context(portvakt.running(job, portvakt.Shape(people=people)))
        calm = Peer("calm", ours.port, ours.pid, headers=ours.headers)
        storm = Peer(f"{PEOPLE} logons", ours.port, ours.pid, headers=ours.headers)
        lasted: list[float] = []

        def round_of(peer: Peer) -> Round:
            return _round(peer, names if peer is storm else [], lasted)

        rounds = in_turn([calm, storm], round_of, options.rounds)
    outcome.tell(rounds)
    outcome.claim(
        "p99 while 50 log on / calm",
        AT_MOST,
        [
            mine.load.p99_us / other.load.p99_us
            for mine, other in zip(rounds[storm], rounds[calm], strict=True)
        ],
    )
    outcome.notes.append(f"{PEOPLE} logons took {', '.join(f'{one:.1f}' for one in lasted)} s")
    return outcome


def _round(peer: Peer, names: list[str], lasted: list[float]) -> Round:
    """Ask for as long as the logons take, or for a while."""
    with clients.ready("steady", peer, connections=_CONNECTIONS, rate=_RATE) as told:
        if names:
            found = clients.run("crowd", peer, people=names, password=portvakt.PASSWORD)
            if found["failed"]:
                raise RuntimeError(f"{found['failed']:.0f} logons failed")
            lasted.append(found["seconds"])
        else:
            clients.pause(_CALM_S)
        told.go()
        load = Load(**told.answer())
    return Round(load, 0.0)


def _people(file: Path, names: list[str]) -> Path:
    phc = hashed(portvakt.PASSWORD)
    lines = [f'{name},{name.title()},staff,"{phc}"' for name in names]
    file.write_text("\n".join(["user,name,groups,password_hash", *lines]) + "\n")
    return file
