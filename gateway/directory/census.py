"""Counting what the password hashes in the table cost, behind the logons that ask for it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from typing import Final

import sqlalchemy as sa

from gateway.auth.ports import Clock, Unavailable
from gateway.directory.database import Database
from gateway.directory.decoys import Decoys
from gateway.directory.passwords import Cost, cost_of
from gateway.directory.schema import users
from gateway.tasks import spawn

EVERY_S: Final = 600.0
"""Between two counts; one reads 50 000 rows in a fifth of a second, a page at a time."""
_PAGE: Final = 1000


class Census:
    """Keeps `decoys` up to date while `keep` is called now and then."""

    def __init__(self, database: Database, decoys: Decoys, clock: Clock) -> None:
        self.decoys: Final = decoys
        self._database = database
        self._clock = clock
        self._next = 0.0
        self._counting: asyncio.Task[None] | None = None

    def keep(self) -> None:
        """Count again when that is due, without waiting for it."""
        now = self._clock.now()
        if now >= self._next:
            self._next = now + EVERY_S
            self._counting = spawn(self._count(), "count the costs of password hashes", apart=True)

    async def close(self) -> None:
        """Give a count under way up."""
        if self._counting is not None:
            self._counting.cancel()
            await asyncio.wait([self._counting])

    async def settled(self) -> None:
        """Wait for a count under way."""
        if self._counting is not None:
            await asyncio.wait([self._counting])

    async def _count(self) -> None:
        with contextlib.suppress(Unavailable):  # told by whoever needs an answer; then next time
            self.decoys.learn(await self._costs())

    async def _costs(self) -> Counter[Cost]:
        costs: Counter[Cost] = Counter()
        after = ""
        while True:
            page = (
                sa.select(users.c.user_name, users.c.password_hash)
                .where(users.c.user_name > after, users.c.password_hash.is_not(None))
                .order_by(users.c.user_name)
                .limit(_PAGE)
            )
            async with self._database.reading() as connection:
                rows = (await connection.execute(page)).all()
            costs.update(cost for row in rows if (cost := cost_of(row.password_hash)) is not None)
            if len(rows) < _PAGE:
                return costs
            after = rows[-1].user_name
