"""What operators do with users: add, list, change, remove, import.

Values are taken as the policies left them (canonical user name, E.164 number); here they are only
kept. "Not found" and "already there" are answers; a database in trouble is Unavailable.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.auth.ports import Clock
from gateway.directory.database import Database
from gateway.directory.mail_names import owner_of_mail
from gateway.directory.passwords import PasswordHasher
from gateway.directory.rows import Account, Entry, columns_of, ends_sessions, entry_of
from gateway.directory.schema import users
from policies import user_names

OnChanged = Callable[[str], Awaitable[object]]
"""Called with the canonical user name, after the commit, when that user's sessions must end."""

_PAGE: Final = 500


class MailOfAnotherError(Exception):
    """The user name is the address in mail of somebody else, who could be taken for this one."""

    def __init__(self, user: str, owner: str) -> None:
        super().__init__(f"{user} is the address in mail of {owner}")
        self.owner = owner


class KeptElsewhere(Exception):
    """What was asked for is done in another directory; the text says so."""


class _Taken(Exception):
    """The user name is in use: rolls the transaction back."""


async def nobody_listens(_user: str) -> None:
    """Do nothing: for a process that keeps no sessions."""


def require_possible(user: str) -> None:
    """Raise ValueError when no account may have this name, or it is not spelled canonically."""
    if user_names.canonical(user) != user or not user_names.is_possible(user):
        raise ValueError(f"{user!r} is not a canonical user name")


class Accounts:
    """The users of one database.

    `on_changed` is awaited after a password was changed, an account disabled or removed, or a
    group taken away: it ends the user's sessions. What it raises reaches the caller; the change
    itself then stands.
    """

    def __init__(
        self,
        database: Database,
        hasher: PasswordHasher,
        clock: Clock,
        on_changed: OnChanged = nobody_listens,
    ) -> None:
        self._database = database
        self._hasher = hasher
        self._clock = clock
        self._on_changed = on_changed

    async def add(self, account: Account) -> bool:
        """Add a user; False when the name is taken.

        Raises ValueError on an impossible name, MailOfAnotherError on one that is another's mail.
        """
        require_possible(account.person.user)
        now = self._clock.now()
        row = columns_of(account) | {"created": now, "changed": now}
        try:
            async with self._database.writing(alone=True) as connection:
                await _see_that_it_is_no_mail(connection, account.person.user)
                await _insert(connection, row)
        except _Taken:
            return False
        return True

    async def entries(self) -> AsyncIterator[Entry]:
        """Yield everybody in the order of user names, a page at a time."""
        after = ""
        while True:
            page = (
                sa.select(users)
                .where(users.c.user_name > after)
                .order_by(users.c.user_name)
                .limit(_PAGE)
            )
            async with self._database.reading() as connection:
                rows = (await connection.execute(page)).all()
            for row in rows:
                yield entry_of(row)
            if len(rows) < _PAGE:
                return
            after = rows[-1].user_name

    async def show(self, user_name: str) -> Entry | None:
        """Return one user."""
        one = sa.select(users).where(users.c.user_name == user_names.canonical(user_name))
        async with self._database.reading() as connection:
            row = (await connection.execute(one)).one_or_none()
        return None if row is None else entry_of(row)

    async def remove(self, user_name: str) -> bool:
        """Remove a user; False when there is none. Ends the user's sessions."""
        key = user_names.canonical(user_name)
        async with self._database.writing() as connection:
            gone = await connection.execute(sa.delete(users).where(users.c.user_name == key))
        if gone.rowcount == 0:
            return False
        await self._on_changed(key)
        return True

    async def set_enabled(self, user_name: str, *, enabled: bool) -> bool:
        """Let a user log on or not; False when there is none. Disabling ends the sessions."""
        return await self._change(user_name, {"enabled": enabled})

    async def set_password(self, user_name: str, password: str) -> bool:
        """Set a password; False when there is no such user. Ends the sessions.

        Raises PasswordUnusable.
        """
        return await self._change(user_name, {"password_hash": await self._hasher.derive(password)})

    async def set_mobile(self, user_name: str, mobile: str | None) -> bool:
        """Set or take away the mobile number (E.164); False when there is no such user."""
        return await self._change(user_name, {"mobile": mobile})

    async def set_groups(self, user_name: str, groups: Sequence[str]) -> bool:
        """Set the groups; False when there is no such user. Taking one away ends the sessions."""
        return await self._change(user_name, {"groups": list(groups)})

    async def _change(self, user_name: str, values: dict[str, Any]) -> bool:
        key = user_names.canonical(user_name)
        of_user = users.c.user_name == key
        async with self._database.writing() as connection:
            row = sa.select(users).where(of_user).with_for_update()
            before = (await connection.execute(row)).one_or_none()
            if before is None:
                return False
            changed = {**values, "changed": self._clock.now()}
            await connection.execute(sa.update(users).where(of_user).values(changed))
        if ends_sessions(before, {**before._asdict(), **values}):
            await self._on_changed(key)
        return True


async def _see_that_it_is_no_mail(connection: AsyncConnection, user: str) -> None:
    owner = await owner_of_mail(connection, user) if "@" in user else None
    if owner is not None:
        raise MailOfAnotherError(user, owner)


async def _insert(connection: AsyncConnection, row: dict[str, Any]) -> None:
    try:
        await connection.execute(sa.insert(users).values(row))
    except IntegrityError:
        raise _Taken from None
