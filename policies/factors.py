"""When a one-time password is needed. Imports nothing."""

from __future__ import annotations

import enum
from typing import Final

CORPORATE: Final = "corporate"
"""The network whose computers need only user name and password."""

OTP: Final = "otp"
PWD: Final = "pwd"  # noqa: S105 - the amr value of RFC 8176


class SecondFactor(enum.Enum):
    """When a route asks for a one-time password."""

    ALWAYS = "always"
    OUTSIDE_CORPORATE = "outside-corporate"
    NEVER = "never"


def code_needed(second_factor: SecondFactor, network: str, factors: tuple[str, ...]) -> bool:
    """Return whether a code must be given before going on.

    `network` is the name of the network the request comes from *now*: a session that was opened
    inside and is used outside needs a code too (ASVS 8.2.4).
    """
    if OTP in factors or second_factor is SecondFactor.NEVER:
        return False
    return second_factor is SecondFactor.ALWAYS or network != CORPORATE
