"""The table of users, and the engine that reaches it: SQLite by default, PostgreSQL by its URL.

SQLite runs with a write-ahead log (readers never wait for a writer), full sync and a busy time-out
shorter than a call's deadline; its file is 0600 in a directory made 0700, owned by the directory's
owner even when root made it. Imports SQLAlchemy only.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from policies.people import LONGEST_EMAIL, LONGEST_NAME
from policies.user_names import LONGEST as LONGEST_USER_NAME

_WRITES: Final = "portvakt_writes"

_CONNECTIONS: Final = 4
_OTHERS: Final = 0o077

metadata: Final = sa.MetaData()

users: Final = sa.Table(
    "users",
    metadata,
    sa.Column("user_name", sa.String(LONGEST_USER_NAME), primary_key=True),  # canonical
    sa.Column("name", sa.String(LONGEST_NAME), nullable=False),
    sa.Column("email", sa.String(LONGEST_EMAIL), nullable=False),  # "" when there is none
    sa.Column("mobile", sa.String(16)),  # E.164
    sa.Column("groups", sa.JSON, nullable=False),  # a list of names, always read as a whole
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("password_hash", sa.String(255)),  # PHC; null: cannot log on yet
    sa.Column("created", sa.Double, nullable=False),  # seconds since the epoch
    sa.Column("changed", sa.Double, nullable=False),
)


def make_engine(url: str, busy_timeout_s: float) -> AsyncEngine:
    """Return an engine that has not connected yet; statements' parameters are never logged."""
    address = make_url(url)
    for driver in ("aiosqlite", "sqlalchemy.engine"):  # their finer levels print rows and hashes
        logging.getLogger(driver).setLevel(logging.WARNING)
    if not _is_sqlite(address):
        return create_async_engine(
            address, hide_parameters=True, pool_pre_ping=True, pool_size=_CONNECTIONS
        )
    engine = create_async_engine(
        address,
        hide_parameters=True,
        connect_args={"timeout": busy_timeout_s},
        **({} if _file_of(address) is None else {"pool_size": _CONNECTIONS, "max_overflow": 0}),
    )
    event.listen(engine.sync_engine, "connect", _set_up)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def prepare_file(engine: AsyncEngine) -> None:
    """Make an SQLite database's directory (0700) and file (0600), or take others' rights away.

    Raises OSError.
    """
    path = _file_of(engine.url)
    if path is None:
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        mine = os.fstat(descriptor)
        if mine.st_mode & _OTHERS:
            os.fchmod(descriptor, mine.st_mode & ~_OTHERS & 0o7777)
        owner = path.parent.stat()
        # Whoever runs the command line as root must not shut the gateway's own user out.
        if os.geteuid() == 0 and mine.st_size == 0 and mine.st_uid != owner.st_uid:
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
    finally:
        os.close(descriptor)


def writer(engine: AsyncEngine) -> AsyncEngine:
    """Return the same engine for transactions that write: SQLite takes its lock at BEGIN."""
    return engine.execution_options(**{_WRITES: True})


async def create_tables(engine: AsyncEngine) -> None:
    """Create what is missing; two processes may do so at once. Raises SQLAlchemyError."""
    async with writer(engine).begin() as connection:
        await connection.execute(sa.schema.CreateTable(users, if_not_exists=True))


def _is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _file_of(url: URL) -> Path | None:
    if not _is_sqlite(url) or url.database in {None, "", ":memory:"}:
        return None
    return Path(str(url.database))


def _set_up(connection: Any, _record: object) -> None:
    # The driver would begin transactions by itself, but too late and never for a SELECT.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    # A transaction that reads and then writes would fail at once when another one wrote between.
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
