"""Many users at once, in one transaction: all of them or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.auth.model import Person
from gateway.auth.ports import Clock
from gateway.directory.accounts import (
    MailOfAnotherError,
    OnChanged,
    nobody_listens,
    require_possible,
)
from gateway.directory.database import Database
from gateway.directory.mail_names import named_like_mail
from gateway.directory.rows import Account, columns_of, ends_sessions
from gateway.directory.schema import users

REPLACEABLE: Final = frozenset({"name", "email", "mobile", "groups", "enabled", "password_hash"})

_CHUNK: Final = 500
_KEY: Final = "key_of_row"


@dataclass(frozen=True, slots=True)
class Imported:
    """Everything was written."""

    added: int
    updated: int


@dataclass(frozen=True, slots=True)
class AlreadyThere:
    """Nothing was written: these users exist, and updating was not asked for."""

    users: tuple[str, ...]


class _Refused(Exception):
    """Some users exist: rolls the transaction back."""


def _no_report(_written: int) -> None:
    """Report to nobody."""


class Importer:
    """Writes a list of accounts into one database.

    `replace` names the columns (of REPLACEABLE) to overwrite for users that exist; None means
    that none may exist. An account without a password keeps the one there is. `on_changed` is
    awaited after the commit, as `accounts.Accounts` says.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        replace: frozenset[str] | None = None,
        on_changed: OnChanged = nobody_listens,
    ) -> None:
        if replace is not None and not replace <= REPLACEABLE:
            raise ValueError(f"unknown columns {sorted(replace - REPLACEABLE)}")
        self._database = database
        self._clock = clock
        self._replace = replace
        self._on_changed = on_changed
        self.committed = False
        """Whether what was written stands, whatever became of `write` afterwards."""

    async def existing(self, keys: Sequence[str]) -> frozenset[str]:
        """Return which of these canonical user names are taken. Raises Unavailable."""
        taken: set[str] = set()
        for start in range(0, len(keys), _CHUNK):
            some = keys[start : start + _CHUNK]
            wanted = sa.select(users.c.user_name).where(users.c.user_name.in_(some))
            async with self._database.reading() as connection:
                taken.update(await connection.scalars(wanted))
        return frozenset(taken)

    async def named_like_mail(self, people: Sequence[Person]) -> Mapping[str, str]:
        """Return which new users are named like somebody else's address in mail, and whose.

        Raises Unavailable.
        """
        async with self._database.reading(unhurried=True) as connection:
            return await named_like_mail(connection, people, self._replace)

    async def write(
        self, accounts: Sequence[Account], report: Callable[[int], object] = _no_report
    ) -> Imported | AlreadyThere:
        """Write all accounts, or none; `report` is called with how many more were written.

        Raises ValueError on an impossible or repeated user name, MailOfAnotherError as
        `named_like_mail` says, and Unavailable.
        """
        keys = {account.person.user for account in accounts}
        if len(keys) != len(accounts):
            raise ValueError("a user name is repeated")
        for key in keys:
            require_possible(key)
        existing: list[str] = []
        try:
            async with self._database.writing(alone=True, unhurried=True) as connection:
                ending = await self._write_all(connection, accounts, existing, report)
        except _Refused:
            return AlreadyThere(tuple(existing))
        self.committed = True
        for user in ending:
            await self._on_changed(user)
        return Imported(added=len(accounts) - len(existing), updated=len(existing))

    async def _write_all(
        self,
        connection: AsyncConnection,
        accounts: Sequence[Account],
        existing: list[str],
        report: Callable[[int], object],
    ) -> list[str]:
        """Write every chunk, noting who was there; return whose sessions must end."""
        ending: list[str] = []
        people = [account.person for account in accounts]
        for user, owner in (await named_like_mail(connection, people, self._replace)).items():
            raise MailOfAnotherError(user, owner)
        for chunk in _chunks(accounts):
            before = await _rows_of(connection, chunk)
            existing += before
            if self._replace is not None or not existing:
                ending += await self._write_chunk(connection, chunk, before)
            report(len(chunk))
        if existing and self._replace is None:
            raise _Refused
        return ending

    async def _write_chunk(
        self, connection: AsyncConnection, chunk: Sequence[Account], before: dict[str, Any]
    ) -> list[str]:
        """Insert and update; return whose sessions must end."""
        now = self._clock.now()
        rows = [columns_of(account) for account in chunk]
        new = [
            row | {"created": now, "changed": now} for row in rows if row["user_name"] not in before
        ]
        if new:
            await connection.execute(sa.insert(users), new)
        merged = [
            self._merge(before[row["user_name"]], row) for row in rows if row["user_name"] in before
        ]
        if merged:
            await connection.execute(
                _update(),
                [row | {"changed": now, _KEY: row["user_name"]} for row in merged],
            )
        return [row["user_name"] for row in merged if ends_sessions(before[row["user_name"]], row)]

    def _merge(self, before: Any, row: dict[str, Any]) -> dict[str, Any]:
        replaced = self._replace or frozenset()
        if row["password_hash"] is None:
            replaced -= {"password_hash"}
        return {
            column: value if column in replaced else getattr(before, column)
            for column, value in row.items()
        }


def _update() -> sa.Update:
    columns = [column for column in users.c if column.name != "created"]
    return (
        sa.update(users)
        .where(users.c.user_name == sa.bindparam(_KEY))
        .values({column: sa.bindparam(column.name, type_=column.type) for column in columns})
    )


def _chunks(accounts: Sequence[Account]) -> Iterator[Sequence[Account]]:
    for start in range(0, len(accounts), _CHUNK):
        yield accounts[start : start + _CHUNK]


async def _rows_of(connection: AsyncConnection, chunk: Sequence[Account]) -> dict[str, Any]:
    keys = [account.person.user for account in chunk]
    wanted = sa.select(users).where(users.c.user_name.in_(keys)).with_for_update()
    found = await connection.execute(wanted)
    return {row.user_name: row for row in found}
