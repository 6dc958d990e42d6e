"""The directory in an SQL database: the port of the logon domain, and its factory.

`authenticate` reads the row, gives the connection back, and only then derives; a password that
proves right is judged once more by the row as it stands, so that an account disabled meanwhile
stays out. What operators do is in `accounts.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa

from gateway.auth.model import Person
from gateway.auth.ports import Clock, Unavailable
from gateway.directory.accounts import Accounts, OnChanged, nobody_listens
from gateway.directory.census import Census
from gateway.directory.database import DEADLINE_S, Database
from gateway.directory.decoys import Decoys
from gateway.directory.importing import Importer
from gateway.directory.passwords import PasswordHasher
from gateway.directory.rows import credential_of, person_of
from gateway.directory.schema import users
from gateway.directory.trouble import border
from gateway.settings.model import Directory as DirectorySettings
from gateway.spans import traced
from policies import user_names

_log = logging.getLogger("portvakt.directory")


class SqlDirectory:
    """Users in one table. Implements `gateway.auth.ports.Directory`.

    `accounts` changes users one by one, `importer(replace)` many at once. Close the directory
    after use; the hasher belongs to the caller.
    """

    def __init__(
        self,
        database: Database,
        hasher: PasswordHasher,
        accounts: Accounts,
        importer: Callable[[frozenset[str] | None], Importer],
        census: Census,
    ) -> None:
        self.accounts: Final = accounts
        self.importer: Final = importer
        self._database = database
        self._hasher = hasher
        self._census = census

    @traced("directory authenticate")
    async def authenticate(self, user_name: str, password: str) -> Person | None:
        """Return the person when the password is right and the account enabled, else None.

        One derivation whoever asks, for nobody of a cost that somebody's has. Raises Unavailable.
        """
        key = user_names.canonical(user_name)
        self._census.keep()
        async with border(self._database.deadline_s):
            known = await self._row(key)
            phc = None if known is None else known.password_hash
            right = await self._hasher.verify(password, phc, self._census.decoys.cost_for(key))
            if not right or not known.enabled:
                return None
            now = await self._row(key)
        if now is None or not now.enabled or now.password_hash != phc:
            return None
        person = person_of(now)
        if self._hasher.is_current(now.password_hash):
            return person
        renewed = await self._rehash(key, password, now.password_hash)
        return replace(person, credential=credential_of(renewed))

    async def find(self, user_name: str) -> Person | None:
        """Return the person by user name in any spelling, enabled or not. Raises Unavailable."""
        row = await self._row(user_names.canonical(user_name))
        return None if row is None else person_of(row)

    def canonical(self, user_name: str) -> str:
        """Return the spelling under which failures of this name are counted."""
        return user_names.canonical(user_name)

    async def ping(self) -> None:
        """Raise Unavailable when the table of users cannot be read."""
        await self._database.ping()

    def passed_over(self) -> dict[str, bool]:
        """Return whether callers are sent away because the database does not answer."""
        return {"database": self._database.is_away}

    async def close(self) -> None:
        """Close every connection."""
        await self._census.close()
        await self._database.close()

    async def _row(self, key: str) -> Any:
        if not user_names.is_possible(key):
            return None
        one = sa.select(users).where(users.c.user_name == key)
        async with self._database.reading() as connection:
            return (await connection.execute(one)).one_or_none()

    async def _rehash(self, key: str, password: str, old: str) -> str:
        """Keep the password at today's cost, unless it was changed meanwhile; else next time.

        Returns the hash of this password that was kept last.
        """
        try:
            new = await self._hasher.derive(password)
            async with self._database.writing() as connection:
                kept = await connection.execute(
                    sa.update(users)
                    .where(users.c.user_name == key, users.c.password_hash == old)
                    .values(password_hash=new)
                )
        except Unavailable as trouble:
            _log.warning("a password hash was not renewed: %s is unavailable", trouble.what)
            return old
        return new if kept.rowcount else old


def require_driver(settings: DirectorySettings) -> None:
    """Raise ValueError, in words for an operator, when the URL names no database we can drive."""
    url = settings.url.reveal()
    if url.startswith("sqlite"):  # what settings make of [directory] path
        return
    try:
        from gateway.directory.postgres import connection_values  # noqa: PLC0415 - an extra

        connection_values(url, DEADLINE_S)
    except ImportError:
        raise ValueError(
            "[directory] url needs psycopg, which is not installed: "
            ".venv/bin/pip install 'portvakt[postgres]'"
        ) from None
    except ValueError as error:
        # Without the cause: the URL may hold a password.
        raise ValueError(f"[directory] url: {error}") from None


def open_sql(
    settings: DirectorySettings,
    hasher: PasswordHasher,
    clock: Clock,
    *,
    on_changed: OnChanged = nobody_listens,
    deadline_s: float = DEADLINE_S,
    decoy_key: bytes = b"",
) -> SqlDirectory:
    """Return the directory in a database; nothing is opened before its first use.

    `on_changed(user)` is awaited after each change that must end the user's sessions. `decoy_key`
    (see `decoys.py`) is the same in every worker. Raises ValueError when the URL names no database
    we can drive.
    """
    require_driver(settings)
    database = Database(settings.url.reveal(), deadline_s)
    accounts = Accounts(database, hasher, clock, on_changed)

    def importer(replace: frozenset[str] | None) -> Importer:
        return Importer(database, clock, replace=replace, on_changed=on_changed)

    census = Census(database, Decoys(decoy_key, hasher.cost), clock)
    return SqlDirectory(database, hasher, accounts, importer, census)
