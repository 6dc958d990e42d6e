"""Each contract runs on the fake and on Redis, with the gateway's own rights there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from gateway.auth.ports import ChallengeStore, FailureStore, RefusalStore, SessionStore
from gateway.auth.sms_ports import DeliveryStore
from gateway.store.store import open_store
from tests.fakes import FakeChallenges, FakeClock, FakeDeliveries, FakeRefusals, FakeStore


@dataclass
class Stores:
    """The ports of one implementation. `elapse` lets time pass for its lifetimes."""

    sessions: SessionStore
    failures: FailureStore
    challenges: ChallengeStore
    refusals: RefusalStore
    deliveries: DeliveryStore
    clock: FakeClock | None = None

    async def elapse(self, seconds: float) -> None:
        if self.clock is not None:
            self.clock.forward(seconds=seconds)
            return
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            await asyncio.sleep(seconds / 10)


@pytest_asyncio.fixture(params=["fake", "redis"])
async def stores(request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    if request.param == "fake":
        clock = FakeClock()
        memory = FakeStore(clock)
        yield Stores(
            memory,
            memory,
            FakeChallenges(memory),
            FakeRefusals(clock),
            FakeDeliveries(clock),
            clock,
        )
        return
    store = open_store(request.getfixturevalue("redis_url"))
    yield Stores(store.sessions, store.failures, store.challenges, store.refusals, store.deliveries)
    await store.close()
