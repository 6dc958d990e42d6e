"""Challenges: what binds a one-time password to a browser, a user and a purpose.

The challenge token is derived, not drawn: HMAC of browser, user, purpose and a nonce that the
store keeps. So a right password typed twice in one browser finds the challenge that is already
there. The code is an HMAC of the token: a resend repeats it and the store never holds it.
"""

from __future__ import annotations

import enum
import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Final

from gateway.auth.model import Person
from gateway.auth.ports import (
    ChallengeStore,
    Clock,
    Judged,
    NewChallenge,
    StoredChallenge,
    Unavailable,
)
from gateway.auth.sealing import Sealer, encode_token, key_name, parse_token
from gateway.settings.model import OneTimePassword as Rules
from policies import one_time_passwords as rule

_PURPOSE: Final = "challenge"
_CODE_BYTES: Final = 16
"""128 bits modulo 10**10 at most: the bias is under 2**-94, none that anybody could use."""


class Purpose(enum.Enum):
    """What the right code allows. The code of one purpose is no code for another."""

    LOGON = "logon"
    STEP_UP = "step-up"
    PROVE = "prove"
    RESET = "reset"
    NEW_PASSWORD = "new-password"  # noqa: S105 - no code goes out: what a reset's code is given for


NOWHERE: Final = ""
"""In place of a number: nothing is sent, and no code is right."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """The sealed inside of a challenge. `mobile` is where the code went; times in seconds.

    With NOWHERE for a number it is one that nobody can answer. `credential` is that of the person
    when it began: it must not outlive the password it rests on.
    """

    user: str
    mobile: str
    purpose: str
    digits: int
    expires: float
    credential: str = ""

    def holds_for(self, person: Person) -> bool:
        """Whether this person is still who it was begun for: same number, same password."""
        return (
            person.enabled and person.mobile == self.mobile and person.credential == self.credential
        )


@dataclass(frozen=True, slots=True)
class LiveChallenge:
    """A challenge as it stands in the store now, opened."""

    token: str
    key: str
    inside: Challenge
    stored: StoredChallenge

    def sending(self) -> rule.Sending:
        """Return what has been sent so far, as the rule wants it."""
        stored = self.stored
        return rule.Sending(stored.sends, stored.sent_at, failed=stored.delivery == "failed")


class Challenges:
    """Challenges by token. Every method raises Unavailable when the store is away."""

    def __init__(self, store: ChallengeStore, sealer: Sealer, rules: Rules, clock: Clock) -> None:
        self._store: Final = store
        self._sealer: Final = sealer
        self._clock: Final = clock
        self.rules: Final = rules

    async def begin(
        self,
        person: Person,
        mobile: str,
        browser: str,
        purpose: Purpose,
        *,
        lifetime: timedelta | None = None,
    ) -> str:
        """Return the token of this browser's challenge for this user and purpose, old or new.

        Old only where number and password are the same still. One whose number is NOWHERE costs
        the same and has no right code.
        """
        who = (browser, person.user, mobile, purpose.value, person.credential)
        nonce = self._sealer.new_token()
        token = self._token(who, nonce)
        lifetime_s = (lifetime or self.rules.lifetime).total_seconds()
        inside = Challenge(
            user=person.user,
            mobile=mobile,
            purpose=purpose.value,
            digits=self.rules.digits,
            expires=self._clock.now() + lifetime_s,
            credential=person.credential,
        )
        raw = token.encode()
        right = self.code(token, inside) if mobile != NOWHERE else self._sealer.new_token()
        fresh = NewChallenge(
            pointer=self._sealer.hidden("pointer", *who),
            nonce=nonce,
            key=key_name(raw),
            record=self._sealer.seal(_PURPOSE, raw, json.dumps(asdict(inside)).encode()),
            digest=self._digest(token, right),
        )
        return self._token(who, await self._store.begin(fresh, lifetime_s))

    async def find(self, token: str) -> LiveChallenge | None:
        """Return the live challenge of a cookie value, whatever somebody wrote into it.

        One that a gateway of another version began, with fields unknown here, is Unavailable and
        stays as it is: that gateway can still judge it.
        """
        raw = parse_token(token.encode()) if token.isascii() else None
        if raw is None:
            return None
        key = key_name(raw)
        stored = await self._store.read(key)
        plain = None if stored is None else self._sealer.unseal(_PURPOSE, raw, stored.record)
        if stored is None or plain is None:
            return None
        inside = _load(plain)
        if rule.is_over(inside.expires, self._clock.now()):
            await self._store.end(key)
            return None
        return LiveChallenge(token, key, inside, stored)

    def code(self, token: str, inside: Challenge) -> str:
        """Return the code of a challenge: uniform over its digits, the same each time."""
        mac = self._sealer.mac("code", inside.purpose, inside.user, token)
        number = int.from_bytes(mac[:_CODE_BYTES], "big") % 10**inside.digits
        return str(number).zfill(inside.digits)

    def pause_s(self, challenge: LiveChallenge, least: float, most: float) -> float:
        """Return a pause between two bounds that nobody can foretell, the same each time."""
        mac = self._sealer.mac("pause", challenge.token)
        return least + (most - least) * int.from_bytes(mac[:4], "big") / 2**32

    async def judge(self, challenge: LiveChallenge, typed: str) -> Judged | None:
        """Spend a try; None, and nothing is spent, when it is over meanwhile.

        The right code and the last try consume the challenge.
        """
        digest = self._digest(challenge.token, rule.normalise(typed))
        return await self._store.judge(challenge.key, digest, self.rules.attempts)

    async def consume(self, challenge: LiveChallenge) -> bool:
        """Use up a challenge that needs no code; True for exactly one caller."""
        code = self.code(challenge.token, challenge.inside)
        judged = await self._store.judge(challenge.key, self._digest(challenge.token, code), 1)
        return judged is not None and judged.right

    async def claim(self, challenge: LiveChallenge) -> bool:
        """Claim the next send of a challenge; True for exactly one caller."""
        sends = challenge.stored.sends
        return await self._store.claim(challenge.key, sends, self._clock.now())

    async def unclaim(self, challenge: LiveChallenge) -> None:
        """Give the claimed send back: nothing was sent."""
        await self._store.unclaim(challenge.key, challenge.stored)

    async def settle(self, challenge: LiveChallenge, delivery: str) -> None:
        """Write down how the claimed send went."""
        await self._store.settle(challenge.key, challenge.stored.sends + 1, delivery)

    async def end(self, challenge: LiveChallenge) -> None:
        """Delete a challenge that must not be answered any more."""
        await self._store.end(challenge.key)

    def _token(self, who: tuple[str, ...], nonce: str) -> str:
        return encode_token(self._sealer.mac("challenge token", *who, nonce))

    def _digest(self, token: str, code: str) -> str:
        return self._sealer.hidden("code digest", token, code)


def _load(plain: bytes) -> Challenge:
    """Return the inside of a challenge. Raises Unavailable for that of another version."""
    try:
        return Challenge(**json.loads(plain))
    except (ValueError, TypeError) as error:
        raise Unavailable("challenge of another version") from error
