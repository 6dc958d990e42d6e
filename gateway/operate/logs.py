"""The running log on standard error: a line an event, control characters escaped.

What people type never becomes a line of its own or a terminal command (ASVS 16.4.1).
"""

from __future__ import annotations

import logging
import re
import sys
from typing import Final

_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_MAX_TEXT: Final = 4000


class _OneLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        head, *rest = text.split("\n")
        # A traceback keeps its lines, indented: none of them can pass for a log line.
        lines = [head, *("    " + line for line in rest)]
        return "\n".join(_CONTROL.sub(_escaped, line[:_MAX_TEXT]) for line in lines)


def _escaped(found: re.Match[str]) -> str:
    return f"\\x{ord(found[0]):02x}"


def set_up_logging(level: int = logging.INFO) -> None:
    """Send the log of this process to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("portvakt").setLevel(level)
    # Their messages can hold what a stranger sent.
    for noisy in ("aiohttp.server", "aiohttp.access", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
