"""Entries of a directory as people: which attributes are asked for, and what they say. Pure.

An account that is disabled, expired, locked or whose password has run out is no different for
whoever logs on; operators are told which it is.
"""

from __future__ import annotations

import enum
import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Final

from gateway.auth.model import Person
from gateway.settings.ldap import ACTIVE_DIRECTORY, Ldap
from policies import mobiles, user_names

Attributes = Mapping[str, Sequence[bytes]]
"""Values by attribute, its name in lower case."""

MEMBER_IN_CHAIN: Final = "1.2.840.113556.1.4.1941"
"""Active Directory's rule that follows groups in groups ([MS-ADTS] 3.1.1.3.4.4)."""

_ACCOUNT_CONTROL: Final = "useraccountcontrol"
_COMPUTED_CONTROL: Final = "msds-user-account-control-computed"
_EXPIRES: Final = "accountexpires"
_PASSWORD_SET: Final = "pwdlastset"  # noqa: S105 - an attribute's name
_LOCKED_SINCE: Final = "pwdaccountlockedtime"
_CHANGED: Final = "pwdchangedtime"
_SHADOW_EXPIRES: Final = "shadowexpire"
_STATE: Final = {
    True: (_ACCOUNT_CONTROL, _COMPUTED_CONTROL, _EXPIRES, _PASSWORD_SET),
    False: (_LOCKED_SINCE, _CHANGED, _SHADOW_EXPIRES),
}

# userAccountControl and its computed part ([MS-ADTS] 2.2.16, 3.1.1.4.5.17).
_DISABLED: Final = 0x2
_LOCKED: Final = 0x10
_PASSWORD_EXPIRED: Final = 0x800000
_NEVER: Final = frozenset({0, 0x7FFF_FFFF_FFFF_FFFF})
_TICKS_PER_S: Final = 10_000_000
_WINDOWS_EPOCH_S: Final = 11_644_473_600
_DAY_S: Final = 86_400
_FOR_GOOD: Final = b"000001010000Z"
_NUMBER: Final = re.compile(rb"-?[0-9]{1,20}")
_CREDENTIAL_DIGITS: Final = 32


class State(enum.Enum):
    """Whether an account may log on, and why not."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    EXPIRED = "expired"
    LOCKED = "locked by the directory"
    PASSWORD_EXPIRED = "password expired"  # noqa: S105 - a state's name


def wanted(rules: Ldap) -> list[str]:
    """Return the attributes to ask for; operational ones must be named."""
    of_state = _STATE[rules.kind == ACTIVE_DIRECTORY]
    return [rules.user, rules.name, rules.email, rules.mobile, *of_state]


def user_filter(rules: Ldap, user: str) -> str:
    """Return the filter for a user name, which may hold anything (RFC 4515 section 3)."""
    return rules.filter.replace("{user}", escaped(user))


def groups_filter(rules: Ldap, dn: str, user: str) -> str:
    """Return the filter for the groups of an entry."""
    written = rules.groups_filter
    if rules.nested and rules.kind == ACTIVE_DIRECTORY:
        written = written.replace("(member={dn})", f"(member:{MEMBER_IN_CHAIN}:={{dn}})")
    # One pass: what a name holds is never read as a place.
    values = {"{dn}": escaped(dn), "{user}": escaped(user)}
    return re.sub(r"\{dn\}|\{user\}", lambda place: values[place[0]], written)


def escaped(value: str) -> str:
    """Return a value as it may stand in a filter: all but plain letters and digits in hex."""
    return "".join(
        sign if sign.isascii() and sign.isalnum() else "".join(f"\\{b:02x}" for b in sign.encode())
        for sign in value
    )


def bind_name(rules: Ldap, dn: str, user: str) -> str:
    """Return the name that a password is tried under: the entry's, or one made of the user's."""
    return dn if rules.bind_as == "{dn}" else rules.bind_as.replace("{user}", user)


def person_of(
    rules: Ldap, entry: Attributes, groups: Sequence[str], region: str, now: float
) -> Person:
    """Return the person of an entry; a number that is none is left out."""
    return Person(
        user=user_names.canonical(_text(entry, rules.user)),
        name=_text(entry, rules.name),
        email=_text(entry, rules.email),
        mobile=mobile_of(_text(entry, rules.mobile), region),
        groups=tuple(sorted(set(groups))),
        enabled=state_of(rules, entry, now) is State.ENABLED,
        credential=_credential(entry),
    )


def mobile_of(written: str, region: str) -> str | None:
    """Return the number in E.164, or None for what is no mobile number."""
    match mobiles.normalise(written, region):
        case mobiles.Mobile(e164):
            return e164
        case _:
            return None


def state_of(rules: Ldap, entry: Attributes, now: float) -> State:
    """Return whether the account may log on; `now` is seconds since the epoch."""
    if rules.kind == ACTIVE_DIRECTORY:
        return _state_in_active_directory(entry, now)
    locked = entry.get(_LOCKED_SINCE, ())
    if locked:
        return State.DISABLED if locked[0] == _FOR_GOOD else State.LOCKED
    expires = _number(entry, _SHADOW_EXPIRES)
    if expires is not None and 0 <= expires * _DAY_S <= now:
        return State.EXPIRED
    return State.ENABLED


def _state_in_active_directory(entry: Attributes, now: float) -> State:
    control = _number(entry, _ACCOUNT_CONTROL)
    if control is None or control & _DISABLED:  # what cannot be read is not allowed
        return State.DISABLED
    expires = _number(entry, _EXPIRES) or 0
    if expires not in _NEVER and expires / _TICKS_PER_S - _WINDOWS_EPOCH_S <= now:
        return State.EXPIRED
    computed = _number(entry, _COMPUTED_CONTROL) or 0
    if computed & _LOCKED:
        return State.LOCKED
    if computed & _PASSWORD_EXPIRED or _number(entry, _PASSWORD_SET) == 0:
        return State.PASSWORD_EXPIRED
    return State.ENABLED


def _text(entry: Attributes, name: str) -> str:
    values = entry.get(name.lower(), ())
    return values[0].decode("utf-8", "replace").strip() if values else ""


def _number(entry: Attributes, name: str) -> int | None:
    values = entry.get(name, ())
    return int(values[0]) if values and _NUMBER.fullmatch(values[0]) else None


def _credential(entry: Attributes) -> str:
    """Return what stands for the password that is set, "" where the directory does not tell."""
    told = entry.get(_PASSWORD_SET) or entry.get(_CHANGED)
    if not told:
        return ""
    return hashlib.sha256(b"credential\0" + told[0]).hexdigest()[:_CREDENTIAL_DIGITS]
