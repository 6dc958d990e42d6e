"""Nobody new may be named like the address in mail of somebody else, for whom they could be taken.

An account so named would get what is meant for the other: whoever knows a colleague's address
types it as a user name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.auth.model import Person
from gateway.directory.schema import users
from policies import user_names

_CHUNK: Final = 500


async def owner_of_mail(connection: AsyncConnection, user: str) -> str | None:
    """Return who else has mail under this canonical user name."""
    return (await _in_table(connection, [user])).get(user)


async def named_like_mail(
    connection: AsyncConnection, people: Sequence[Person], replace: frozenset[str] | None
) -> Mapping[str, str]:
    """Return which of these people, where they are new, are so named, and whose the address is.

    What counts are the addresses as they would be after the import, which overwrites the columns
    `replace` of users that exist (None: there are none).
    """
    names = [person.user for person in people if "@" in person.user]
    if replace is not None:
        taken = set[str]()
        for some in _chunks(names):
            found = sa.select(users.c.user_name).where(users.c.user_name.in_(some))
            taken.update(await connection.scalars(found))
        names = [name for name in names if name not in taken]
    owners: dict[str, list[str]] = defaultdict(list)
    for person in people:
        if person.email:
            owners[user_names.canonical(person.email)].append(person.user)
    rewritten = {person.user for person in people} if "email" in (replace or ()) else set[str]()
    clashes: dict[str, str] = {}
    for some in _chunks(names):
        clashes |= await _in_table(connection, some, rewritten)
    beside = ((name, owner) for name in names for owner in owners[name] if owner != name)
    return clashes | dict(beside)


async def _in_table(
    connection: AsyncConnection, names: Sequence[str], but: Collection[str] = ()
) -> dict[str, str]:
    address = sa.func.lower(users.c.email)
    found = sa.select(address, users.c.user_name).where(
        address.in_(names), address != users.c.user_name
    )
    rows = await connection.execute(found)
    return {name: owner for name, owner in rows if owner not in but}


def _chunks(names: Sequence[str]) -> list[Sequence[str]]:
    return [names[start : start + _CHUNK] for start in range(0, len(names), _CHUNK)]
