"""One database as the directory uses it: made ready once, each use a transaction with a deadline.

Nothing is opened before the first use, so a gateway starts while its database is away and answers
503 until it is back. Imports the schema and the border.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.directory import schema
from gateway.directory.trouble import border

DEADLINE_S: Final = 5.0
"""How long one call of the directory may take altogether."""

_BUSY_PART: Final = 0.5  # of the deadline: SQLite names the trouble before the deadline cuts it off


class Database:
    """Connections to one database. Close it after use."""

    def __init__(self, url: str, deadline_s: float = DEADLINE_S) -> None:
        self.deadline_s: Final = deadline_s
        self._busy_timeout_s = deadline_s * _BUSY_PART
        self._engine = schema.make_engine(url, self._busy_timeout_s)
        self._getting_ready = asyncio.Lock()
        self._is_ready = False

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Yield a connection to read with. Raises Unavailable."""
        async with border(self.deadline_s):
            await self._get_ready()
            async with self._engine.connect() as connection:
                yield connection

    @asynccontextmanager
    async def writing(self, *, unhurried: bool = False) -> AsyncIterator[AsyncConnection]:
        """Yield a connection in a transaction, committed when the body ends well.

        `unhurried` lifts the deadline: for an import, which is one long transaction. Raises
        Unavailable.
        """
        async with border(None if unhurried else self.deadline_s):
            await self._get_ready()
            async with schema.writer(self._engine).begin() as connection:
                yield connection

    async def ping(self) -> None:
        """Raise Unavailable when the table of users cannot be read."""
        async with self.reading() as connection:
            await connection.execute(sa.select(schema.users.c.user_name).limit(1))

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()

    async def _get_ready(self) -> None:
        if self._is_ready:
            return
        async with self._getting_ready:
            if not self._is_ready:
                await asyncio.to_thread(schema.prepare_file, self._engine, self._busy_timeout_s)
                await schema.create_tables(self._engine)
                self._is_ready = True
