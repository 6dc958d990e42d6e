"""A forgotten password: user name, code by SMS, new password. It opens no session (ASVS 6.4.3).

Whoever asks learns nothing: a user with a number, one without, a disabled and a made-up one get
the same answer after the same steps, with as many calls of the store, and sending is done behind
the answer. Only the right code, which only the phone has, tells. Raises Unavailable.
"""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Final

from gateway.auth.audit import DIRECTORY_RULES, NO_CHALLENGE, name_for_audit, note
from gateway.auth.challenges import Challenge, LiveChallenge, Purpose
from gateway.auth.credentials import Credentials
from gateway.auth.lockout import Lockout
from gateway.auth.model import Client, Person
from gateway.auth.one_time_passwords import OneTimePasswords
from gateway.auth.outcomes import (
    REFUSED_BY_DIRECTORY,
    ChallengeOver,
    Faults,
    LockedOut,
    NewPasswordOutcome,
    ResetAllowed,
    ResetAsked,
    ResetDone,
    ResetOutcome,
    ResetView,
    TryAnother,
    Unchanged,
    WrongCode,
)
from gateway.auth.ports import Audit, Clock, Directory, PasswordJudge, PasswordRefused
from gateway.auth.sms_budget import BEYOND_BUDGET, SmsBudget

TICKET: Final = timedelta(minutes=10)
"""How long a new password may be chosen after the right code."""
_LONGEST_USER_NAME: Final = 256


class Reset:
    """The three steps of a reset."""

    def __init__(
        self,
        directory: Directory,
        credentials: Credentials,
        codes: OneTimePasswords,
        budget: SmsBudget,
        judge: PasswordJudge,
        clock: Clock,
    ) -> None:
        self._directory: Final = directory
        self._credentials: Final = credentials
        self._codes: Final = codes
        self._budget: Final = budget
        self._clock: Final = clock
        self._judge: Final = judge
        self._lockout: Final[Lockout] = credentials.lockout
        self._audit: Final[Audit] = credentials.audit

    async def ask(self, user_name: str, client: Client, browser: str) -> ResetAsked | LockedOut:
        """Begin a reset, or send its code again; each asking counts as a wrong password does."""
        user = self._directory.canonical(user_name[:_LONGEST_USER_NAME])
        locked = await self._count(user, client)
        if locked is not None:
            return locked
        person = await self._directory.find(user)
        able = person is not None and person.enabled and person.mobile is not None
        name = "" if person is None else person.user  # what was typed may be a password
        note(self._audit, "password.reset", client, "asked", name, _reason(person))
        known = person if person is not None and able else None
        stand_in = known or Person(user, "", "", None, (), enabled=False)
        token = await self._codes.issue_unseen(stand_in, stand_in.mobile, browser, client)
        return ResetAsked(token)

    async def view(self, token: str, purpose: Purpose) -> ResetView | None:
        """Return what the page of a step may say; None when that step is over."""
        live = await self._live(token, purpose)
        if live is None:
            return None
        left = live.inside.expires - self._clock.now()
        return ResetView(live.inside.user, live.inside.digits, max(1, math.ceil(left)))

    async def submit_code(
        self, challenge: str, code: str, client: Client, browser: str
    ) -> ResetOutcome:
        """Judge a code; the right one is given for a ticket."""
        live = await self._live(challenge, Purpose.RESET)
        judged = None if live is None else await self._credentials.try_code(live, code, client)
        if live is None or judged is None:
            return self._over(client, NO_CHALLENGE)
        if isinstance(judged, LockedOut):
            return judged
        user = live.inside.user
        if not judged.right:
            name = await name_for_audit(self._directory, user)
            note(self._audit, "password.reset", client, "wrong-code", name)
            return WrongCode(judged.tries_left)
        person = await self._still_same(live.inside)
        if person is None:
            return self._over(client, "directory-changed", user)
        note(self._audit, "password.reset", client, "right-code", user)
        mobile = live.inside.mobile
        return ResetAllowed(
            await self._codes.challenges.begin(
                person, mobile, browser, Purpose.NEW_PASSWORD, lifetime=TICKET
            )
        )

    async def set_password(
        self, ticket: str, new: str, confirm: str, client: Client
    ) -> NewPasswordOutcome:
        """Set the new password; of all who hold a ticket at once, one does."""
        live = await self._live(ticket, Purpose.NEW_PASSWORD)
        person = None if live is None else await self._still_same(live.inside)
        if live is None:
            return self._over(client, NO_CHALLENGE)
        if person is None:
            return self._over(client, "directory-changed", live.inside.user)
        broken = await self._judge.reasons(new, person)
        faults = Faults(new=tuple(broken), differs=new != confirm)
        if faults:
            note(self._audit, "password.reset", client, "refused", person.user, "rules")
            return Unchanged(faults)
        if not await self._codes.challenges.consume(live):
            return self._over(client, NO_CHALLENGE, person.user)
        try:
            done = await self._credentials.reset_password(person, new, client)
        except PasswordRefused:
            note(self._audit, "password.reset", client, "refused", person.user, DIRECTORY_RULES)
            return await self._try_another(live, person)
        return ResetDone() if done else self._over(client, "directory-changed", person.user)

    async def _try_another(self, live: LiveChallenge, person: Person) -> TryAnother:
        """Return a ticket in place of one that is used up, for what was left of its time."""
        inside = live.inside
        left = timedelta(seconds=max(1.0, inside.expires - self._clock.now()))
        ticket = await self._codes.challenges.begin(
            person, inside.mobile, live.token, Purpose.NEW_PASSWORD, lifetime=left
        )
        return TryAnother(ticket, Faults(new=(REFUSED_BY_DIRECTORY,)))

    async def _count(self, user: str, client: Client) -> LockedOut | None:
        counted = await self._lockout.password(user, client)
        if isinstance(counted, LockedOut):
            name = await name_for_audit(self._directory, user)
            note(self._audit, "logon.locked", client, "locked", name, "reset")
            return counted
        counted.settled.set()
        locked = await self._budget.ask_for_reset(user, client.address)
        if locked is not None:
            name = await name_for_audit(self._directory, user)
            note(self._audit, "code.failed", client, "refused", name, BEYOND_BUDGET)
        return locked

    def _over(self, client: Client, reason: str, user: str = "") -> ChallengeOver:
        note(self._audit, "password.reset", client, "refused", user, reason)
        return ChallengeOver()

    async def _live(self, token: str, purpose: Purpose) -> LiveChallenge | None:
        live = await self._codes.challenges.find(token)
        return live if live is not None and live.inside.purpose == purpose.value else None

    async def _still_same(self, inside: Challenge) -> Person | None:
        """Return the person as they are now, unless what the code rests on has changed."""
        person = await self._directory.find(inside.user)
        return person if person is not None and inside.holds_for(person) else None


def _reason(person: Person | None) -> str:
    if person is None:
        return "unknown-user"
    if not person.enabled:
        return "disabled"
    return "no-number" if person.mobile is None else ""
