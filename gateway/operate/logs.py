"""The running log on standard error, in lines for people or as JSON, an object a line.

Nobody but us writes a line: what people type never becomes a line of its own, a terminal command
or text that runs backwards (ASVS 16.4.1). A line tells the request that it belongs to, where there
is one. Under systemd each begins with its priority, which the journal takes off (sd-daemon(3)).
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, TextIO

from gateway.settings.model import Log
from gateway.spans import HERE

_CONTROL: Final = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f"  # what terminals obey
    "\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # unseen, bidi
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_MAX_TEXT: Final = 4000
_PRIORITIES: Final = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
_DEBUG: Final = 7
_COLOURS: Final = ((logging.ERROR, "\x1b[31m"), (logging.WARNING, "\x1b[33m"))
_PLAIN: Final = "\x1b[0m"


class _Form(logging.Formatter):
    """What both forms share. `worker` is which of our processes writes."""

    worker = "parent"

    def __init__(self, *, priority: bool = False) -> None:
        super().__init__()
        self._priority = priority

    def _marked(self, record: logging.LogRecord, text: str) -> str:
        return f"<{priority_of(record.levelno)}>{text}" if self._priority else text

    def _trace_of(self, record: logging.LogRecord) -> str:
        return "" if record.exc_info is None else self.formatException(record.exc_info)


class HumanForm(_Form):
    """A line an event. A traceback keeps its lines, indented: none of them can pass for another."""

    def __init__(self, *, priority: bool = False, colour: bool = False) -> None:
        super().__init__(priority=priority)
        self._colour = colour

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, or lines; see logging."""
        when = datetime.fromtimestamp(record.created, UTC).astimezone()
        text = record.getMessage()
        if trace := self._trace_of(record):
            text += "\n" + trace
        head, *rest = text.split("\n")
        start = f"{when:%Y-%m-%d %H:%M:%S},{when.microsecond // 1000:03d} "
        level = self._coloured(record.levelno, f"{record.levelname:<7}")
        lines = [f"{_escaped(head)}{_belonging()}", *("    " + _escaped(line) for line in rest)]
        lines[0] = f"{start}{level} {record.name}: {lines[0]}"
        return "\n".join(self._marked(record, line) for line in lines)

    def _coloured(self, level: int, word: str) -> str:
        colour = next((colour for least, colour in _COLOURS if level >= least), "")
        return f"{colour}{word}{_PLAIN}" if self._colour and colour else word


class JsonForm(_Form):
    """One object a line, in ASCII: `time level worker logger event`, `request_id trace_id`.

    The last two where there is a request, `exception` where there is one.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; see logging."""
        when = datetime.fromtimestamp(record.created, UTC)
        told = {
            "time": when.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "worker": self.worker,
            "logger": record.name,
            "event": record.getMessage()[:_MAX_TEXT],
            **_request(),
        }
        if trace := self._trace_of(record):
            told["exception"] = trace[-_MAX_TEXT:]
        return self._marked(record, json.dumps(told, ensure_ascii=True))


def set_up_logging(
    log: Log | None = None,
    stream: TextIO | None = None,
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Send the log of this process to standard error, as `[log]` says (None: as it usually is)."""
    log = log or Log()
    stream = stream or sys.stderr
    priority = _is_journal(stream, environ)
    colour = not priority and stream.isatty() and not environ.get("NO_COLOR")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        JsonForm(priority=priority)
        if log.form == "json"
        else HumanForm(priority=priority, colour=colour)
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("portvakt").setLevel(log.level.upper())
    # Their messages can hold what a stranger sent.
    for noisy in ("aiohttp.server", "aiohttp.access", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)


def this_process_is(worker: str) -> None:
    """Have every further line say which of our processes writes it."""
    _Form.worker = worker


def priority_of(level: int) -> int:
    """Return the priority of syslog (RFC 5424 section 6.2.1) for a level of logging."""
    return next((number for least, number in _PRIORITIES if level >= least), _DEBUG)


def _is_journal(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether a stream leads to the journal itself, and not to a file or pipe since."""
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def _request() -> dict[str, str]:
    here = HERE.get()
    if here is None:
        return {}
    found = {"request_id": here.request_id, "trace_id": here.trace_id}
    return {name: value for name, value in found.items() if value}


def _belonging() -> str:
    found = _request()
    told = " ".join(f"{name}={_escaped(value)}" for name, value in found.items())
    return f" [{told}]" if told else ""


def _escaped(text: str) -> str:
    return _CONTROL.sub(_written_out, text[:_MAX_TEXT])


def _written_out(found: re.Match[str]) -> str:
    return ascii(found[0])[1:-1] if found[0] != "\t" else "\\x09"
