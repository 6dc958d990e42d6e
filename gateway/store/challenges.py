"""Live challenges in Redis: `ChallengeStore`.

A challenge is a hash `portvakt:challenge:<key>`; `portvakt:pointer:<hash>` leads from (browser,
user, purpose) to it, so that a right password typed twice finds the same one.
"""

from __future__ import annotations

from typing import Final

from gateway.auth.ports import Judged, NewChallenge, StoredChallenge
from gateway.store.link import Link
from gateway.store.sessions import milliseconds


class RedisChallenges:
    """Challenges by key, each step atomic."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._challenge: Final = link.prefix + "challenge:"
        self._pointer: Final = link.prefix + "pointer:"

    async def begin(self, challenge: NewChallenge, lifetime_s: float) -> str:
        """Write the challenge unless its pointer leads to a live one; return the live nonce."""
        nonce: bytes = await self._link.script(
            "challenge_begin",
            [self._pointer + challenge.pointer, self._challenge + challenge.key],
            [
                challenge.nonce,
                challenge.key,
                challenge.record,
                challenge.digest,
                milliseconds(lifetime_s),
                self._challenge,
            ],
        )
        return nonce.decode()

    async def read(self, key: str) -> StoredChallenge | None:
        """Return the challenge, or None when it is over."""
        record, tries, sends, sent_at, delivery = await self._link.call(
            "HMGET", self._challenge + key, "record", "tries", "sends", "sent_at", "delivery"
        )
        if record is None:
            return None
        return StoredChallenge(record, int(tries), int(sends), float(sent_at), delivery.decode())

    async def judge(self, key: str, digest: str, attempts: int) -> Judged | None:
        """Spend one try, compare, consume on success or on the last try."""
        answer: bytes = await self._link.script(
            "challenge_judge", [self._challenge + key], [digest, attempts]
        )
        if answer == b"over":
            return None
        if answer == b"right":
            return Judged(right=True, tries_left=0)
        return Judged(right=False, tries_left=int(answer))

    async def claim(self, key: str, sends: int, now: float) -> bool:
        """Claim the send after `sends` earlier ones; True for exactly one caller."""
        args = [str(sends), repr(now)]
        return bool(await self._link.script("challenge_claim", [self._challenge + key], args))

    async def unclaim(self, key: str, before: StoredChallenge) -> None:
        """Put back what stood there before the last claim, unless a later one was made."""
        args = [str(before.sends + 1), str(before.sends), repr(before.sent_at), before.delivery]
        await self._link.script("challenge_unclaim", [self._challenge + key], args)

    async def settle(self, key: str, send: int, delivery: str) -> None:
        """Write down how the `send`-th message went, unless a later one was claimed."""
        await self._link.script("challenge_settle", [self._challenge + key], [str(send), delivery])

    async def end(self, key: str) -> None:
        """Delete the challenge."""
        await self._link.call("DEL", self._challenge + key)
