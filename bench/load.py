"""`python -m bench load`: processor time a request of the front door and of nginx, by rounds."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import statistics
import subprocess
import tempfile
from pathlib import Path

from bench.measure import Round, Summary, parse_wrk, processor_time, ratios, summarise
from bench.peers import Peer, asked, gateway, missing, nginx, upstream
from bench.results import keep


def main(words: list[str]) -> int:
    """Run the part; 0 when it could be run."""
    options = _options(words)
    if absent := missing():
        print(f"The bench needs {' and '.join(absent)}: apt install {' '.join(absent)}")
        return 1
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(tempfile.TemporaryDirectory(prefix="portvakt-bench-"))
        directory = Path(place)
        port = stack.enter_context(upstream(directory))
        limit = stack.enter_context(nginx(directory, port))
        ours = stack.enter_context(gateway(directory, port))
        plain = stack.enter_context(gateway(directory, port, assertion=False))
        question = stack.enter_context(asked(directory, port))
        rounds = _interleaved([limit, ours, plain, question], options)
    summaries = [summarise(peer.name, rounds[peer]) for peer in rounds]
    found = {
        "portvakt / nginx": ratios(rounds[ours], rounds[limit]),
        "with assertion / without": ratios(rounds[ours], rounds[plain]),
        "asked by a proxy / forwarding": ratios(rounds[question], rounds[ours]),
    }
    _print(summaries, found, options)
    _keep(summaries, found, options)
    return 0


def _options(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench load", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=3, help="of one round of one peer")
    parser.add_argument("--connections", type=int, default=32)
    return parser.parse_args(words)


def _interleaved(peers: list[Peer], options: argparse.Namespace) -> dict[Peer, list[Round]]:
    """Drive all peers in turn, round by round, after one round that does not count."""
    rounds: dict[Peer, list[Round]] = {peer: [] for peer in peers}
    for number in range(options.rounds + 1):
        for peer in peers:
            one = _drive(peer, options)
            if number:
                rounds[peer].append(one)
    return rounds


def _drive(peer: Peer, options: argparse.Namespace) -> Round:
    command = ["wrk", "-t1", f"-c{options.connections}", f"-d{options.seconds}s", "--latency"]
    for header in peer.headers:
        command += ["-H", header]
    before = processor_time(peer.pid)
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{peer.port}{peer.path}"],
        capture_output=True, text=True, check=True, timeout=options.seconds + 30,
    )  # fmt: skip
    return Round(parse_wrk(done.stdout), processor_time(peer.pid) - before)


def _print(
    summaries: list[Summary], found: dict[str, list[float]], options: argparse.Namespace
) -> None:
    print(
        f"1 KiB answers, {options.connections} keep-alive connections, one worker each, "
        f"medians of {options.rounds} rounds of {options.seconds} s\n"
    )
    print(
        f"{'':22} {'µs/request':>11} {'(min … max)':>16} {'req/s':>9} {'p50 ms':>8} {'p99 ms':>8}"
    )
    for one in summaries:
        spread = f"{one.spread_us[0]:.1f} … {one.spread_us[1]:.1f}"
        print(
            f"{one.name:22} {one.us_per_request:11.1f} {spread:>16} {one.rate:9.0f} "
            f"{one.p50_us / 1e3:8.2f} {one.p99_us / 1e3:8.2f}"
        )
    print("\nprocessor time a request")
    for name, ratio in found.items():
        spread = f"({min(ratio):.2f} … {max(ratio):.2f})"
        print(f"  {name:30} {statistics.median(ratio):.2f} {spread}")


def _keep(
    summaries: list[Summary], found: dict[str, list[float]], options: argparse.Namespace
) -> None:
    result = {
        "options": vars(options),
        "peers": [dataclasses.asdict(one) for one in summaries],
        "ratios": {
            name: {"median": statistics.median(ratio), "rounds": ratio}
            for name, ratio in found.items()
        },
    }
    keep("load", result)
