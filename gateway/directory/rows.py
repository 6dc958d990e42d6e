"""Rows of the table of users as values, and back. Imports the schema and the model."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from gateway.auth.model import Person

_CREDENTIAL_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Account:
    """A person and the PHC string of the password; without one nobody can log on as them."""

    person: Person
    password_hash: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """An account as operators see it. Times are seconds since the epoch, None where nobody knows.

    `state` says why somebody may not log on, where the directory tells more than that.
    """

    person: Person
    has_password: bool
    created: float | None = None
    changed: float | None = None
    state: str = ""


def person_of(row: Any) -> Person:
    """Return the person of a row of `schema.users`."""
    return Person(
        user=row.user_name,
        name=row.name,
        email=row.email,
        mobile=row.mobile,
        groups=tuple(row.groups),
        enabled=row.enabled,
        credential=credential_of(row.password_hash),
    )


def credential_of(password_hash: str | None) -> str:
    """Return what stands for a stored hash: its salt is random, so no two passwords share one."""
    named = f"credential\0{password_hash or ''}".encode()
    return hashlib.sha256(named).hexdigest()[: 2 * _CREDENTIAL_BYTES]


def entry_of(row: Any) -> Entry:
    """Return the entry of a row of `schema.users`."""
    return Entry(person_of(row), row.password_hash is not None, row.created, row.changed)


def columns_of(account: Account) -> dict[str, Any]:
    """Return what an account puts in its row, times excepted."""
    person = account.person
    return {
        "user_name": person.user,
        "name": person.name,
        "email": person.email,
        "mobile": person.mobile,
        "groups": list(person.groups),
        "enabled": person.enabled,
        "password_hash": account.password_hash,
    }


def ends_sessions(before: Any, after: dict[str, Any]) -> bool:
    """Return whether a change must end the user's sessions.

    It must when the password changes (ASVS 7.4.3), when the account is disabled (7.4.2), and when
    a group is taken away, since a session carries the groups of its logon.
    """
    return (
        after["password_hash"] != before.password_hash
        or (before.enabled and not after["enabled"])
        or not set(before.groups) <= set(after["groups"])
    )
