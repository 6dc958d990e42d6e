"""One-time passwords on their way to a phone: at most one message a claim, however often asked.

A send is claimed in the store before it begins, so that a refreshed page, a second tab or another
worker never sends it again; it runs off the answer's path, with a deadline over all providers.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Self

from gateway.auth.audit import note, note_done
from gateway.auth.challenges import NOWHERE, Challenges, LiveChallenge, Purpose
from gateway.auth.model import Client, Person
from gateway.auth.outcomes import (
    ChallengeView,
    CodeSent,
    LockedOut,
    NoMoreResends,
    Resent,
    TooSoon,
)
from gateway.auth.ports import Audit, Clock, Unavailable
from gateway.auth.sms_budget import BEYOND_BUDGET, Kind, SmsBudget
from gateway.auth.sms_ports import SmsSender
from gateway.auth.sms_texts import code_text
from gateway.settings.model import Settings
from gateway.tasks import spawn
from gateway.texts.catalog import Texts
from policies.one_time_passwords import NoMore, Send, Wait, may_resend

DEADLINE_S: Final = 20.0
"""For one message over all providers; what is still pending after twice this was lost."""
VIEW_WAIT_S: Final = 1.5
UNSEEN_PAUSE_S: Final = (0.3, 1.3)
"""Before a message that nobody may notice. Sending one takes a worker a millisecond or two, which
showed in the pages that a browser loads behind the answer (`python -m bench oracle`)."""


@dataclass(frozen=True, slots=True)
class Wording:
    """What the message says beside the code. `host` is that of public_url, without port."""

    text: str
    organisation: str
    host: str
    texts: Texts

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the wording of the settings."""
        return cls(
            text=settings.one_time_password.text,
            organisation=settings.branding.organisation,
            host=settings.public_url.host,
            texts=Texts(settings.branding.own.texts),
        )

    def message(self, purpose: str, code: str, minutes: int, language: str) -> str:
        """Return the SMS; its last line binds the code to our origin (origin-bound codes)."""
        template = code_text(purpose, self.text, self.texts.of(language))
        text = template.format(
            code=code, organisation=self.organisation, minutes=minutes, host=self.host
        )
        return f"{text}\n\n@{self.host} #{code}"


class OneTimePasswords:
    """Issues and sends codes. Every method raises Unavailable when the store is away."""

    def __init__(
        self,
        challenges: Challenges,
        budget: SmsBudget,
        sms: SmsSender,
        audit: Audit,
        clock: Clock,
        settings: Settings,
    ) -> None:
        self.challenges: Final = challenges
        self._budget: Final = budget
        self._sms: Final = sms
        self._clock: Final = clock
        self._audit: Final = audit
        self._pending: Final[dict[str, asyncio.Task[None]]] = {}
        self._wording: Final = Wording.of(settings)
        self.unseen: Final[set[asyncio.Task[None]]] = set()

    async def issue(
        self, person: Person, mobile: str, browser: str, purpose: Purpose, client: Client
    ) -> CodeSent | LockedOut:
        """Find or start this browser's challenge; send the code unless that was begun before."""
        challenge = await self._begin(person, mobile, browser, purpose)
        if challenge.stored.sends == 0:
            locked = await self._send(challenge, client)
            if isinstance(locked, LockedOut):
                return locked
        return CodeSent(challenge.token)

    async def issue_unseen(
        self, person: Person, mobile: str | None, browser: str, client: Client
    ) -> str:
        """Find or start this browser's reset; send its code, again when that is due.

        Takes the same steps without a number, and answers nothing of how the sending goes: nobody
        can tell whether there is such a user. Returns the challenge's token.
        """
        challenge = await self._begin(person, mobile or NOWHERE, browser, Purpose.RESET)
        rules = self.challenges.rules
        resend_after_s = rules.resend_after.total_seconds()
        sending = challenge.sending()
        verdict = may_resend(sending, self._clock.now(), resend_after_s, rules.resends)
        if isinstance(verdict, Send) and await self.challenges.claim(challenge):
            delivering = spawn(
                self._deliver_unseen(challenge, client), "send code of a reset", promised=True
            )
            self.unseen.add(delivering)
            delivering.add_done_callback(self.unseen.discard)
        return challenge.token

    async def _begin(
        self, person: Person, mobile: str, browser: str, purpose: Purpose
    ) -> LiveChallenge:
        token = await self.challenges.begin(person, mobile, browser, purpose)
        challenge = await self.challenges.find(token)
        if challenge is None:  # what was found ran out in between, so the next one is new
            token = await self.challenges.begin(person, mobile, browser, purpose)
            challenge = await self.challenges.find(token)
        if challenge is None:
            raise Unavailable("redis")
        return challenge

    async def resend(
        self, challenge: LiveChallenge, client: Client
    ) -> Resent | TooSoon | NoMoreResends | LockedOut:
        """Send the same code again when the rule allows it."""
        rules = self.challenges.rules
        resend_after_s = rules.resend_after.total_seconds()
        verdict = may_resend(challenge.sending(), self._clock.now(), resend_after_s, rules.resends)
        if isinstance(verdict, NoMore):
            return NoMoreResends()
        if isinstance(verdict, Wait):
            return TooSoon(math.ceil(verdict.seconds))
        sent = await self._send(challenge, client)
        if isinstance(sent, LockedOut):
            return sent
        return Resent() if sent else TooSoon(math.ceil(resend_after_s))

    async def view(self, token: str, purposes: Collection[str]) -> ChallengeView | None:
        """Return what may be said of a challenge of one of these purposes, or None.

        Waits a moment for a send in progress.
        """
        sending = self._pending.get(token)
        if sending is not None:
            await asyncio.wait([sending], timeout=VIEW_WAIT_S)
        challenge = await self.challenges.find(token)
        if challenge is None or challenge.inside.purpose not in purposes:
            return None
        return self._describe(challenge)

    def _describe(self, challenge: LiveChallenge) -> ChallengeView:
        now, rules, stored = self._clock.now(), self.challenges.rules, challenge.stored
        resend_after_s = rules.resend_after.total_seconds()
        verdict = may_resend(challenge.sending(), now, resend_after_s, rules.resends)
        lost = stored.delivery == "pending" and now > stored.sent_at + 2 * DEADLINE_S
        return ChallengeView(
            mobile_tail=challenge.inside.mobile[-2:],
            digits=challenge.inside.digits,
            expires_in_s=math.ceil(challenge.inside.expires - now),
            resend_in_s=math.ceil(verdict.seconds) if isinstance(verdict, Wait) else 0,
            resends_left=max(0, rules.resends - max(0, stored.sends - 1)),
            delivery="failed" if lost else stored.delivery,
        )

    async def _send(self, challenge: LiveChallenge, client: Client) -> bool | LockedOut:
        """Claim and begin one send; False when somebody else has just claimed it."""
        if not await self.challenges.claim(challenge):
            return False
        inside = challenge.inside
        refused = await self._budget.spend(Kind.CODE, inside.user, inside.mobile, client.address)
        if refused is not None:
            # Given back, so that whoever comes again in time is told the wait again.
            await self.challenges.unclaim(challenge)
            note(self._audit, "code.failed", client, "refused", inside.user, BEYOND_BUDGET)
            return refused
        sending = spawn(self._deliver(challenge, client), "send one-time password", promised=True)
        self._pending[challenge.token] = sending
        sending.add_done_callback(lambda done: self._forget(challenge.token, done))
        return True

    def _forget(self, token: str, done: asyncio.Task[None]) -> None:
        if self._pending.get(token) is done:
            del self._pending[token]

    async def _deliver_unseen(self, challenge: LiveChallenge, client: Client) -> None:
        await self._clock.sleep(self.challenges.pause_s(challenge, *UNSEEN_PAUSE_S))
        inside = challenge.inside
        mobile = None if inside.mobile == NOWHERE else inside.mobile
        if await self._budget.spend_on_reset(inside.user, mobile) is not None:
            named = "" if mobile is None else inside.user  # else it is what somebody typed
            note(self._audit, "code.failed", client, "refused", named, BEYOND_BUDGET)
            await self._settle(challenge, "failed")
        elif mobile is None:
            await self._settle(challenge, "sent")
        else:
            await self._deliver(challenge, client)

    async def _deliver(self, challenge: LiveChallenge, client: Client) -> None:
        """Send one message and write down how it went, whatever goes wrong on the way."""
        inside, delivery, reason = challenge.inside, "failed", "crashed"
        minutes = round(self.challenges.rules.lifetime.total_seconds() / 60)
        code = self.challenges.code(challenge.token, inside)
        text = self._wording.message(inside.purpose, code, minutes, client.language)
        try:
            async with asyncio.timeout(DEADLINE_S):
                reason = (await self._sms.send(inside.mobile, text)).provider
            delivery = "sent"
        except Unavailable as error:
            reason = error.what
        except TimeoutError:
            reason = "timeout"
        finally:
            note_done(self._audit, f"code.{delivery}", client, delivery, inside.user, reason)
            await self._settle(challenge, delivery)

    async def _settle(self, challenge: LiveChallenge, delivery: str) -> None:
        try:
            await self.challenges.settle(challenge, delivery)
        except Unavailable:
            return  # the page goes on saying "pending", then "failed"; the message itself is gone
