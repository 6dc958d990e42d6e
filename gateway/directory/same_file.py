"""SQLite goes on with a file that was moved away or replaced; the directory must not.

Who was disabled in the file that is there now could still log on by the one that is gone, and what
is written to that one is lost. So a pooled connection is used only while its file is at its path.
"""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

from sqlalchemy import event, exc
from sqlalchemy.engine import Engine

_OPENED = "portvakt_file"


def insist_on_file(engine: Engine, path: Path) -> None:
    """Have every connection of `engine` looked at before each use; one that is stale is replaced.

    A use while there is no file raises FileNotFoundError, and no empty file takes its place.
    """
    opened: set[tuple[int, int] | None] = set()

    def expect(*_: Any) -> None:
        if opened and _identity(path) is None:  # SQLite would make an empty one
            raise FileNotFoundError(errno.ENOENT, "the database file is gone: put it back")

    def note(_: Any, record: Any) -> None:
        record.info[_OPENED] = _identity(path)
        opened.add(record.info[_OPENED])

    def look(_: Any, record: Any, __: Any) -> None:
        if record.info.get(_OPENED) != _identity(path):
            raise exc.DisconnectionError(f"{path} is another file now, or none")

    event.listen(engine, "do_connect", expect)
    event.listen(engine, "connect", note)
    event.listen(engine, "checkout", look)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
