"""`python -m bench profile [--perf | --py-spy]`: where a worker's time goes under load.

py-spy sees Python's functions, perf the C below them and the kernel. Prints the hottest
functions: by what they did themselves, and by what was done below them; --svg writes py-spy's
flame graph.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench import upstreams, wrk
from bench.accounting import family, scheduled
from bench.peers import Job, Peer, portvakt, program, programs
from bench.work import cold, headers, verify

_LINES = 30
_RATE = 997
"""Samples a second: a prime, so that they do not keep step with anything."""
WAYS = ("load", "headers", "unlike", "verify", "tls", "cold")


def main(words: list[str]) -> int:
    """Run the profile; 1 when the profiler is not here."""
    options = _options(words)
    wanted = "perf" if options.perf else "py-spy"
    if program(wanted) is None:
        advice = "apt install linux-perf" if options.perf else "make bench installs it"
        print(f"{wanted} is not on this machine: {advice}")
        return 1
    with contextlib.ExitStack() as stack:
        job = stack.enter_context(upstreams.job(tls=options.way == "tls"))
        peer, script = _peer(job, stack, options.way)
        worker = _busiest(peer, script)
        load = stack.enter_context(_driven(peer, options.seconds + 2, script))
        if options.perf:
            print(_perf(worker, options.seconds, job.directory / "perf.data"))
        else:
            print(_py_spy(worker, options.seconds, job.directory / "folded.txt"))
            if options.svg:
                _flame_graph(worker, options)
        load.terminate()
    return 0


def _options(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench profile", description=__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--perf", action="store_true")
    which.add_argument("--py-spy", action="store_true", help="the default")
    parser.add_argument("--way", choices=WAYS, default="load", help="what is asked for (load)")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--svg", type=Path, help="write a flame graph here (py-spy)")
    return parser.parse_args(words)


def _peer(job: Job, stack: contextlib.ExitStack, way: str) -> tuple[Peer, Path | None]:
    """Run a gateway for one way of asking; return it, and the script of its requests."""
    if way == "verify":
        gateway = stack.enter_context(portvakt.logged_on(job, verify.TRUSTING))
        return verify.asked(gateway), None
    if way == "cold":
        gateway = stack.enter_context(portvakt.logged_on(job, portvakt.Shape()))
        return gateway.peer, cold.strangers(gateway, job.directory / "cold.txt")
    peer = stack.enter_context(portvakt.running(job))
    if way in {"headers", "unlike"}:
        many = headers.UNLIKE if way == "unlike" else headers.ALIKE
        return peer, headers.script(job, peer, many)
    return peer, None


@contextlib.contextmanager
def _driven(peer: Peer, seconds: int, script: Path | None) -> Iterator[subprocess.Popen[bytes]]:
    command = wrk.command(peer, seconds=seconds, connections=32, script=script)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as running:
        try:
            yield running
        finally:
            running.kill()


def _busiest(peer: Peer, script: Path | None) -> int:
    """Return the process that does most when there is load: the worker."""
    pids = list(family(peer.roots))
    before = {pid: scheduled(pid) for pid in pids}
    wrk.drive(peer, seconds=1, connections=32, script=script)
    return max(pids, key=lambda pid: scheduled(pid) - before[pid])


def _py_spy(worker: int, seconds: int, file: Path) -> str:
    (py_spy,) = programs("py-spy")
    command = [
        py_spy,
        "record",
        "--pid",
        str(worker),
        "--rate",
        str(_RATE),
        "--nonblocking",
        "--function",
    ]
    command += ["--duration", str(seconds), "--format", "raw", "--output", str(file)]
    subprocess.run(command, check=True, capture_output=True)
    return hottest(file.read_text().splitlines(), _LINES)


def _flame_graph(worker: int, options: argparse.Namespace) -> None:
    (py_spy,) = programs("py-spy")
    command = [py_spy, "record", "--pid", str(worker), "--rate", str(_RATE), "--nonblocking"]
    command += ["--duration", "1", "--output", str(options.svg)]
    subprocess.run(command, check=True, capture_output=True)


def _perf(worker: int, seconds: int, file: Path) -> str:
    (perf,) = programs("perf")
    record = [perf, "record", "-F", str(_RATE), "-g", "-p", str(worker), "-o", str(file)]
    subprocess.run([*record, "--", "sleep", str(seconds)], check=True, capture_output=True)
    report = [perf, "report", "-i", str(file), "--stdio", "--no-children", "-g", "none"]
    done = subprocess.run(
        [*report, "--percent-limit", "0.5"], check=True, capture_output=True, text=True
    )
    lines = [line for line in done.stdout.splitlines() if line and not line.startswith("#")]
    return "\n".join(lines[: 2 * _LINES])


def hottest(stacks: Iterable[str], count: int) -> str:
    """Return a table of folded stacks (`a;b;c 12`): self and total shares, the largest first."""
    own: Counter[str] = Counter()
    total: Counter[str] = Counter()
    samples = 0
    for line in stacks:
        names, _, number = line.rpartition(" ")
        frames = names.split(";")
        samples += int(number)
        own[frames[-1]] += int(number)
        for frame in set(frames):
            total[frame] += int(number)
    if not samples:
        return "no samples: was the worker idle?"
    lines = [f"{samples} samples"]
    for title, order in (("by themselves", own), ("with what they call", total)):
        lines += ["", f"  self  total  {title}"]
        lines += [
            f"{own[frame] / samples:6.1%} {total[frame] / samples:6.1%}  {frame}"
            for frame, _ in order.most_common(count)
        ]
    return "\n".join(lines)
