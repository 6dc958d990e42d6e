"""The border between drivers and the logon domain: every failure of theirs is Unavailable.

The one broad `except` of the directory. What an operator can do about it stands in the log and in
`advice`; values (names, hashes) never do.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from gateway.auth.ports import Unavailable

_log = logging.getLogger("portvakt.directory")

_SQLITE_ADVICE: Final = {
    "SQLITE_NOTADB": "the database file is not an SQLite database: put the right file back",
    "SQLITE_CORRUPT": "the database file is damaged: restore it from a backup",
    "SQLITE_BUSY": "another process keeps the database file locked",
    "SQLITE_CANTOPEN": "the database file cannot be opened: check path, owner and rights",
    "SQLITE_PERM": "the database file cannot be opened: check path, owner and rights",
    "SQLITE_READONLY": "the database file cannot be written: check owner and rights",
    "SQLITE_FULL": "the disk is full",
    "SQLITE_IOERR": "the disk fails to read or write the database file",
}


class DirectoryUnavailable(Unavailable):
    """The directory cannot answer; `advice` says why in an operator's words."""

    def __init__(self, advice: str) -> None:
        super().__init__("directory")
        self.advice = advice


@asynccontextmanager
async def border(deadline_s: float | None) -> AsyncIterator[None]:
    """Run the body within `deadline_s` seconds (None: no limit) and translate what fails.

    Raises DirectoryUnavailable.
    """
    try:
        async with asyncio.timeout(deadline_s):
            yield
    except TimeoutError:
        advice = f"no answer within {deadline_s} s"
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        advice = _advice(error)
    else:
        return
    _log.error("the directory is unavailable: %s", advice)
    # Without the cause: a driver's exception may carry a row.
    raise DirectoryUnavailable(advice) from None


def _advice(error: BaseException) -> str:
    cause = getattr(error, "orig", None) or error
    while cause is not None:
        name = getattr(cause, "sqlite_errorname", None)
        if name is not None:
            known = (text for code, text in _SQLITE_ADVICE.items() if name.startswith(code))
            return next(known, f"the database says {name}")
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        if cause.__cause__ is None:
            break
        cause = cause.__cause__
    return f"the database driver raised {type(error).__name__}"
