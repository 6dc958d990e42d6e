"""Becomes another program that ends when its parent does: `with_parent.py PARENT PROGRAM ARG...`.

Run as a file by a bare interpreter (`python -I -S`), so it imports nothing of ours. On Linux the
kernel sends SIGTERM when the parent's thread is gone (prctl(2), PR_SET_PDEATHSIG), even after kill
-9; elsewhere the program only ends when it is stopped.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1


def main(parent: int, command: list[str]) -> None:
    """Tie this process to `parent` and become `command`; exits when the parent is gone already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit("the parent is gone")
    os.execv(command[0], command)  # noqa: S606 - no shell, and the caller chose the program


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
