"""What employees change by themselves: their number and their password, with the current one.

Nothing is changed unless everything that was wished may be, and every reason why not is told at
once. Wrong current passwords are counted as those of the logon are. Raises Unavailable when a
neighbour is away; then nothing, or a part that was announced, has been changed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from gateway.auth.audit import DIRECTORY_RULES, NO_CHALLENGE, note
from gateway.auth.challenges import LiveChallenge, Purpose
from gateway.auth.credentials import Credentials
from gateway.auth.model import Client, Person, SessionRecord
from gateway.auth.one_time_passwords import OneTimePasswords
from gateway.auth.outcomes import (
    REFUSED_BY_DIRECTORY,
    AccountOutcome,
    AccountView,
    ChallengeOver,
    ChallengeView,
    Changed,
    CodeFirst,
    Faults,
    LockedOut,
    NotLoggedOn,
    ProofOutcome,
    ProofSent,
    ResendOutcome,
    Unchanged,
    WrongCode,
)
from gateway.auth.ports import Audit, Directory, PasswordJudge, PasswordRefused
from gateway.settings.model import Settings
from policies.mobiles import Mobile, NotMobile, NotMobileReason, normalise
from policies.self_service import (
    Permission,
    Standing,
    may_change_mobile,
    may_change_password,
)

_PROVE: Final = frozenset({Purpose.PROVE.value})


@dataclass(frozen=True, slots=True)
class Wish:
    """The form as it was posted; empty texts mean: leave it."""

    mobile: str
    current_password: str
    new_password: str
    confirm_password: str


@dataclass(frozen=True, slots=True)
class Presence:
    """Who wishes it: the live session, its cookie's value, where it comes from, which browser."""

    session: SessionRecord
    token: str
    client: Client
    browser: str


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be done if nothing speaks against it; `mobile` is E.164."""

    mobile: str | None
    password: str | None
    faults: Faults


class SelfService:
    """The account page's domain."""

    def __init__(
        self,
        directory: Directory,
        credentials: Credentials,
        codes: OneTimePasswords,
        judge: PasswordJudge,
        audit: Audit,
        settings: Settings,
    ) -> None:
        self._directory: Final = directory
        self._credentials: Final = credentials
        self._codes: Final = codes
        self._audit: Final = audit
        self._judge: Final = judge
        self._rules: Final = settings.self_service

    async def view(self, session: SessionRecord, client: Client) -> AccountView | None:
        """Return what the account page shows, or None when the session's user is gone."""
        person = await self._person(session)
        if person is None:
            return None
        standing = await self._standing(person, session, client)
        lasts = self._credentials.lockout.cool_down.lasts
        return AccountView(
            user=person.user,
            name=person.name,
            mobile=person.mobile or "",
            mobile_here=self._mobile_here(standing),
            password_here=may_change_password(standing),
            cool_down_s=int(lasts.total_seconds()) if standing.cooling else 0,
        )

    async def change(self, wish: Wish, presence: Presence) -> AccountOutcome:
        """Change what is wished, all of it or nothing."""
        client = presence.client
        person = await self._person(presence.session)
        if person is None:
            event = "password.changed" if wish.new_password else "mobile.changed"
            note(self._audit, event, client, "refused", presence.session.user, "disabled")
            return NotLoggedOn()
        plan = await self._plan(wish, person)
        standing = await self._standing(person, presence.session, client)
        mobile_here = self._mobile_here(standing)
        wished = {mobile_here} if plan.mobile else set[Permission]()
        wished |= {may_change_password(standing)} if plan.password or not plan.mobile else set()
        if Permission.CODE_FIRST in wished:
            self._refused(plan, person, client, "code-needed")
            return CodeFirst()
        faults = plan.faults
        if Permission.OFFICE_ONLY in wished:
            faults = replace(faults, not_here=True)
        checked = await self._check_current(wish.current_password, person, client)
        if isinstance(checked, LockedOut):
            return checked
        faults = replace(faults, current=checked)
        if faults:
            self._refused(plan, person, client, _why(faults, cooling=standing.cooling))
            return Unchanged(faults)
        return await self._do(plan, person, presence)

    async def view_proof(self, session: SessionRecord, challenge: str) -> ChallengeView | None:
        """Return what the page for the code to the new number may say, or None when it is over."""
        live = await self._proof(session, challenge)
        return None if live is None else await self._codes.view(challenge, _PROVE)

    async def resend_proof(
        self, session: SessionRecord, challenge: str, client: Client
    ) -> ResendOutcome:
        """Send the code to the new number again."""
        live = await self._proof(session, challenge)
        if live is None:
            return self._no_proof(session, client)
        return await self._codes.resend(live, client)

    async def submit_proof(self, challenge: str, code: str, presence: Presence) -> ProofOutcome:
        """Judge the code that went to the new number; when right, the number counts."""
        session, client = presence.session, presence.client
        live = await self._proof(session, challenge)
        person = None if live is None else await self._person(session)
        if live is None or person is None:
            return self._no_proof(session, client)
        judged = await self._credentials.try_code(live, code, client)
        if judged is None:
            return self._no_proof(session, client)
        if isinstance(judged, LockedOut):
            return judged
        if not judged.right:
            note(self._audit, "mobile.changed", client, "wrong-code", person.user)
            return WrongCode(judged.tries_left)
        standing = await self._standing(person, session, client)
        if self._mobile_here(standing) is not Permission.YES:
            why = "cool-down" if standing.cooling else "network"
            note(self._audit, "mobile.changed", client, "refused", person.user, why)
            return ChallengeOver()
        if not await self._credentials.change_mobile(person, live.inside.mobile, client, "proven"):
            return ChallengeOver()
        return Changed()

    async def _person(self, session: SessionRecord) -> Person | None:
        person = await self._directory.find(session.user)
        return person if person is not None and person.enabled else None

    async def _standing(self, person: Person, session: SessionRecord, client: Client) -> Standing:
        return Standing(
            client.network,
            session.factors,
            has_mobile=person.mobile is not None,
            cooling=await self._credentials.lockout.cool_down.holds(person.user),
        )

    def _mobile_here(self, standing: Standing) -> Permission:
        rules = self._rules
        return may_change_mobile(rules.change_mobile, rules.first_logon, standing)

    async def _plan(self, wish: Wish, person: Person) -> _Plan:
        """Read the form: what would be done, and what speaks against it."""
        password = wish.new_password or None
        mobile, not_mobile = _read_mobile(
            wish.mobile, self._rules.region, person.mobile, optional=password is not None
        )
        broken = () if password is None else await self._judge.reasons(password, person)
        faults = Faults(
            mobile=not_mobile,
            new=tuple(broken),
            differs=wish.new_password != wish.confirm_password,
        )
        if mobile is None and password is None and not faults:
            faults = replace(faults, nothing=True)
        return _Plan(mobile, password, faults)

    async def _check_current(self, typed: str, person: Person, client: Client) -> str | LockedOut:
        """Return "" when the current password is right, else its fault or the lock."""
        if not typed:
            return "missing"
        right = await self._credentials.try_password(person.user, typed, client)
        if isinstance(right, LockedOut):
            return right
        return "" if right else "wrong"

    async def _do(self, plan: _Plan, person: Person, presence: Presence) -> AccountOutcome:
        client, credentials = presence.client, self._credentials
        done: Changed | ProofSent = Changed()
        if plan.mobile is not None and self._rules.prove_mobile:
            sent = await self._codes.issue(
                person, plan.mobile, presence.browser, Purpose.PROVE, client
            )
            if isinstance(sent, LockedOut):
                return sent
            done = ProofSent(sent.challenge)
        # The password before the number: the directory may have rules of its own for it.
        if plan.password is not None:
            try:
                token = await credentials.change_password(
                    person, plan.password, client, but=presence.token
                )
            except PasswordRefused:
                self._refused(plan, person, client, DIRECTORY_RULES)
                return Unchanged(Faults(new=(REFUSED_BY_DIRECTORY,)))
            if token is None:
                return NotLoggedOn()
            done = replace(done, token=token)
        if plan.mobile is not None and not self._rules.prove_mobile:
            how = "+".join(presence.session.factors)
            if not await credentials.change_mobile(person, plan.mobile, client, how):
                return NotLoggedOn()
        return done

    async def _proof(self, session: SessionRecord, challenge: str) -> LiveChallenge | None:
        """Return the live proof of this cookie value, if it is one of this user."""
        live = await self._codes.challenges.find(challenge)
        if live is None or live.inside.purpose not in _PROVE or live.inside.user != session.user:
            return None
        return live

    def _no_proof(self, session: SessionRecord, client: Client) -> ChallengeOver:
        note(self._audit, "mobile.changed", client, "refused", session.user, NO_CHALLENGE)
        return ChallengeOver()

    def _refused(self, plan: _Plan, person: Person, client: Client, reason: str) -> None:
        event = "mobile.changed" if plan.password is None else "password.changed"
        note(self._audit, event, client, "refused", person.user, reason)


def _read_mobile(
    text: str, region: str, known: str | None, *, optional: bool
) -> tuple[str | None, NotMobileReason | None]:
    """Return the new number (None: the one that is known), or why the text is none.

    An empty field leaves things as they are only where there is no number and something else to do.
    """
    match normalise(text, region):
        case Mobile(e164=e164):
            return (None if e164 == known else e164), None
        case NotMobile(reason=NotMobileReason.EMPTY) if optional and known is None:
            return None, None
        case NotMobile(reason=reason):
            return None, reason


def _why(faults: Faults, *, cooling: bool) -> str:
    if faults.current:
        return f"{faults.current}-password"
    if faults.not_here:
        return "cool-down" if cooling else "network"
    return "rules"
