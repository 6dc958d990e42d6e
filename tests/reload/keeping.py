"""A keeper in a process of its own: `python -m tests.reload.keeping GATEWAY_TOML DESCRIPTOR`."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

from gateway.checking import read_checked
from gateway.operate.logs import set_up_logging
from gateway.reload.keeper import Keeper
from gateway.reload.look import Looker, Running
from gateway.system import SystemClock

if __name__ == "__main__":
    set_up_logging()
    path, end, clock = Path(sys.argv[1]), socket.socket(fileno=int(sys.argv[2])), SystemClock()
    running = Running.started(read_checked(path, os.environ), clock.now())
    print("keeping", flush=True)
    Keeper(Looker(path, os.environ, running), clock, end).run()
