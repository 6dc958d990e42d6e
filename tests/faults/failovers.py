"""The drill of `deploy/ha/`: one machine or program after the other fails under load.

`python -m tests.faults.failovers` prints the table; `--stay` only brings everything up; `--short`
is what the suite runs: the primary's machine cut off.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.faults.load import Load, loaded
from tests.faults.machines import NO_NAMESPACES, enter_street, has_namespaces
from tests.faults.several import GATEWAYS, NODES, Several, several
from tests.faults.tally import BAD, CUT, FORCED, GOODBYE, HONEST, REVOKED, RIGHT, WRONG
from tests.system.gateway import wait_for


@dataclass(frozen=True)
class Outcome:
    """What visitors saw of one fault; `dim_s` is in how many seconds, by tenths, a 5xx came, `slowest_s`
    how long the longest answer took (an upload has 1.2 s of pauses)."""

    fault: str
    seconds: float
    counts: dict[str, int]
    dim_s: float
    slowest_s: float
    told: list[str]

    @property
    def is_bad(self) -> bool:
        return any(self.counts.get(verdict) for verdict in BAD)


def kill_gateway(house: Several) -> None:
    """Kill every process of a gateway at once; it is started again after five seconds."""
    gateway = house.gateways["gw1"]
    for pid in _family(gateway.process.pid):
        os.kill(pid, signal.SIGKILL)
    gateway.stop(signal.SIGKILL)
    time.sleep(5)
    gateway.start()
    house.wait_until_up()


def _family(pid: int) -> list[int]:
    """Return a process and all that it began, it first: workers left alone would still drain."""
    found = [pid]
    for one in found:
        for children in Path(f"/proc/{one}/task").glob("*/children"):
            found += map(int, children.read_text().split())
    return found


def restart_all(house: Several) -> None:
    """Restart every gateway in turn, as for an upgrade."""
    for name in GATEWAYS:
        gateway = house.gateways[name]
        gateway.process.send_signal(signal.SIGTERM)
        wait_for(lambda: "DOWN" in house.judged(), "HAProxy's notice", 15)
        gateway.stop()
        gateway.start()
        house.wait_until_up()


def kill_primary(house: Several) -> None:
    """Kill the primary; it comes back as a replica."""
    old = house.primary()
    house.kill(old)
    wait_for(lambda: house.primary() != old, "another primary", 30)
    time.sleep(3)
    house.start_redis(old)
    wait_for(house.is_whole, "the old primary's return", 60)


def cut_primary(house: Several) -> None:
    """Pull the cable of the primary's machine, its sentinel's too; put it back later."""
    old = house.primary()
    others = tuple(name for name in NODES if name != old)
    house.machine(old).cut()
    wait_for(lambda: house.primary(others) != old, "another primary", 30)
    time.sleep(2)
    house.machine(old).join()
    wait_for(house.is_whole, "the cut-off machine's return", 60)


def lose_sentinel(house: Several) -> None:
    """Kill the sentinel that gateways ask first."""
    house.kill("sentinel of redis1")
    time.sleep(5)
    house.start_sentinel("redis1")
    wait_for(house.is_whole, "the sentinel's return", 60)


def reload_balancer(house: Several) -> None:
    """Reload HAProxy three times, as after an edit."""
    for _ in range(3):
        house.processes["lb1"].send_signal(signal.SIGUSR2)
        time.sleep(2)
    house.wait_until_up()


def change_balancer(house: Several) -> None:
    """Kill the first HAProxy; a second later its address is the other machine's."""
    house.kill("lb1")
    time.sleep(1)
    house.machine("lb1").drop_address(house.public)
    house.machine("lb2").take_address(house.public)
    time.sleep(4)


DRILL: dict[str, Callable[[Several], None]] = {
    "gateway killed (-9), back after 5 s": kill_gateway,
    "rolling restart of three gateways": restart_all,
    "Redis primary killed": kill_primary,
    "primary's machine cut off, back later": cut_primary,
    "a sentinel lost": lose_sentinel,
    "HAProxy reloaded three times": reload_balancer,
    "HAProxy killed, address moved after 1 s": change_balancer,
}
SHORT = {
    True: ("primary's machine cut off, back later",),
    False: ("Redis primary killed",),
}
"""What the suite runs, by whether there are namespaces."""
NEED_NAMESPACES = {
    "primary's machine cut off, back later",
    "HAProxy killed, address moved after 1 s",
}


def suffer(house: Several, load: Load, fault: str) -> Outcome:
    """Let one fault befall the house and wait until everybody is served again."""
    tally = load.tally
    before, dim, told, begun = tally.counts(), tally.dim_s(), len(tally.told()), time.monotonic()
    tally.take_slowest()
    DRILL[fault](house)
    since = time.monotonic()
    wait_for(lambda: tally.is_served(since), f"everybody's service after: {fault}", 60)
    after = tally.counts()
    counts = {verdict: after[verdict] - before[verdict] for verdict in after}
    return Outcome(
        fault,
        time.monotonic() - begun,
        counts,
        tally.dim_s() - dim,
        tally.take_slowest(),
        tally.told()[told:],
    )


def table(outcomes: list[Outcome]) -> str:
    """Return the outcomes as text, in Markdown."""
    names = ["fault", "took", "requests", "right", "5xx", "seconds of 5xx", "longest", "cut", "1001", "wrong",
             "forced log-ons", "revoked"]  # fmt: skip
    lines = ["| " + " | ".join(names) + " |", "|---" * len(names) + "|"]
    for one in outcomes:
        count = [one.counts.get(v, 0) for v in (CUT, GOODBYE, WRONG, FORCED, REVOKED)]
        cells = [one.fault, f"{one.seconds:.0f} s", sum(one.counts.values()),
                 one.counts.get(RIGHT, 0), one.counts.get(HONEST, 0), f"{one.dim_s:.1f}",
                 f"{one.slowest_s:.1f} s", *count]  # fmt: skip
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines) + "\n"


def main(words: list[str]) -> int:
    """Run the drill; 1 when anything happened that must not."""
    parser = argparse.ArgumentParser(prog="deploy/ha/drill", description=__doc__)
    parser.add_argument("--stay", action="store_true", help="bring it up and wait for Ctrl-C")
    parser.add_argument("--short", action="store_true", help="one fault, fewer machines")
    parser.add_argument("--json", type=Path, help="where the outcomes go too")
    options = parser.parse_args(words)
    enter_street("tests.faults.failovers", words)
    chosen = [
        fault for fault in (SHORT[has_namespaces()] if options.short else DRILL)
        if has_namespaces() or fault not in NEED_NAMESPACES
    ]  # fmt: skip
    outcomes = []
    with (
        tempfile.TemporaryDirectory(prefix="pv-", dir="/tmp") as place,
        several(Path(place), few=options.short) as house,
    ):
        if options.stay:
            return stay(house, place)
        with loaded(house.site, codes=True) as load:
            for fault in chosen:
                outcomes.append(suffer(house, load, fault))
                print(fault, *outcomes[-1].told[:5], sep="\n  ", file=sys.stderr, flush=True)
    print(table(outcomes) + ("" if has_namespaces() else f"\n{NO_NAMESPACES}"))
    if options.json is not None:
        options.json.write_text(json.dumps([asdict(one) for one in outcomes]) + "\n")
    return int(any(one.is_bad for one in outcomes))


def stay(house: Several, place: str) -> int:
    """Say where everything is, until Ctrl-C."""
    print(f"Public address http://{house.public}:{house.site.port}, files and logs in {place}.")
    for machine in house.network.machines.values():
        print(f"  {machine.name:7} {machine.address:12} {' '.join(machine.inside())}")
    print("Ctrl-C ends it.", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        signal.pause()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
