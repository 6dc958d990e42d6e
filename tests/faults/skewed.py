"""`python -m tests.faults.skewed …` is `portvakt …` whose clock is wrong by what a file says.

The file (`$SKEW`) holds one little-endian double, in seconds; every process of the gateway reads it
at each look at the clock.
"""

from __future__ import annotations

import mmap
import os
import runpy
import struct
import sys
import time
from pathlib import Path

from gateway.system import SystemClock

_DOUBLE = struct.Struct("<d")


def write_skew(file: Path, seconds: float) -> None:
    """Set the clocks of all gateways that read `file`; in place, as it is mapped."""
    with file.open("r+b" if file.exists() else "wb") as opened:
        opened.write(_DOUBLE.pack(seconds))


def main() -> None:
    with Path(os.environ["SKEW"]).open("rb") as opened:
        skew = mmap.mmap(opened.fileno(), _DOUBLE.size, access=mmap.ACCESS_READ)

    def now(_: SystemClock) -> float:
        return time.time() + _DOUBLE.unpack_from(skew)[0]  # noqa: TID251 - stands for the Clock

    SystemClock.now = now
    sys.argv[0] = "portvakt"
    runpy.run_module("gateway", run_name="__main__", alter_sys=False)


if __name__ == "__main__":
    main()
