"""From the start of `portvakt run` to its first answer, with its embedded Redis."""

from __future__ import annotations

import contextlib
import time

from bench import upstreams
from bench.claims import Outcome
from bench.options import Options
from bench.peers import Job, portvakt
from bench.peers.browser import Browser
from bench.processes import free_port, process

AT_MOST_S = 1.0
_POLL_S = 0.02
_PATIENCE_S = 30.0
_SETTLE_S = 1.0
"""What is begun behind the first answer is done before the gateway is ended."""


def measure(options: Options) -> Outcome:
    """Start a new gateway, and then again in the same state directory."""
    outcome = Outcome("start", f"medians of {options.rounds} starts, the first one apart")
    with upstreams.job() as job:
        times = _starts(job, options.rounds + 1)
    outcome.claim("start to first answer", AT_MOST_S, times[1:], "s")
    outcome.notes.append(
        f"the very first start, which makes keys and an empty directory: {times[0]:.2f} s"
    )
    return outcome


def _starts(job: Job, count: int) -> list[float]:
    port = free_port()
    config = portvakt.write(job, portvakt.Shape(), port, free_port())
    times = []
    for number in range(count):
        begun = time.perf_counter()
        log = config.parent / f"start-{number}.log"
        with process(portvakt.run_command(config), log, portvakt.environment_of()):
            try:
                _wait_for_an_answer(Browser(port))
            except TimeoutError as error:
                raise TimeoutError(f"no answer; its log:\n{log.read_text()}") from error
            times.append(time.perf_counter() - begun)
            time.sleep(_SETTLE_S)
    return times


def _wait_for_an_answer(browser: Browser) -> None:
    """Ask until anything is answered. Raises TimeoutError."""
    end = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            browser.get("/")
            return
        time.sleep(_POLL_S)
    raise TimeoutError("the gateway never answered")
