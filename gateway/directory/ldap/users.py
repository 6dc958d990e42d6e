"""The users of an LDAP directory, with the numbers that we keep for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import ldap

from gateway.auth.ports import Clock
from gateway.directory.ldap.numbers import Numbers
from gateway.directory.ldap.reading import Found, everybody, look_up
from gateway.directory.ldap.servers import Servers
from gateway.settings.ldap import Ldap
from policies import user_names


class Users:
    """Whom the directory knows. `numbers` is None when entries hold the numbers themselves."""

    def __init__(
        self, rules: Ldap, region: str, servers: Servers, numbers: Numbers | None, clock: Clock
    ) -> None:
        self.rules: Final = rules
        self.servers: Final = servers
        self.numbers: Final = numbers
        self._region = region
        self._clock = clock

    async def find(self, user_name: str) -> Found | None:
        """Return whom a user name in any spelling means. Raises Unavailable."""
        key = user_names.canonical(user_name)
        if not user_names.is_possible(key):
            return None
        now = self._clock.now()
        found = await self.servers.ask(
            lambda connection: look_up(connection, self.rules, key, self._region, now)
        )
        if found is None or self.numbers is None:
            return found
        return replace(found, person=await self.numbers.laid_over(found.person))

    async def all(self) -> Sequence[Found]:
        """Return everybody in the order of user names, without groups. Raises Unavailable."""
        now = self._clock.now()
        found = await self.servers.ask(
            lambda connection: list(everybody(connection, self.rules, self._region, now))
        )
        return sorted(found, key=lambda one: one.person.user)

    async def ping(self) -> None:
        """Raise Unavailable when no server answers the service account."""
        await self.servers.ask(self._read_base)
        if self.numbers is not None:
            await self.numbers.ping()

    async def close(self) -> None:
        """Close every connection."""
        await self.servers.close()
        if self.numbers is not None:
            await self.numbers.close()

    def _read_base(self, connection: Any) -> None:
        connection.search_ext_s(self.rules.base, ldap.SCOPE_BASE, "(objectClass=*)", ["1.1"])
