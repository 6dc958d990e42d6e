"""Every way a step of the logon can end, as values to be matched exhaustively.

A surprise (a dead store, a dead directory) is not here: it is `ports.Unavailable`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from policies.mobiles import NotMobileReason
from policies.self_service import Permission


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """Logged on. `token` is the value of the session cookie, `user` the canonical name.

    `groups` and `factors` are the new session's. `number_missing`: this user could get no code
    elsewhere yet. `stepped_up`: a session that was there has been given a code. `known` is what the
    browser is to keep, so that it is known again (`auth/known_browsers.py`).
    """

    token: str
    user: str
    groups: tuple[str, ...] = ()
    factors: tuple[str, ...] = ()
    number_missing: bool = False
    stepped_up: bool = False
    known: str = ""


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


# What employees do for themselves.


@dataclass(frozen=True, slots=True)
class Faults:
    """Every reason why nothing was changed, by field of the form.

    `current` is "missing" or "wrong"; `not_here`: the number may not be changed from here; `new`
    holds the names of broken password rules, or REFUSED_BY_DIRECTORY; `differs`: the new password
    was not typed alike twice; `nothing`: there was nothing to change.
    """

    current: str = ""
    mobile: NotMobileReason | None = None
    not_here: bool = False
    new: tuple[str, ...] = ()
    differs: bool = False
    nothing: bool = False

    def __bool__(self) -> bool:
        return self != Faults()


REFUSED_BY_DIRECTORY: Final = "refused-by-directory"
"""Stands in `Faults.new` beside our own rules: the directory has others, and does not say which."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Nothing was changed."""

    faults: Faults


@dataclass(frozen=True, slots=True)
class Changed:
    """What was wished is done.

    `token` is the session's new one when the password changed, else "".
    """

    token: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ProofSent:
    """A code is on its way to the new number, which counts once it has been typed.

    `challenge` is the value of the cookie that binds the code to this browser; `token` as in
    `Changed`.
    """

    challenge: str
    token: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class CodeFirst:
    """From here the session must give a code before anything is changed."""


@dataclass(frozen=True, slots=True)
class NotLoggedOn:
    """The session's user is gone or disabled."""


@dataclass(frozen=True, slots=True)
class AccountView:
    """What the account page may say to its owner. `mobile` is E.164, "" when there is none.

    `mobile_here` and `password_here` say whether it may be changed from here. `cool_down_s` is
    how long the pause after a reset lasts that holds now, else 0.
    """

    user: str
    name: str
    mobile: str
    mobile_here: Permission
    password_here: Permission
    cool_down_s: int = 0


@dataclass(frozen=True, slots=True)
class ResetAsked:
    """If there is such a user with a number, a code is on its way; nobody can tell.

    `challenge` is the value of the cookie that binds the code to this browser.
    """

    challenge: str


@dataclass(frozen=True, slots=True)
class ResetAllowed:
    """The code was right: `ticket`, in place of the challenge, lets a new password be chosen."""

    ticket: str


@dataclass(frozen=True, slots=True)
class ResetView:
    """What the pages of a reset may say: what was typed, and for how long the code is valid."""

    user: str
    digits: int
    expires_in_s: int


@dataclass(frozen=True, slots=True)
class TryAnother:
    """The directory refuses the new password. The ticket is used up; this one takes its place."""

    ticket: str
    faults: Faults


@dataclass(frozen=True, slots=True)
class ResetDone:
    """The new password counts, and the user is logged off everywhere."""


AccountOutcome = Changed | ProofSent | Unchanged | LockedOut | CodeFirst | NotLoggedOn
ProofOutcome = Changed | WrongCode | ChallengeOver | LockedOut
ResetOutcome = ResetAllowed | WrongCode | ChallengeOver | LockedOut
NewPasswordOutcome = ResetDone | Unchanged | TryAnother | ChallengeOver
