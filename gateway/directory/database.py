"""One database as the directory uses it: made ready once, each use a transaction with a deadline.

Nothing is opened before the first use, so a gateway starts while its database is away and answers
503 until it is back, or until its tables are what this version needs. An SQLite file is this
gateway's alone and is brought up to date here; of PostgreSQL, which others use too, that is the
operator's to do (`portvakt migrate`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.directory import sqlite_file
from gateway.directory.breaker import Breaker
from gateway.directory.schema import users
from gateway.directory.standing import SchemaDue, Standing, State, create, look
from gateway.directory.trouble import DirectoryUnavailable, border
from gateway.spans import calling

if TYPE_CHECKING:
    from gateway.directory.migrating import Step

DEADLINE_S: Final = 5.0
"""How long one call of the directory may take altogether."""

# Of the deadline: the database names the trouble before the deadline cuts it off.
_BUSY_PART: Final = 0.5
_STATEMENT_PART: Final = 0.8
_ALONE: Final = 0x706F727476616B74
"""The advisory lock of whoever writes by what the whole table says: PostgreSQL's numbers."""

_ONE_AT_A_TIME: Final = (
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL lock_timeout = '60s'",
    f"SELECT pg_advisory_xact_lock({_ALONE + 1})",
    # Whoever waits for a table keeps everybody else waiting behind it.
    "SET LOCAL lock_timeout = '5s'",
)
"""What a migration says first: it may take its time, but not that of others."""

_log = logging.getLogger("portvakt.directory")


class Database:
    """Connections to one database. Close it after use."""

    def __init__(self, url: str, deadline_s: float = DEADLINE_S) -> None:
        """Open nothing yet; a URL is SQLAlchemy's or libpq's. Raises ValueError when it is none."""
        self.deadline_s: Final = deadline_s
        self.is_sqlite: Final = url.startswith("sqlite")
        self._about = {"db.system.name": "sqlite" if self.is_sqlite else "postgresql"}
        self._busy_timeout_s = deadline_s * _BUSY_PART
        for driver in ("aiosqlite", "psycopg", "sqlalchemy.engine"):  # finer levels print rows
            logging.getLogger(driver).setLevel(logging.WARNING)
        self._engine = self._make_engine(url)
        self._readers, self._writers = self._engine, sqlite_file.writer(self._engine)
        if not self.is_sqlite:  # one statement is a transaction: no BEGIN, no COMMIT to wait for
            self._readers = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._breaker = None if self.is_sqlite else Breaker()
        self._getting_ready = asyncio.Lock()
        self._is_ready = False

    @asynccontextmanager
    async def reading(self, *, unhurried: bool = False) -> AsyncIterator[AsyncConnection]:
        """Yield a connection for statements that read, each by itself. Raises Unavailable."""
        async with self._watched("read users", None if unhurried else self.deadline_s):
            await self._get_ready()
            async with self._readers.connect() as connection:
                yield connection

    @asynccontextmanager
    async def writing(
        self, *, alone: bool = False, unhurried: bool = False
    ) -> AsyncIterator[AsyncConnection]:
        """Yield a connection in a transaction, committed when the body ends well.

        `alone`: no other body that asked for it runs meanwhile, here or on another machine (in
        SQLite none that writes ever does). `unhurried` lifts the deadline: for an import, which is
        one long transaction. Raises Unavailable.
        """
        async with self._watched("write users", None if unhurried else self.deadline_s):
            await self._get_ready()
            async with self._writers.begin() as connection:
                if unhurried and not self.is_sqlite:
                    await connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
                if alone and not self.is_sqlite:
                    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ALONE)))
                yield connection

    async def ping(self) -> None:
        """Raise Unavailable when the table of users cannot be read."""
        async with self.reading() as connection:
            await connection.execute(sa.select(users.c.user_name).limit(1))

    async def standing(self) -> Standing:
        """Return how the tables are, whatever that is; nothing is changed. Raises Unavailable."""
        if self.is_sqlite and not sqlite_file.is_there(self._engine):
            return Standing(State.EMPTY)  # looking would make it
        async with border(self.deadline_s), self._readers.connect() as connection:
            return await connection.run_sync(look)

    async def migrate(self) -> Sequence[Step]:
        """Bring the tables up to date, all or nothing; return what was done.

        Of two at once the second finds nothing to do. Raises Unavailable.
        """
        async with border(None):
            if self.is_sqlite:
                await asyncio.to_thread(
                    sqlite_file.prepare_file, self._engine, self._busy_timeout_s
                )
            async with self._writers.begin() as connection:
                for statement in () if self.is_sqlite else _ONE_AT_A_TIME:
                    await connection.execute(sa.text(statement))
                return await _upgrade(connection)

    @property
    def is_away(self) -> bool:
        """Whether callers are sent away because it does not answer."""
        return self._breaker is not None and self._breaker.is_away

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()

    def _make_engine(self, url: str) -> AsyncEngine:
        if self.is_sqlite:
            return sqlite_file.make_engine(url, self._busy_timeout_s)
        from gateway.directory.postgres import make_engine  # noqa: PLC0415 - an extra

        return make_engine(url, self.deadline_s * _STATEMENT_PART)

    @asynccontextmanager
    async def _watched(self, what: str, deadline_s: float | None) -> AsyncIterator[None]:
        """Run the body as `border` does, unless a database that is away need not be asked.

        `what` it does is what a trace calls it.
        """
        breaker, now = self._breaker, asyncio.get_running_loop().time
        if breaker is not None and not breaker.lets(now()):
            raise DirectoryUnavailable("it did not answer a moment ago")
        try:
            with calling(what, self._about):
                async with border(deadline_s):
                    yield
        except DirectoryUnavailable as trouble:
            if breaker is not None and trouble.is_away:
                if breaker.failed(now()):
                    _log.error("the directory is away: it is asked now and then from here on")
            elif breaker is not None:
                breaker.worked()
            raise
        except asyncio.CancelledError:
            raise
        except Exception:
            if breaker is not None:
                breaker.worked()
            raise
        if breaker is not None and breaker.worked():
            _log.warning("the directory is back")

    async def _get_ready(self) -> None:
        if self._is_ready:
            return
        async with self._getting_ready:
            if not self._is_ready:
                await self._look()
                self._is_ready = True

    async def _look(self) -> None:
        """See that the tables are there. Raises SchemaDue, OSError, SQLAlchemyError."""
        if self.is_sqlite:
            await asyncio.to_thread(sqlite_file.prepare_file, self._engine, self._busy_timeout_s)
        async with self._readers.connect() as connection:
            standing = await connection.run_sync(look)
        if self.is_sqlite and not standing.is_usable:  # else no lock is waited for
            async with self._writers.begin() as connection:
                standing = await _brought_up(connection)
        if not standing.is_usable:
            raise SchemaDue(standing.told)
        if standing.state is State.NEWER:
            _log.warning("%s: update this one", standing.told)


async def _brought_up(connection: AsyncConnection) -> Standing:
    """Return how the tables are once those of an SQLite file are what this version needs."""
    standing = await connection.run_sync(look)
    if standing.state is State.EMPTY:
        await connection.run_sync(create)
    elif standing.state in {State.UNVERSIONED, State.OLDER}:
        for step in await _upgrade(connection):
            _log.info("the directory's file is brought to revision %s", step.revision)
    else:
        return standing
    return await connection.run_sync(look)


async def _upgrade(connection: AsyncConnection) -> Sequence[Step]:
    migrating = await asyncio.to_thread(import_module, "gateway.directory.migrating")  # slow
    steps: Sequence[Step] = await connection.run_sync(migrating.upgrade)
    return steps
