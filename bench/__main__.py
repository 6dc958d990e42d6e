"""`python -m bench [PART] [OPTION]…`: one part of the bench, or every part in turn.

Exits with the highest status of the parts that ran: 0 well, 1 no (or it could not be run), 2 void.
A bound that is not kept counts only with --strict.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping

from bench import faults, options, profile, publish, report, results
from bench.oracle import part as oracle
from bench.peers import program
from bench.work import (
    bodies,
    cold,
    flat,
    headers,
    idle,
    latency,
    load,
    logons,
    refused,
    reload,
    start,
    strangers,
    tls,
    verify,
    websockets,
    workers,
)

Main = Callable[[list[str]], int]

WORK = {
    "load": load,
    "headers": headers,
    "verify": verify,
    "tls": tls,
    "bodies": bodies,
    "latency": latency,
    "idle": idle,
    "websockets": websockets,
    "cold": cold,
    "refused": refused,
    "start": start,
    "reload": reload,
    "flat": flat,
    "logons": logons,
    "workers": workers,
    "strangers": strangers,
}


def work(name: str) -> Main:
    """Return what measures one kind of work, prints and keeps the outcome."""

    def main(words: list[str]) -> int:
        module = WORK[name]
        chosen = options.parse(words, f"python -m bench {name}", module.__doc__)
        if absent := [one for one in ("nginx", "wrk") if program(one) is None]:
            print(f"The bench needs {' and '.join(absent)}: apt install {' '.join(absent)}")
            return 1
        outcome = module.measure(chosen)
        print(report.text(outcome))
        results.keep(name, {"options": chosen.written(), "outcome": outcome.written()})
        return int(chosen.strict and not outcome.within)

    return main


PARTS: Mapping[str, Main] = {**{name: work(name) for name in WORK}, "oracle": oracle.main}
ALONE: Mapping[str, Main] = {
    "faults": faults.main,
    "profile": profile.main,
    "publish": lambda _: publish.publish(list(WORK)),
}
"""What runs only when it is named: `faults` takes a quarter of an hour, the others measure
nothing."""


def main(words: list[str]) -> int:
    """Run what the command line names."""
    known = {**PARTS, **ALONE}
    if words and words[0] in known:
        return known[words[0]](words[1:])
    if words and not words[0].startswith("-"):
        print(f"usage: python -m bench [{' | '.join(known)}] [--help]")
        return 2
    status = 0
    for name, part in PARTS.items():
        print(f"== {name}\n", flush=True)
        begun = time.monotonic()
        status = max(status, part(words if name in WORK else _for_oracle(words)))
        print(f"\n[{time.monotonic() - begun:.0f} s]\n", flush=True)
    return status


def _for_oracle(words: list[str]) -> list[str]:
    """Return what the oracle is told when every part runs: tries, half of what it does alone."""
    return ["--tries", "100" if "--quick" in words else "200"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
