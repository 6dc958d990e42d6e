"""Where an employee may change what they log on with. Imports the words of factors only.

Binding another phone is binding another authenticator: it takes the place that needs no code, or a
code from the phone that is bound now (NIST SP 800-63B section 6.1.2.1; ASVS 5.0 7.5.1).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from policies.factors import CORPORATE, OTP

CORPORATE_OR_CODE: Final = "corporate-or-code"


class Permission(enum.Enum):
    """Whether something may be changed from here, by this session."""

    YES = "yes"
    CODE_FIRST = "code-first"
    OFFICE_ONLY = "office-only"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where somebody is now (the name of the network), and what the session has proven.

    `cooling`: their password was reset with the phone not long ago.
    """

    network: str
    factors: tuple[str, ...]
    has_mobile: bool
    cooling: bool = False


def may_change_password(standing: Standing) -> Permission:
    """Return whether a password may be changed: inside, or with a code."""
    if standing.network == CORPORATE or OTP in standing.factors:
        return Permission.YES
    return Permission.CODE_FIRST if standing.has_mobile else Permission.OFFICE_ONLY


def may_change_mobile(rule: str, first_logon: str, standing: Standing) -> Permission:
    """Return whether the number may be changed; `rule` is `[self_service] change_mobile`.

    A first number may also be given in the network of first logons, which is there for that.
    """
    if standing.network == CORPORATE:
        return Permission.YES
    if not standing.has_mobile:
        return Permission.YES if standing.network == first_logon else Permission.OFFICE_ONLY
    if rule != CORPORATE_OR_CODE or standing.cooling:
        return Permission.OFFICE_ONLY
    return Permission.YES if OTP in standing.factors else Permission.CODE_FIRST
