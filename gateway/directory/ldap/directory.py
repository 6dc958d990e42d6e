"""The port of the logon domain on an LDAP directory.

A logon is a search by the service account and a bind under the name that was found. Whoever is not
there, or may not log on, costs the same: a bind, and no less time than such answers have taken.
"""

from __future__ import annotations

import asyncio
import logging
from time import monotonic
from typing import Final, NoReturn

from gateway.auth.model import Person
from gateway.auth.ports import Entropy
from gateway.directory.accounts import KeptElsewhere
from gateway.directory.ldap import entries
from gateway.directory.ldap.accounts import LdapAccounts
from gateway.directory.ldap.users import Users
from gateway.directory.passwords import PasswordUnusable, material
from gateway.spans import traced
from policies import user_names

_LONGEST_PACE_S: Final = 2.0
_REMEMBERED: Final = 0.9

_log = logging.getLogger("portvakt.directory")


class LdapDirectory:
    """Users of `[ldap]`. Implements `gateway.auth.ports.Directory`; close it after use."""

    def __init__(self, users: Users, accounts: LdapAccounts, entropy: Entropy) -> None:
        self.accounts: Final = accounts
        self._users = users
        self._entropy = entropy
        self._pace_s = 0.0

    @traced("directory authenticate")
    async def authenticate(self, user_name: str, password: str) -> Person | None:
        """Return the person when the password is right and the account enabled, else None.

        Raises Unavailable.
        """
        begun = monotonic()
        found = await self._users.find(user_name)
        typed = _typed(password)
        name, tried = self._decoy(), self._entropy.token(12).hex()
        if found is not None and typed is not None:
            name, tried = entries.bind_name(self._users.rules, found.dn, found.person.user), typed
        right = await self._users.servers.is_password(name, tried)
        self._learn_pace(monotonic() - begun)
        if right and found is not None and typed is not None:
            if found.person.enabled:
                return found.person
            _log.info("right password of %s: %s", found.person.user, found.state.value)
        await asyncio.sleep(max(0.0, begun + self._pace_s - monotonic()))
        return None

    async def find(self, user_name: str) -> Person | None:
        """Return the person by user name in any spelling, enabled or not. Raises Unavailable."""
        found = await self._users.find(user_name)
        return None if found is None else found.person

    def canonical(self, user_name: str) -> str:
        """Return the spelling under which failures of this name are counted."""
        return user_names.canonical(user_name)

    async def ping(self) -> None:
        """Raise Unavailable when no server answers the service account."""
        await self._users.ping()

    def passed_over(self) -> dict[str, bool]:
        """Return which servers are asked last because they do not answer, by URL."""
        return self._users.servers.passed_over()

    async def close(self) -> None:
        """Close every connection."""
        await self._users.close()

    def importer(self, replace: frozenset[str] | None) -> NoReturn:
        """Raise KeptElsewhere."""
        del replace
        raise KeptElsewhere("Users are kept in the directory of [ldap]: import them there.")

    def _decoy(self) -> str:
        """Return a name that nobody has, so that whoever is not there costs a bind too."""
        nobody = self._entropy.token(8).hex()
        if self._users.rules.bind_as != "{dn}":
            return self._users.rules.bind_as.replace("{user}", nobody)
        return f"CN={nobody},{self._users.rules.base}"

    def _learn_pace(self, took_s: float) -> None:
        """Remember how long an answer takes at most; old ones fade."""
        faded = self._pace_s * _REMEMBERED + took_s * (1 - _REMEMBERED)
        self._pace_s = min(_LONGEST_PACE_S, max(took_s, faded))


def _typed(password: str) -> str | None:
    """Return the password as the directory has it, or None for what none can be.

    An empty one above all: a bind with it succeeds whoever is named (RFC 4513 section 5.1.2).
    """
    try:
        return material(password).decode()
    except PasswordUnusable:
        return None
