"""The directory that gateway.toml describes, of whatever kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, Union

from gateway.auth.ports import Clock, Entropy
from gateway.directory.accounts import Accounts, OnChanged, nobody_listens
from gateway.directory.database import DEADLINE_S, Database
from gateway.directory.passwords import PasswordHasher
from gateway.directory.sql import SqlDirectory, open_sql
from gateway.directory.sql import require_driver as require_database
from gateway.settings.ldap import Ldap
from gateway.settings.model import Directory as DirectorySettings

if TYPE_CHECKING:
    from gateway.directory.ldap.accounts import LdapAccounts
    from gateway.directory.ldap.directory import LdapDirectory

AnyDirectory: TypeAlias = Union[SqlDirectory, "LdapDirectory"]
AnyAccounts: TypeAlias = Union[Accounts, "LdapAccounts"]


def open_directory(
    settings: DirectorySettings,
    hasher: PasswordHasher,
    clock: Clock,
    entropy: Entropy,
    *,
    on_changed: OnChanged = nobody_listens,
    decoy_key: bytes = b"",
) -> AnyDirectory:
    """Return the directory that `[directory]` describes; nothing is opened before its first use.

    `on_changed(user)` is awaited after each change that must end the user's sessions. `decoy_key`
    (see `decoys.py`) is the same in every worker. Raises ValueError when it cannot be driven.
    """
    if settings.ldap is None:
        return open_sql(settings, hasher, clock, on_changed=on_changed, decoy_key=decoy_key)
    require_driver(settings)
    return _open_ldap(settings, settings.ldap, clock, entropy, on_changed)


def require_driver(settings: DirectorySettings) -> None:
    """Raise ValueError, in words for an operator, when what reaches it is not installed."""
    require_database(settings)
    if settings.ldap is None:
        return
    try:
        import ldap  # noqa: F401, PLC0415 - an extra that few install
    except ImportError:
        raise ValueError(
            '[directory] kind = "ldap" needs python-ldap, which is not installed: '
            ".venv/bin/pip install 'portvakt[ldap]' (it is built against libldap: on Debian and "
            "Ubuntu first apt install gcc python3-dev libldap-dev libsasl2-dev)"
        ) from None


def _open_ldap(
    settings: DirectorySettings, rules: Ldap, clock: Clock, entropy: Entropy, on_changed: OnChanged
) -> LdapDirectory:
    from gateway.directory.ldap.accounts import LdapAccounts  # noqa: PLC0415 - see above
    from gateway.directory.ldap.directory import LdapDirectory  # noqa: PLC0415
    from gateway.directory.ldap.numbers import Numbers  # noqa: PLC0415
    from gateway.directory.ldap.servers import Servers  # noqa: PLC0415
    from gateway.directory.ldap.users import Users  # noqa: PLC0415

    own = rules.mobile_in == "own"
    numbers = Numbers(Database(settings.url.reveal(), DEADLINE_S), clock) if own else None
    users = Users(rules, settings.region, Servers(rules), numbers, clock)
    return LdapDirectory(users, LdapAccounts(users, on_changed), entropy)
