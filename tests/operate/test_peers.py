"""gateway/operate/peers.py: who is kept out, what is told, and what changes nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import pytest

from gateway.auth.ports import Unavailable
from gateway.operate.peers import LIFETIME_S, Peers
from policies.peers import Peer, dump
from tests.fakes import FakeClock

pytestmark = pytest.mark.asyncio


class FakePeers:
    """Records that stay; `away` and it does not answer."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.away = False

    async def tell(
        self, peer_id: str, record: bytes, lifetime_s: float
    ) -> Sequence[tuple[str, bytes]]:
        if self.away:
            raise Unavailable("redis")
        before = list(self.kept.items())
        self.kept[peer_id] = record
        return before

    async def leave(self, peer_id: str) -> None:
        if self.away:
            raise Unavailable("redis")
        self.kept.pop(peer_id, None)


class House:
    """Gateways by name on one store; each may be changed under way."""

    def __init__(self) -> None:
        self.store, self.clock = FakePeers(), FakeClock()
        self.told: dict[str, Peer] = {}

    def start(self, name: str, mark: str = "right", *, tells: bool = True) -> Peers:
        self.told[name] = Peer(name, f"host-{name}", mark, ("k1", "k2"), "1", "c1")
        return Peers(self.store, lambda: self.told[name], self.clock, tells=tells)

    def change(self, name: str, **fields: object) -> None:
        self.told[name] = replace(self.told[name], **fields)


async def is_ready(peers: Peers) -> bool:
    try:
        await peers.ready()
    except Unavailable:
        return False
    return True


def numbers(peers: Peers) -> dict[str, float]:
    return {"".join(labels) or name: n for (name, labels), n in peers.values().items()}


async def test_a_newcomer_with_another_secret_is_kept_out_and_both_say_so(caplog) -> None:
    house = House()
    gw1, gw2 = house.start("gw1"), house.start("gw2", "wrong")
    assert await is_ready(gw1)
    assert caplog.records == []
    with pytest.raises(Unavailable, match=r"not that of host-gw1 \(gw1\).*PORTVAKT_SECRETS_KEY"):
        await gw2.ready()
    for _ in range(3):
        await gw1.look()
        await gw2.look()
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2
    at_gw2, at_gw1 = (record.getMessage() for record in caplog.records)
    assert at_gw2.startswith("this gateway is kept out (not ready): its secret is not that of host")
    assert "gateway host-gw2 (gw2) has another secret than this one and is kept out" in at_gw1
    assert at_gw1.count("PORTVAKT_SECRETS_KEY ([secrets] key)") == 1
    assert (await is_ready(gw1), await is_ready(gw2)) == (True, False)
    assert numbers(gw1)["secret"] == numbers(gw2)["secret"] == 1
    assert await is_ready(house.start("gw3"))


async def test_one_that_was_kept_out_waits_until_the_others_are_gone_for_good(caplog) -> None:
    house = House()
    gw1, gw2 = house.start("gw1"), house.start("gw2", "wrong")
    assert (await is_ready(gw1), await is_ready(gw2)) == (True, False)
    house.store.kept.clear()  # a Redis that comes back empty: the wrong one is there first
    await gw2.look()
    await gw1.look()
    house.clock.forward(seconds=LIFETIME_S / 2)
    await gw2.look()
    await gw1.leave()
    house.clock.forward(seconds=LIFETIME_S - 1)
    await gw2.look()
    assert not await is_ready(gw2)
    house.clock.forward(seconds=1)
    caplog.clear()
    caplog.set_level(logging.INFO)
    await gw2.look()
    assert await is_ready(gw2)
    assert b'"serving":true' in house.store.kept["gw2"]


async def test_a_new_worker_of_a_gateway_that_serves_is_let_in() -> None:
    house = House()
    await house.start("gw1").look()
    house.store.kept = {
        "gw0": dump(replace(house.told["gw1"], id="gw0", mark="wrong", serving=True))
    } | house.store.kept
    assert await is_ready(house.start("gw1"))
    assert not await is_ready(house.start("gw2"))


async def test_two_that_serve_under_two_secrets_are_called_out(caplog) -> None:
    house = House()
    gw1 = house.start("gw1")
    await gw1.look()
    house.change("gw1", id="gw9", mark="wrong", serving=True)
    house.store.kept["gw9"] = dump(house.told["gw1"])
    house.change("gw1", id="gw1", mark="right", serving=False)
    await gw1.look()
    assert "SERVES: who comes to it is logged off" in caplog.text
    assert await is_ready(gw1)


async def test_other_differences_are_told_once_when_they_last(caplog) -> None:
    house = House()
    gw1, gw2 = house.start("gw1"), house.start("gw2")
    house.change("gw2", kids=("k3", "k4"), version="2", configuration="c2")
    await gw2.look()
    await gw1.look()
    house.clock.forward(seconds=LIFETIME_S - 1)
    await gw1.look()
    assert caplog.records == []
    house.clock.forward(seconds=1)
    await gw1.look()
    await gw1.look()
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 3
    for words in ("assertion-keys.json", "another version", "another gateway.toml"):
        assert caplog.text.count(words) == 1
    assert numbers(gw1) == {
        "seen": 1, "secret": 0, "keys": 1, "version": 1, "configuration": 1, "peers_garbled": 0,
    }  # fmt: skip
    assert await is_ready(gw1)
    assert await is_ready(gw2)
    house.change("gw2", kids=("k1", "k2"), version="1", configuration="c1")
    caplog.set_level(logging.INFO)
    await gw2.look()
    await gw1.look()
    assert caplog.text.count("agree with this one") == 1


async def test_only_one_worker_writes_the_lines(caplog) -> None:
    house = House()
    await house.start("gw1").look()
    caplog.clear()
    assert not await is_ready(house.start("gw2", "wrong", tells=False))
    assert caplog.records == []


async def test_a_store_that_is_away_changes_nothing() -> None:
    house = House()
    house.store.away = True
    gw1 = house.start("gw1")
    assert await is_ready(gw1)
    await gw1.leave()
    house.store.away = False
    gw2 = house.start("gw2", "wrong")
    assert await is_ready(gw1)
    assert not await is_ready(gw2)
    house.store.away = True
    with pytest.raises(Unavailable):
        await gw2.look()
    assert (await is_ready(gw1), await is_ready(gw2)) == (True, False)


async def test_looks_at_once_do_not_overtake_each_other() -> None:
    house = House()
    gw1 = house.start("gw1")
    heard, at_once = [], house.store.tell

    async def slowly(peer_id: str, record: bytes, lifetime_s: float) -> Sequence[tuple[str, bytes]]:
        heard.append(record)
        for _ in range(5):  # the others would come by here
            await asyncio.sleep(0)
        return await at_once(peer_id, record, lifetime_s)

    house.store.tell = slowly
    await asyncio.gather(gw1.ready(), gw1.ready(), gw1.ready())
    assert [b'"serving":true' in record for record in heard] == [False, True]
    assert b'"serving":true' in house.store.kept["gw1"]


async def test_garbled_records_are_counted_and_passed_over(caplog) -> None:
    house = House()
    house.store.kept = {"x": b"{", "y\n": b"\xff" * 9000, "z": b"[]"}
    gw1 = house.start("gw1")
    await gw1.look()
    assert await is_ready(gw1)
    assert numbers(gw1)["seen"] == 0
    assert numbers(gw1)["peers_garbled"] >= 3
    assert caplog.records == []


async def test_it_looks_soon_until_it_has_seen_and_then_seldom() -> None:
    house = House()
    house.store.away = True
    gw1 = house.start("gw1")

    class EnoughError(Exception):
        pass

    async def sleep(seconds: float) -> None:
        house.clock.slept.append(seconds)
        house.store.away = False
        if len(house.clock.slept) == 3:
            raise EnoughError

    house.clock.sleep = sleep
    with suppress(EnoughError):
        await gw1.run()
    assert house.clock.slept == [1.0, 10.0, 10.0]
