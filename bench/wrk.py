"""wrk as the client of plain requests: how it is called, and what it prints."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from bench.figures import Load
from bench.peers import Peer

_UNITS = {"us": 1.0, "ms": 1e3, "s": 1e6, "m": 60e6}
_LATENCY = re.compile(r"^\s+(50|99)%\s+([\d.]+)(us|ms|s|m)\s*$", re.MULTILINE)
_REQUESTS = re.compile(r"^\s+(\d+) requests in ([\d.]+)(ms|s|m)", re.MULTILINE)
_BAD = re.compile(r"Non-2xx or 3xx responses: (\d+)")
_SOCKET = re.compile(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)")
_BETWEEN = "\x01"
_IN_TURN = """
local file = io.open("{file}", "rb")
local requests = {{}}
for one in string.gmatch(file:read("*a"), "[^\\1]+") do requests[#requests + 1] = one end
file:close()
local turn = 0
request = function()
  turn = turn % #requests + 1
  return requests[turn]
end
"""
_PAUSE = "delay = function() return math.random(0, {twice_ms}) end\n"


def drive(peer: Peer, *, seconds: float, connections: int, script: Path | None = None) -> Load:
    """Send requests for so long, by one thread; `script` is one of `in_turn`.

    Raises ValueError when an answer had not the peer's status, or broke off.
    """
    done = subprocess.run(
        command(peer, seconds=seconds, connections=connections, script=script),
        capture_output=True, text=True, check=True, timeout=seconds + 60,
    )  # fmt: skip
    load = parse_wrk(done.stdout)
    # wrk counts what is not 2xx or 3xx: where a refusal is right, that must be every answer.
    bad = abs(load.requests - load.bad) if peer.status >= 400 else load.bad
    if bad or not load.requests:
        raise ValueError(f"{peer.name}: {bad} of {load.requests} answers were not {peer.status}")
    return load


def command(
    peer: Peer, *, seconds: float, connections: int, script: Path | None = None
) -> list[str]:
    """Return the command of `drive`."""
    words = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--latency"]
    for header in peer.headers:
        words += ["-H", header]
    if script is not None:
        words += ["-s", str(script)]
    return [*words, f"{'https' if peer.tls else 'http'}://127.0.0.1:{peer.port}{peer.path}"]


def in_turn(file: Path, requests: Sequence[str], *, pause_ms: int = 0) -> Path:
    """Write a script that sends these heads, without an end, one after the other; return it.

    Each connection waits before each of its requests, `pause_ms` on average.
    """
    file.write_text(_BETWEEN.join(requests), newline="")
    script = file.with_suffix(".lua")
    pause = _PAUSE.format(twice_ms=2 * pause_ms) if pause_ms else ""
    script.write_text(_IN_TURN.format(file=file) + pause)
    return script


def head(peer: Peer, path: str, more: Sequence[str] = ()) -> str:
    """Return a GET with the peer's fields and `more`, as `in_turn` takes it."""
    return "\r\n".join([f"GET {path} HTTP/1.1", *peer.headers, *more, "", ""])


def parse_wrk(text: str) -> Load:
    """Return what `wrk --latency` printed. Raises ValueError for anything else."""
    found = _REQUESTS.search(text)
    if found is None:
        raise ValueError(f"not an output of wrk: {text[:200]!r}")
    latency = {percent: float(v) * _UNITS[unit] for percent, v, unit in _LATENCY.findall(text)}
    bad = _BAD.search(text)
    errors = _SOCKET.search(text)
    return Load(
        requests=int(found[1]),
        seconds=float(found[2]) * _UNITS[found[3]] / 1e6,
        p50_us=latency.get("50", 0.0),
        p99_us=latency.get("99", 0.0),
        bad=(int(bad[1]) if bad else 0) + (sum(map(int, errors.groups())) if errors else 0),
    )
