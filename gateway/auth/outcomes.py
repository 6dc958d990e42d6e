"""Every way a step of the logon can end, as values to be matched exhaustively.

A surprise (a dead store, a dead directory) is not here: it is `ports.Unavailable`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """Logged on. `token` is the value of the session cookie, `user` the canonical name."""

    token: str
    user: str


@dataclass(frozen=True, slots=True)
class CodeSent:
    """The password was right and a code is on its way (or was already).

    `challenge` is the value of the challenge cookie: it binds the code to this browser.
    """

    challenge: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """Wrong user name or password, or a disabled account: they look alike."""


@dataclass(frozen=True, slots=True)
class LockedOut:
    """Too many failures; nothing was judged. `wait_s` seconds until the next try.

    `of` is what there were too many of: "tries" or "messages".
    """

    wait_s: int
    of: str = "tries"


@dataclass(frozen=True, slots=True)
class NoNumber:
    """The password was right, but from here a code is needed and no mobile number is known."""


@dataclass(frozen=True, slots=True)
class WrongCode:
    """The code does not match; `tries_left` more may be judged."""

    tries_left: int


@dataclass(frozen=True, slots=True)
class ChallengeOver:
    """No live challenge: expired, used up, spent, or of another browser. Start over."""


@dataclass(frozen=True, slots=True)
class Resent:
    """The same code is on its way again."""


@dataclass(frozen=True, slots=True)
class TooSoon:
    """A resend is not allowed yet; `wait_s` seconds left."""

    wait_s: int


@dataclass(frozen=True, slots=True)
class NoMoreResends:
    """All resends of this challenge are used."""


@dataclass(frozen=True, slots=True)
class ChallengeView:
    """What the code page may say of a live challenge; never the code nor the whole number."""

    mobile_tail: str  # the last two digits
    digits: int
    expires_in_s: int
    resend_in_s: int
    resends_left: int
    delivery: str  # "pending" | "sent" | "failed"


PasswordOutcome = SessionOpened | CodeSent | Rejected | LockedOut | NoNumber
CodeOutcome = SessionOpened | WrongCode | ChallengeOver | LockedOut
ResendOutcome = Resent | TooSoon | NoMoreResends | ChallengeOver | LockedOut
StepUpOutcome = CodeSent | NoNumber | LockedOut | ChallengeOver
