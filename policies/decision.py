"""What may be decided about a request, each answer with a named reason.

Imports nothing. Every other rule speaks in these words, and so does what explains a decision.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Reason(enum.Enum):
    """Why a decision came out as it did; the value is the stable name in logs and audit lines."""

    PUBLIC_ROUTE = "public-route"
    SESSION = "session"
    NO_SESSION = "no-session"
    CODE_NEEDED = "code-needed"
    USER_NOT_LISTED = "user-not-listed"
    GROUP_MISSING = "group-missing"
    NETWORK_NOT_ALLOWED = "network-not-allowed"
    OUTSIDE_HOURS = "outside-hours"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    SESSION_TOO_OLD = "session-too-old"
    SESSION_IDLE = "session-idle"
    NO_ROUTE = "no-route"
    AMBIGUOUS_PATH = "ambiguous-path"
    UNKNOWN_HOST = "unknown-host"
    ORIGIN_NOT_ALLOWED = "origin-not-allowed"


@dataclass(frozen=True, slots=True)
class Allow:
    """The request goes on to its upstream.

    `reported` is why it would not have done so, on a route with `report_only`; else None.
    """

    reason: Reason
    reported: Reason | None = None


@dataclass(frozen=True, slots=True)
class Challenge:
    """Nobody is logged on, or too long ago: a page load goes to the logon, a script gets 401."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class StepUp:
    """Somebody is logged on, but a one-time password is still needed here."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Deny:
    """The request is refused with `status` (400, 403 or 404), logged on or not."""

    status: int
    reason: Reason


Decision = Allow | Challenge | StepUp | Deny
