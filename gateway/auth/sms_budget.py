"""How many messages may leave: the budgets of `[sms_budget]` (against SMS pumping, ASVS 2.4.1).

Each message draws on four budgets at once: its number, its user, the address that caused it, and
all messages together. Numbers and users are counted by what the message is for, so that whoever
may ask for one kind (anybody may ask for a reset) cannot use up the others.
"""

from __future__ import annotations

import enum
import math
from dataclasses import replace
from typing import Final

from gateway.auth.lockout import place_of
from gateway.auth.outcomes import LockedOut
from gateway.auth.ports import Bucket, Clock, FailureStore
from gateway.auth.sealing import Sealer
from gateway.settings.model import Rate
from gateway.settings.model import SmsBudget as Rules

BEYOND_BUDGET: Final = "sms-budget"
"""The reason in the audit of every message that was refused here; the outcome is "refused"."""


class Kind(enum.Enum):
    """What a message is for."""

    CODE = "code"
    RESET = "reset"
    NOTICE = "notice"


class SmsBudget:
    """Spends messages. Every method raises Unavailable when the store is away."""

    def __init__(self, store: FailureStore, sealer: Sealer, rules: Rules, clock: Clock) -> None:
        self._store: Final = store
        self._sealer: Final = sealer
        self._clock: Final = clock
        self._rules: Final = rules

    async def spend(self, kind: Kind, user: str, mobile: str, address: str) -> LockedOut | None:
        """Spend one message; None when it may leave, else how long to wait."""
        rules = self._rules
        return await self._spend(
            self._bucket(rules.number, kind.value, "number", mobile),
            self._bucket(rules.user, kind.value, "user", user),
            self._address(address),
            self._bucket(rules.total, "total"),
        )

    async def ask_for_reset(self, user: str, address: str) -> LockedOut | None:
        """Spend one request for a reset, before anybody knows whether there is such a user.

        What can be said to everybody is judged here: too many requests, and no messages left at
        all. The number's own budget cannot: a refusal would tell that there is such a user.
        """
        rules = self._rules
        return await self._spend(
            self._bucket(rules.resets, Kind.RESET.value, "asked", user),
            self._bucket(rules.user, Kind.RESET.value, "user", user),
            self._address(address),
            replace(self._bucket(rules.total, "total"), count=0),
        )

    async def spend_on_reset(self, user: str, mobile: str | None) -> LockedOut | None:
        """Spend the message of a reset that was asked for; without a number, at no one's cost."""
        rules, sent = self._rules, Kind.RESET.value if mobile else "nowhere"
        return await self._spend(
            self._bucket(rules.number, sent, "number", mobile or user),
            self._bucket(rules.total, "total" if mobile else "nowhere"),
        )

    async def forget(self, user: str) -> None:
        """Forget what was counted of a canonical user name; numbers and addresses stay counted."""
        rules = self._rules
        spent = [self._bucket(rules.user, kind.value, "user", user) for kind in Kind]
        asked = self._bucket(rules.resets, Kind.RESET.value, "asked", user)
        await self._store.clear([*spent, asked])

    async def _spend(self, *buckets: Bucket) -> LockedOut | None:
        now = self._clock.now()
        until = await self._store.spend(buckets, now)
        if until is None:
            return None
        return LockedOut(wait_s=max(1, math.ceil(until - now)), of="messages")

    def _address(self, address: str) -> Bucket:
        return self._bucket(self._rules.address, "address", place_of(address))

    def _bucket(self, rate: Rate, *name: str) -> Bucket:
        return Bucket(
            name=self._sealer.hidden("messages", *name),
            count=rate.count,
            period_s=rate.period.total_seconds(),
            locks_s=(),
        )
