"""The logon: a password, where needed a one-time password, then a session.

Each public method is one step of a person, and its answer one of `outcomes`. Every way in counts
failures in the same buckets, and nothing is opened that the directory does not confirm at that
moment. Raises Unavailable when a neighbour is away; that never means yes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from gateway.auth.audit import NO_CHALLENGE, name_for_audit, note
from gateway.auth.challenges import NOWHERE, LiveChallenge, Purpose
from gateway.auth.lockout import Lockout, Try
from gateway.auth.model import Client, Person
from gateway.auth.one_time_passwords import OneTimePasswords
from gateway.auth.outcomes import (
    ChallengeOver,
    ChallengeView,
    CodeOutcome,
    LockedOut,
    NoNumber,
    PasswordOutcome,
    Rejected,
    ResendOutcome,
    SessionOpened,
    StepUpOutcome,
    WrongCode,
)
from gateway.auth.ports import Audit, Directory, Unavailable
from gateway.auth.sessions import Sessions
from gateway.settings.model import Settings
from policies.factors import OTP, PWD, SecondFactor, code_needed

_LONGEST_PASSWORD: Final = 1024
_LONGEST_USER_NAME: Final = 256
_LOGONS: Final = frozenset({Purpose.LOGON.value, Purpose.STEP_UP.value})


class Logon:
    """The steps of the logon, over the parts that count, send and keep."""

    def __init__(
        self,
        directory: Directory,
        lockout: Lockout,
        codes: OneTimePasswords,
        sessions: Sessions,
        audit: Audit,
        settings: Settings,
    ) -> None:
        self._directory: Final = directory
        self._lockout: Final = lockout
        self._codes: Final = codes
        self._sessions: Final = sessions
        self._audit: Final = audit
        self._first_logon: Final = settings.self_service.first_logon

    async def submit_password(
        self,
        user_name: str,
        password: str,
        client: Client,
        browser: str,
        second_factor: SecondFactor,
        replaces: str | None,
    ) -> PasswordOutcome:
        """Judge user name and password.

        `browser` is the form cookie's mark, `replaces` the session cookie that came along,
        `second_factor` that of the route the person wants to go to.
        """
        user = self._directory.canonical(user_name[:_LONGEST_USER_NAME])
        counted = await self._lockout.password(user, client)
        if isinstance(counted, LockedOut):
            name = await name_for_audit(self._directory, user)
            note(self._audit, "logon.locked", client, "locked", name, "password")
            return counted
        try:
            person = await self._judge_password(user_name, password, counted)
        finally:
            counted.settled.set()
        if person is None:
            name = await name_for_audit(self._directory, user)
            why = "" if name else "unknown-user"
            note(self._audit, "logon.password", client, "rejected", name, why)
            return Rejected()
        note(self._audit, "logon.password", client, "right", person.user)
        return await self._after_password(person, client, browser, second_factor, replaces)

    async def _judge_password(self, user_name: str, password: str, counted: Try) -> Person | None:
        """Ask the directory; a try that was right, or that nobody could judge, does not count."""
        if not _plausible(user_name, password):
            return None
        try:
            person = await self._directory.authenticate(user_name, password)
        except Unavailable:
            await self._lockout.take_back(counted)
            raise
        if person is not None:
            await self._lockout.forgive(counted)
        return person

    async def _after_password(
        self,
        person: Person,
        client: Client,
        browser: str,
        second_factor: SecondFactor,
        replaces: str | None,
    ) -> PasswordOutcome:
        if not code_needed(second_factor, client.network, ()):
            return await self._open(person, (PWD,), client, replaces) or Rejected()
        if person.mobile is not None:
            return await self._codes.issue(person, person.mobile, browser, Purpose.LOGON, client)
        if client.network == self._first_logon:
            # Where a first logon is made, it must be possible to get in and give a number. The
            # route that wants a code goes on wanting it: this session does not have the factor.
            return await self._open(person, (PWD,), client, replaces) or Rejected()
        note(self._audit, "logon.code", client, "refused", person.user, "no-number")
        return NoNumber()

    async def submit_code(
        self, challenge: str, code: str, client: Client, replaces: str | None
    ) -> CodeOutcome:
        """Judge a one-time password against the challenge cookie."""
        live = await self._codes.challenges.find(challenge)
        if live is None or not await self._may_answer(live, replaces):
            return self._over(live, client)
        person = await self._still_same(live, client)
        if person is None:
            return ChallengeOver()
        counted = await self._lockout.code(person.user, client)
        if isinstance(counted, LockedOut):
            note(self._audit, "logon.locked", client, "locked", person.user, "code")
            return counted
        try:
            judged = await self._codes.challenges.judge(live, code)
            if judged is None or judged.right:
                await self._lockout.take_back(counted)
        finally:
            counted.settled.set()
        if judged is None:
            return self._over(live, client)
        if not judged.right:
            note(self._audit, "logon.code", client, "wrong", person.user)
            return WrongCode(judged.tries_left)
        note(self._audit, "logon.code", client, "right", person.user)
        opened = await self._open(person, (PWD, OTP), client, replaces)
        if opened is None:
            return ChallengeOver()
        return replace(opened, stepped_up=live.inside.purpose == Purpose.STEP_UP.value)

    async def resend(self, challenge: str, client: Client) -> ResendOutcome:
        """Send the same code again, to the number that the directory still says."""
        live = await self._codes.challenges.find(challenge)
        if live is None or live.inside.purpose not in _LOGONS:
            return self._over(live, client)
        if await self._still_same(live, client) is None:
            return ChallengeOver()
        return await self._codes.resend(live, client)

    async def view(self, challenge: str) -> ChallengeView | None:
        """Return what the code page may say, or None when there is no live challenge."""
        return await self._codes.view(challenge, _LOGONS)

    async def step_up(self, session_token: str, client: Client, browser: str) -> StepUpOutcome:
        """Start a challenge for somebody who is logged on with a password only.

        The right code opens a session in place of this one, for the same user only.
        """
        session = await self._sessions.resolve(session_token.encode("utf-8", "replace"))
        if session is None:
            return self._over(None, client)
        person = await self._directory.find(session.record.user)
        if person is None or not person.enabled:
            note(self._audit, "logon.code", client, "refused", session.record.user, "disabled")
            return ChallengeOver()
        if person.mobile is None:
            note(self._audit, "logon.code", client, "refused", person.user, "no-number")
            return NoNumber()
        return await self._codes.issue(person, person.mobile, browser, Purpose.STEP_UP, client)

    async def log_off(self, session_token: str, client: Client) -> None:
        """End the session of this cookie; nothing happens when there is none."""
        await self._sessions.end(session_token, client)

    async def _may_answer(self, live: LiveChallenge, replaces: str | None) -> bool:
        """Whether a code opens a session here: for a step-up its session must still live."""
        if live.inside.purpose not in _LOGONS:
            return False
        if live.inside.purpose != Purpose.STEP_UP.value:
            return True
        session = await self._sessions.resolve((replaces or "").encode("utf-8", "replace"))
        return session is not None and session.record.user == live.inside.user

    def _over(self, live: LiveChallenge | None, client: Client) -> ChallengeOver:
        """Refuse a code where none is awaited, whoever it may have been meant for."""
        user = "" if live is None or live.inside.mobile == NOWHERE else live.inside.user
        note(self._audit, "logon.code", client, "refused", user, NO_CHALLENGE)
        return ChallengeOver()

    async def _still_same(self, live: LiveChallenge, client: Client) -> Person | None:
        """Return the challenge's person as the directory has them now.

        None, and the challenge is over, when they are gone, disabled, or have another number or
        another password.
        """
        person = await self._directory.find(live.inside.user)
        if person is not None and live.inside.holds_for(person):
            return person
        await self._codes.challenges.end(live)
        note(self._audit, "logon.code", client, "refused", live.inside.user, "directory-changed")
        return None

    async def _open(
        self, person: Person, factors: tuple[str, ...], client: Client, replaces: str | None
    ) -> SessionOpened | None:
        """Open a session; None when what it rests on changed meanwhile.

        Who disables somebody, or changes a password, ends the sessions that are there. One that
        was opened at that moment must not stay, so the directory is asked once more behind it.
        """
        known = await self._lockout.recognise(person.user, client)
        token = await self._sessions.open(person, factors, client, replaces)
        now = await self._directory.find(person.user)
        gone = _why_gone(person, now, factors)
        if gone:
            await self._sessions.end(token, client, gone)
            return None
        return SessionOpened(
            token,
            person.user,
            person.groups,
            factors,
            number_missing=person.mobile is None,
            known=known,
        )


def _why_gone(then: Person, now: Person | None, factors: tuple[str, ...]) -> str:
    """Return why a session of `then` may not live by what the directory says now, or ""."""
    if now is None or not now.enabled:
        return "disabled"
    if now.credential != then.credential:
        return "password-changed"
    return "mobile-changed" if OTP in factors and now.mobile != then.mobile else ""


def _plausible(user_name: str, password: str) -> bool:
    """Whether the directory is worth asking: no hash of a megabyte, no NUL, no broken text."""
    if len(user_name) > _LONGEST_USER_NAME or len(password) > _LONGEST_PASSWORD:
        return False
    try:
        both = (user_name + password).encode()
    except UnicodeEncodeError:
        return False
    return bool(user_name and password) and b"\0" not in both
