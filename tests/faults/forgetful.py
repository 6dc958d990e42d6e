"""`python -m tests.faults.forgetful …` is `portvakt …` whose workers know a handful of sessions.

With more people than that every other request reads its session from Redis.
"""

from __future__ import annotations

import runpy
import sys

import gateway.auth.sessions

KNOWN = 8

if __name__ == "__main__":
    gateway.auth.sessions.CACHED = KNOWN
    sys.argv[0] = "portvakt"
    runpy.run_module("gateway", run_name="__main__", alter_sys=False)
