"""What is read of an LDAP directory, on one connection: one user with groups, or everybody."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import ldap
from ldap.controls import SimplePagedResultsControl

from gateway.auth.model import Person
from gateway.directory.ldap import entries
from gateway.directory.ldap.entries import State
from gateway.settings.ldap import Ldap

_TWO: Final = 2
_MOST_GROUPS: Final = 1_000
_PAGE: Final = 500

_log = logging.getLogger("portvakt.directory")


@dataclass(frozen=True, slots=True)
class Found:
    """An entry: where it stands, whose it is, and whether it may log on."""

    dn: str
    person: Person
    state: State


def look_up(connection: Any, rules: Ldap, user: str, region: str, now: float) -> Found | None:
    """Return the one entry of a canonical user name, with its groups. Raises LDAPError.

    A directory may match more loosely than we do (Active Directory folds accents): an entry of
    another name is none, and two entries are nobody.
    """
    asked = entries.user_filter(rules, user)
    found = [
        one
        for one in _search(connection, rules.base, asked, entries.wanted(rules), _TWO)
        if entries.person_of(rules, one[1], (), region, now).user == user
    ]
    if len(found) > 1:
        _log.error("more than one entry for a user name: nobody can log on under it")
    if len(found) != 1:
        return None
    dn, attributes = found[0]
    groups = _groups_of(connection, rules, dn, user)
    person = entries.person_of(rules, attributes, groups, region, now)
    return Found(dn, person, entries.state_of(rules, attributes, now))


def everybody(connection: Any, rules: Ldap, region: str, now: float) -> Iterator[Found]:
    """Yield all users, a page at a time, without their groups. Raises LDAPError."""
    control = SimplePagedResultsControl(criticality=True, size=_PAGE, cookie=b"")
    asked = rules.filter.replace("{user}", "*")
    while True:
        number = connection.search_ext(
            rules.base, ldap.SCOPE_SUBTREE, asked, entries.wanted(rules), serverctrls=[control]
        )
        _, rows, _, controls = connection.result3(number)
        for dn, attributes in _entries(rows):
            person = entries.person_of(rules, attributes, (), region, now)
            if person.user:
                yield Found(dn, person, entries.state_of(rules, attributes, now))
        control.cookie = next(
            (c.cookie for c in controls if c.controlType == control.controlType), b""
        )
        if not control.cookie:
            return


def _groups_of(connection: Any, rules: Ldap, dn: str, user: str) -> list[str]:
    asked = entries.groups_filter(rules, dn, user)
    base, name = rules.groups_base, rules.group_name
    found = _search(connection, base, asked, [name], _MOST_GROUPS)
    return [
        value.decode("utf-8", "replace")
        for _, group in found
        for value in group.get(name.lower(), ())[:1]
    ]


def _search(
    connection: Any, base: str, asked: str, wanted: list[str], most: int
) -> list[tuple[str, entries.Attributes]]:
    rows = connection.search_ext_s(base, ldap.SCOPE_SUBTREE, asked, wanted, sizelimit=most)
    return _entries(rows)


def _entries(rows: list[Any]) -> list[tuple[str, entries.Attributes]]:
    """Return rows less referrals, attributes under names in lower case."""
    return [
        (dn, {name.lower(): values for name, values in attributes.items()})
        for dn, attributes, *_ in rows
        if dn is not None
    ]
