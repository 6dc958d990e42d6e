"""What is changed in an LDAP directory: a password, a mobile number. The rest is its own owners'.

A password is set by the service account: by the password modify operation (RFC 3062), or as
`unicodePwd` in Active Directory ([MS-ADTS] 3.1.1.3.1.5), which takes it over TLS only.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final, NoReturn

import ldap

from gateway.auth.ports import PasswordRefused
from gateway.directory.accounts import KeptElsewhere, OnChanged, nobody_listens
from gateway.directory.ldap.users import Users
from gateway.directory.passwords import material
from gateway.directory.rows import Account, Entry
from gateway.directory.trouble import DirectoryUnavailable
from gateway.settings.ldap import ACTIVE_DIRECTORY

_REFUSALS: Final = (
    ldap.CONSTRAINT_VIOLATION,
    ldap.UNWILLING_TO_PERFORM,
    ldap.INSUFFICIENT_ACCESS,
    ldap.NO_SUCH_ATTRIBUTE,
    ldap.OBJECT_CLASS_VIOLATION,
    ldap.UNDEFINED_TYPE,
)


class LdapAccounts:
    """The users of one directory. See `gateway.directory.accounts.Accounts` for the contract."""

    def __init__(self, users: Users, on_changed: OnChanged = nobody_listens) -> None:
        self._users = users
        self._on_changed = on_changed

    async def set_password(self, user_name: str, password: str) -> bool:
        """Set a password; False when there is no such user. Ends the sessions.

        Raises PasswordUnusable; PasswordRefused when it breaks a rule of the directory's own; and
        Unavailable.
        """
        typed = material(password).decode()
        found = await self._users.find(user_name)
        if found is None:
            return False
        if not await self._change(
            lambda connection: self._write_password(connection, found.dn, typed)
        ):
            raise PasswordRefused
        await self._on_changed(found.person.user)
        return True

    async def set_mobile(self, user_name: str, mobile: str | None) -> bool:
        """Set or take away the mobile number (E.164); False when there is no such user."""
        found = await self._users.find(user_name)
        if found is None:
            return False
        if self._users.numbers is not None:
            await self._users.numbers.set(found.person.user, mobile)
            return True
        values = None if mobile is None else [mobile.encode("ascii")]
        change = [(ldap.MOD_REPLACE, self._users.rules.mobile, values)]
        if not await self._change(lambda connection: connection.modify_s(found.dn, change)):
            raise DirectoryUnavailable("the directory refuses the number by a rule of its own")
        return True

    async def show(self, user_name: str) -> Entry | None:
        """Return one user. Raises Unavailable."""
        found = await self._users.find(user_name)
        if found is None:
            return None
        return Entry(found.person, has_password=True, state=found.state.value)

    async def entries(self) -> AsyncIterator[Entry]:
        """Yield everybody in the order of user names, groups left out. Raises Unavailable."""
        for one in await self._users.all():
            yield Entry(one.person, has_password=True, state=one.state.value)

    async def add(self, account: Account) -> bool:
        """Raise KeptElsewhere."""
        self._elsewhere(account)

    async def remove(self, user_name: str) -> bool:
        """Raise KeptElsewhere."""
        self._elsewhere(user_name)

    async def set_enabled(self, user_name: str, *, enabled: bool) -> bool:
        """Raise KeptElsewhere."""
        self._elsewhere(user_name, enabled)

    async def set_groups(self, user_name: str, groups: Sequence[str]) -> bool:
        """Raise KeptElsewhere."""
        self._elsewhere(user_name, groups)

    def _elsewhere(self, *_given: object) -> NoReturn:
        raise KeptElsewhere(
            "Users are kept in the directory of [ldap]: change them there. Their sessions end "
            "within [ldap] recheck, or now: portvakt session revoke --user NAME"
        )

    def _write_password(self, connection: Any, dn: str, password: str) -> None:
        if self._users.rules.kind == ACTIVE_DIRECTORY:
            quoted = f'"{password}"'.encode("utf-16-le")
            connection.modify_s(dn, [(ldap.MOD_REPLACE, "unicodePwd", [quoted])])
        else:
            connection.passwd_s(dn, None, password)

    async def _change(self, change: Callable[[Any], object]) -> bool:
        """Make a change; False when its value breaks a rule of the directory's own.

        Raises Unavailable, also when we have not the right to make it.
        """

        def made(connection: Any) -> ldap.LDAPError | None:
            try:
                change(connection)
            except _REFUSALS as error:
                return error
            return None

        refused = await self._users.servers.ask(made)
        if refused is None:
            return True
        if _breaks_rules(refused):
            return False
        told = type(refused).__name__.lower().replace("_", " ")
        raise DirectoryUnavailable(f"the directory refuses the change: {told}")


def _breaks_rules(refused: ldap.LDAPError) -> bool:
    """Return whether a value was refused, rather than we.

    OpenLDAP's ppolicy and Samba answer constraintViolation, Active Directory unwillingToPerform
    with the Win32 error ERROR_PASSWORD_RESTRICTION ([MS-ERREF] 2.2: 0x52D).
    """
    if isinstance(refused, ldap.CONSTRAINT_VIOLATION):
        return True
    told = refused.args[0].get("info", "") if refused.args else ""
    return isinstance(refused, ldap.UNWILLING_TO_PERFORM) and told.upper().startswith("0000052D")
