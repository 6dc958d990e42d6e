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

from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gateway.auth.ports import Unavailable
from gateway.directory.standing import SchemaDue

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


_POSTGRES_ADVICE: Final = {
    "08": "the connection to the database failed",
    "22": "the database refuses a value: was its table changed by hand?",
    "23": "another change came between: say the same again",
    "25006": "this database server is a read-only standby: name the primary, or all servers",
    "28": "the database refuses the user or the password of [directory] url",
    "3D000": "there is no such database: create it, or correct [directory] url",
    "40": "another change came between: say the same again",
    "42501": "the database user of [directory] url lacks the right",
    "42": "the database's tables are not as they should be: look with portvakt migrate --check",
    "53100": "the disk of the database is full",
    "53300": "the database has no connection left: raise its max_connections",
    "55P03": "somebody else holds a lock in the database",
    "57014": "the database took too long for a statement",
    "57P": "the database is shutting down or starting",
    "58": "the database cannot read or write its files",
    "XX": "the database is damaged",
}
"""By the beginning of an SQLSTATE; the longest that fits counts."""
_AWAY: Final = ("08", "53", "57P", "58", "XX")
_LONGEST_TOLD: Final = 300
_LIBPQ_ASKS: Final = " Is the server running on that host and accepting TCP/IP connections?"


class DirectoryUnavailable(Unavailable):
    """The directory cannot answer; `advice` says why in an operator's words.

    `is_away`: it was not there to answer, rather than that it would not do what it was told.
    """

    def __init__(self, advice: str, *, is_away: bool = False) -> None:
        super().__init__("directory")
        self.advice = advice
        self.is_away = is_away


@asynccontextmanager
async def border(deadline_s: float | None) -> AsyncIterator[None]:
    """Run the body within `deadline_s` seconds (None: no limit) and translate what fails.

    Raises DirectoryUnavailable.
    """
    is_away = True
    try:
        async with asyncio.timeout(deadline_s):
            yield
    except TimeoutError:
        advice = f"no answer within {deadline_s} s"
    except SchemaDue as due:
        advice, is_away = str(due), False
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        advice, is_away = _advice(error), _is_away(error)
    else:
        return
    _log.error("the directory is unavailable: %s", advice)
    # Without the cause: a driver's exception may carry a row.
    raise DirectoryUnavailable(advice, is_away=is_away) from None


def _advice(error: BaseException) -> str:
    cause = getattr(error, "orig", None) or error
    while cause is not None:
        if (said := _said(cause)) is not None:
            return said
        if cause.__cause__ is None:
            break
        cause = cause.__cause__
    return f"the database driver raised {type(error).__name__}"


def _said(cause: BaseException) -> str | None:
    """Return what one exception tells an operator, if it tells anything."""
    if (name := getattr(cause, "sqlite_errorname", None)) is not None:
        known = (text for code, text in _SQLITE_ADVICE.items() if name.startswith(code))
        return next(known, f"the database says {name}")
    if (code := getattr(cause, "sqlstate", None)) is not None:
        fitting = [one for one in _POSTGRES_ADVICE if code.startswith(one)]
        said = _POSTGRES_ADVICE[max(fitting, key=len)] if fitting else "the database says no"
        return f"{said} (SQLSTATE {code})"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    if type(cause).__module__ == "psycopg" and type(cause).__name__ == "OperationalError":
        # libpq's own, about the connection alone: host, port and user, but no password and no row.
        told = " ".join(str(cause).split()).replace(_LIBPQ_ASKS, "")
        return told[:_LONGEST_TOLD].rstrip(". ")
    return None


def _is_away(error: BaseException) -> bool:
    """Return whether nobody answered, as far as an exception tells."""
    if isinstance(error, OSError):
        return True
    cause = getattr(error, "orig", None)
    code = getattr(cause, "sqlstate", None)
    if isinstance(code, str):
        return code.startswith(_AWAY)
    return isinstance(error, OperationalError | PoolTimeout)
