"""A directory in one SQLite file: its engine, and the file itself.

It runs with a write-ahead log (readers never wait for a writer), full sync and a busy time-out
shorter than a call's deadline; its file is 0600 in a directory made 0700, owned by the directory's
owner even when root made it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from gateway.directory.same_file import insist_on_file

_WRITES: Final = "portvakt_writes"

_CONNECTIONS: Final = 4
_OTHERS: Final = 0o077


def make_engine(url: str, busy_timeout_s: float) -> AsyncEngine:
    """Return an engine that has not connected yet; statements' parameters are never logged."""
    address = make_url(url)
    path = _file_of(address)
    engine = create_async_engine(
        address,
        hide_parameters=True,
        connect_args={"timeout": busy_timeout_s},
        **({} if path is None else {"pool_size": _CONNECTIONS, "max_overflow": 0}),
    )
    if path is not None:
        insist_on_file(engine.sync_engine, path)
    event.listen(engine.sync_engine, "connect", _set_up)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def is_there(engine: AsyncEngine) -> bool:
    """Return whether the database's file exists, or is kept in memory."""
    path = _file_of(engine.url)
    return path is None or path.exists()


def prepare_file(engine: AsyncEngine, busy_timeout_s: float) -> None:
    """Make an SQLite database's directory (0700) and file (0600), or take others' rights away.

    One process at a time: a change of journal mode fails at once, without waiting, when two try.
    Blocks. Raises OSError and sqlite3.Error.
    """
    path = _file_of(engine.url)
    if path is None:
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    place = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(place, fcntl.LOCK_EX)
        _own(path)
        with contextlib.closing(sqlite3.connect(path, timeout=busy_timeout_s)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
    finally:
        os.close(place)


def _own(path: Path) -> None:
    # A file that is there is never opened here: closing it would drop SQLite's locks on it, which
    # belong to the whole process.
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        mode = path.stat().st_mode
        if mode & _OTHERS:
            path.chmod(mode & 0o7777 & ~_OTHERS)
        return
    # Whoever runs the command line as root must not shut the gateway's own user out.
    owner = path.parent.stat()
    if os.geteuid() == 0 and owner.st_uid != 0:
        os.chown(path, owner.st_uid, owner.st_gid)


def writer(engine: AsyncEngine) -> AsyncEngine:
    """Return the same engine for transactions that write: SQLite takes its lock at BEGIN."""
    return engine.execution_options(**{_WRITES: True})


def _file_of(url: URL) -> Path | None:
    if url.database in {None, "", ":memory:"}:
        return None
    return Path(str(url.database))


def _set_up(connection: Any, _record: object) -> None:
    # The driver would begin transactions by itself, but too late and never for a SELECT.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    # A transaction that reads and then writes would fail at once when another one wrote between.
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
