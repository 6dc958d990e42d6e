"""The acts that self-service and reset share: judging what is typed, changing what is kept.

Wrong passwords and codes spend the tries of the logon. Whoever changes a password ends the user's
sessions first, so that a store that is away changes nothing, and again afterwards, for those that
the old password opened meanwhile.
"""

from __future__ import annotations

from typing import Final

from gateway.auth.audit import note, note_done
from gateway.auth.challenges import NOWHERE, Challenges, LiveChallenge
from gateway.auth.lockout import Lockout
from gateway.auth.model import Client, Person
from gateway.auth.notices import Notices
from gateway.auth.outcomes import LockedOut
from gateway.auth.ports import Accounts, Audit, Directory, Judged, Unavailable
from gateway.auth.sessions import Sessions
from gateway.auth.sms_texts import Notice

_LONGEST_PASSWORD: Final = 1024


class Credentials:
    """Every method raises Unavailable when a neighbour is away."""

    def __init__(
        self,
        directory: Directory,
        accounts: Accounts,
        lockout: Lockout,
        challenges: Challenges,
        sessions: Sessions,
        notices: Notices,
    ) -> None:
        self._directory: Final = directory
        self._accounts: Final = accounts
        self.lockout: Final = lockout
        self._challenges: Final = challenges
        self._sessions: Final = sessions
        self._notices: Final = notices
        self.audit: Final[Audit] = notices.audit

    async def try_password(self, user: str, password: str, client: Client) -> bool | LockedOut:
        """Return whether this is the user's password; a wrong one counts as at the logon."""
        counted = await self.lockout.password(user, client)
        if isinstance(counted, LockedOut):
            note(self.audit, "logon.locked", client, "locked", user, "password")
            return counted
        try:
            if not _plausible(password):
                return False
            try:
                person = await self._directory.authenticate(user, password)
            except Unavailable:
                await self.lockout.take_back(counted)
                raise
            if person is not None:
                await self.lockout.forgive(counted)
            return person is not None
        finally:
            counted.settled.set()

    async def try_code(
        self, live: LiveChallenge, code: str, client: Client
    ) -> Judged | LockedOut | None:
        """Judge a code; a wrong one counts as at the logon. None: the challenge is over."""
        counted = await self.lockout.code(live.inside.user, client)
        if isinstance(counted, LockedOut):
            named = "" if live.inside.mobile == NOWHERE else live.inside.user
            note(self.audit, "logon.locked", client, "locked", named, "code")
            return counted
        try:
            judged = await self._challenges.judge(live, code)
            if judged is None or judged.right:
                await self.lockout.take_back(counted)
        finally:
            counted.settled.set()
        return judged

    async def change_mobile(self, person: Person, mobile: str, client: Client, reason: str) -> bool:
        """Set the number and tell the old one; False when the user is gone."""
        self.audit.ready()
        if not await self._accounts.set_mobile(person.user, mobile):
            return False
        note_done(self.audit, "mobile.changed", client, "changed", person.user, reason)
        self._notices.send(Notice.MOBILE_CHANGED, person.user, person.mobile, client)
        return True

    async def change_password(
        self, person: Person, password: str, client: Client, *, but: str
    ) -> str | None:
        """Set the password and end every session but that of the token `but`; tell the user.

        Returns the new token of that session: whoever knew the old one is out too (ASVS 7.2.4).
        None when the user is gone, "" when the session is. Raises PasswordRefused; other sessions
        have ended then too.
        """
        if not await self._replace(person, password, client, "password-changed", but):
            return None
        note_done(self.audit, "password.changed", client, "changed", person.user)
        self._notices.send(Notice.PASSWORD_CHANGED, person.user, person.mobile, client)
        return await self._sessions.renew(but, client)

    async def reset_password(self, person: Person, password: str, client: Client) -> bool:
        """Set the password, end every session, forgive wrong passwords from here; tell the user.

        The number stays as it is for a while, but in the office. Raises PasswordRefused.
        """
        await self.lockout.cool_down.begin(person.user)
        if not await self._replace(person, password, client, "password-reset", None):
            return False
        await self.lockout.forgive_passwords(person.user, client.address)
        note_done(self.audit, "password.reset", client, "reset", person.user)
        self._notices.send(Notice.PASSWORD_RESET, person.user, person.mobile, client)
        return True

    async def _replace(
        self, person: Person, password: str, client: Client, reason: str, but: str | None
    ) -> bool:
        self.audit.ready()
        await self._sessions.end_all(person.user, client, reason, but=but)
        if not await self._accounts.set_password(person.user, password):
            return False
        await self._sessions.end_all(person.user, client, reason, but=but)
        return True


def _plausible(password: str) -> bool:
    """Whether the directory is worth asking: no hash of a megabyte, no NUL, no broken text."""
    try:
        return len(password) <= _LONGEST_PASSWORD and b"\0" not in password.encode()
    except UnicodeEncodeError:
        return False
