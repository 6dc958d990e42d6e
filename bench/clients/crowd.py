"""People who log on at the same moment, each by the form; prints {"seconds", "failed"}."""

from __future__ import annotations

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor

from bench.clients import spec
from bench.peers.browser import Browser


def measure(port: int, people: list[str], password: str) -> dict[str, float]:
    """Log all of them on."""

    def log_on(user: str) -> int:
        try:
            Browser(port).log_on(user, password)
        except (OSError, RuntimeError):
            return 1
        return 0

    begun = time.perf_counter()
    with ThreadPoolExecutor(len(people)) as threads:
        failed = sum(threads.map(log_on, people))
    return {"seconds": time.perf_counter() - begun, "failed": failed}


if __name__ == "__main__":
    os.nice(19)  # it only asks: its own work must not be in the way of what it asks for
    told = spec()
    print(json.dumps(measure(told["port"], told["people"], told["password"])))
