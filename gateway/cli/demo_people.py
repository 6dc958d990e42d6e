"""The accounts of `portvakt demo`, and the guard that keeps their password out of production."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Final

from gateway.auth.model import Person
from gateway.auth.ports import Unavailable
from gateway.cli.opening import make_hasher
from gateway.directory.opening import AnyDirectory, open_directory
from gateway.directory.rows import Account
from gateway.settings.model import Settings
from gateway.system import SystemClock, SystemEntropy

PASSWORD: Final = "Demo7Pvx"  # noqa: S105 - printed on the screen, made by `demo` only
_STAFF: Final = ("staff",)
PEOPLE: Final = (
    Person("anna", "Anna Åkesson", "anna@example.com", "+46701740605", _STAFF, enabled=True),
    Person("bo", "Bo Hämäläinen", "bo@example.com", None, _STAFF, enabled=True),
    Person("siv", "Siv Ruiz", "siv@example.com", "+46701740606", ("staff", "hr"), enabled=True),
)


async def make_people(settings: Settings) -> None:
    """Add the demo's accounts that are missing; those that are there stay as they are.

    In an LDAP directory nobody is added, and nobody's password is tried.
    """
    if settings.directory.ldap is not None:
        return
    hasher = make_hasher()
    try:
        async with _directory(settings) as directory:
            for person in PEOPLE:
                if await directory.find(person.user) is None:
                    await directory.accounts.add(Account(person, await hasher.derive(PASSWORD)))
    finally:
        hasher.close()


async def opened_by_demo_password(settings: Settings) -> list[str]:
    """Return the demo's user names that its public password still opens (ASVS 6.3.2).

    A directory that does not answer has none to tell of: nobody can log on to it either.
    """
    found: list[str] = []
    if settings.directory.ldap is not None:
        return found
    with contextlib.suppress(Unavailable, ValueError):
        async with _directory(settings) as directory:
            for person in PEOPLE:
                known = await directory.find(person.user) is not None
                if known and await directory.authenticate(person.user, PASSWORD) is not None:
                    found.append(person.user)
    return found


@contextlib.asynccontextmanager
async def _directory(settings: Settings) -> AsyncIterator[AnyDirectory]:
    hasher = make_hasher()
    directory = open_directory(settings.directory, hasher, SystemClock(), SystemEntropy())
    try:
        yield directory
    finally:
        await directory.close()
        hasher.close()
