"""gateway/auth/deliveries.py: messages to a number and what was heard of them, telling nobody."""

from __future__ import annotations

import asyncio

import pytest

from gateway.auth.deliveries import KEPT_S, MOST, Deliveries, Delivery, KeptSms
from gateway.auth.ports import Unavailable
from gateway.auth.sealing import Sealer
from gateway.auth.sms_ports import Receipt, Taken
from tests.auth.support import SECRET
from tests.fakes import FakeClock, FakeDeliveries, FakeEntropy, FakeSms

pytestmark = pytest.mark.asyncio

MOBILE = "+46701234567"


class Desk:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = FakeDeliveries(self.clock)
        self.counted: list[tuple[str, str]] = []
        self.deliveries = Deliveries(
            self.store,
            Sealer(SECRET, FakeEntropy()),
            self.clock,
            lambda *one: self.counted.append(one),
        )

    async def sent(self, *ids: str, provider: str = "46elks", mobile: str = MOBILE) -> None:
        await self.deliveries.sent(mobile, Taken(provider, ids), self.clock.now())

    async def heard(self, name: str, provider: str = "46elks", *, arrived: bool = True) -> None:
        await self.deliveries.receive(Receipt(provider, name, arrived=arrived))

    async def states(self) -> list[tuple[str, float | None]]:
        return [(one.state, one.after_s) for one in await self.deliveries.of(MOBILE)]


async def test_sent_then_delivered() -> None:
    desk = Desk()
    at = desk.clock.now()
    await desk.sent("m1")
    assert list(await desk.deliveries.of(MOBILE)) == [Delivery(at, "67", "46elks", "sent", None)]
    desk.clock.forward(seconds=3)
    await desk.heard("m1")
    await desk.heard("m1", arrived=False)  # too late to matter
    assert list(await desk.deliveries.of(MOBILE)) == [
        Delivery(at, "67", "46elks", "delivered", 3.0)
    ]
    assert desk.counted == [("46elks", "delivered")]


async def test_a_receipt_may_come_first_and_may_say_no() -> None:
    desk = Desk()
    await desk.heard("m1", arrived=False)
    await desk.sent("m1")
    assert await desk.states() == [("failed", 0.0)]
    assert desk.counted == [("46elks", "failed")]


async def test_every_part_of_a_long_message_must_arrive() -> None:
    desk = Desk()
    await desk.sent("a", "b")
    await desk.heard("a")
    assert await desk.states() == [("sent", None)]
    desk.clock.forward(seconds=2)
    await desk.heard("b")
    assert await desk.states() == [("delivered", 2.0)]
    await desk.sent("c", "d")
    await desk.heard("d", arrived=False)
    assert [state for state, _ in await desk.states()] == ["failed", "delivered"]


async def test_a_receipt_is_of_one_provider() -> None:
    desk = Desk()
    await desk.sent("m1", provider="twilio")
    await desk.heard("m1", provider="46elks")
    assert await desk.states() == [("sent", None)]


async def test_so_many_for_so_long() -> None:
    desk = Desk()
    for number in range(MOST + 5):
        await desk.sent(f"m{number}")
    await desk.sent("other", mobile="+46709999999")
    assert len(await desk.states()) == MOST
    desk.clock.forward(seconds=KEPT_S)
    assert await desk.states() == []


async def test_the_store_learns_neither_numbers_nor_names() -> None:
    desk = Desk()
    await desk.sent("s70df59406a1b")
    await desk.heard("s70df59406a1b")
    kept = repr((desk.store.shelves, desk.store.receipts))
    for canary in ("701234567", "46elks", "s70df", "67"):
        assert canary not in kept.replace(str(desk.clock.now()), "") or canary == "67"


async def test_another_secret_reads_nothing() -> None:
    desk = Desk()
    await desk.sent("m1")
    shelf = next(iter(desk.store.shelves))
    other = Deliveries(desk.store, Sealer(b"x" * 32, FakeEntropy()), desk.clock)
    desk.store.shelves[other._shelf(MOBILE)] = desk.store.shelves[shelf]
    assert list(await other.of(MOBILE)) == []


async def test_a_store_that_is_away_costs_the_record_only() -> None:
    desk = Desk()
    desk.store.down = True
    await desk.sent("m1")
    await desk.heard("m1")
    assert desk.counted == []
    with pytest.raises(Unavailable):
        await desk.deliveries.of(MOBILE)


async def test_a_sender_whose_messages_are_kept() -> None:
    desk, sms = Desk(), FakeSms()
    kept = KeptSms(sms, desk.deliveries, desk.clock)
    assert await kept.send(MOBILE, "text") == Taken("fake")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert await desk.states() == [("sent", None)]
    sms.failing = True
    with pytest.raises(Unavailable):
        await kept.send(MOBILE, "text")
    assert len(await desk.states()) == 1


async def test_hearing_is_behind_whoever_brings_it() -> None:
    desk = Desk()
    desk.deliveries.hear(Receipt("smsc", "id1", arrived=True))
    assert desk.counted == []
    await asyncio.sleep(0)
    assert desk.counted == [("smsc", "delivered")]
