"""Mobile numbers in a table of ours, for a directory that is only read.

A number that an employee registers here stands before that of the entry; one that was taken away
stays away.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import sqlalchemy as sa

from gateway.auth.model import Person
from gateway.auth.ports import Clock
from gateway.directory.database import Database
from gateway.directory.schema import mobiles


class Numbers:
    """The table of numbers, in the database of `[directory] path` or `url`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database: Final = database
        self._clock: Final = clock

    async def laid_over(self, person: Person) -> Person:
        """Return the person with the number that is kept here, if any was. Raises Unavailable."""
        one = sa.select(mobiles.c.mobile).where(mobiles.c.user_name == person.user)
        async with self._database.reading() as connection:
            row = (await connection.execute(one)).one_or_none()
        return person if row is None else replace(person, mobile=row.mobile)

    async def set(self, user: str, mobile: str | None) -> None:
        """Keep a number (E.164), or that there is none. Raises Unavailable."""
        of_user = mobiles.c.user_name == user
        values = {"mobile": mobile, "changed": self._clock.now()}
        async with self._database.writing(alone=True) as connection:
            kept = await connection.execute(sa.update(mobiles).where(of_user).values(values))
            if kept.rowcount == 0:
                await connection.execute(sa.insert(mobiles).values(user_name=user, **values))

    async def ping(self) -> None:
        """Raise Unavailable when the table cannot be read."""
        await self._database.ping()

    async def close(self) -> None:
        """Close every connection."""
        await self._database.close()
