"""gateway/cli/peers.py: what `portvakt doctor` says of the gateways on one Redis."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.auth.sealing import Sealer, mark_of
from gateway.cli.findings import Finding, Level
from gateway.cli.peers import judge, look_at_peers
from gateway.settings.model import Secret
from gateway.store.store import open_store
from gateway.system import SystemEntropy
from policies.peers import Peer, dump
from tests.auth.support import make_settings

GW1 = Peer("a1b2c3d4e5f60718", "gw1", "ours", ("k1", "k2"), "1.2", "c1", serving=True)
GW2 = replace(GW1, id="b1b2c3d4e5f60718", host="gw2")
SECRET = "a secret of 32 characters or more"


def levels(findings: list[Finding]) -> list[Level]:
    return [one.level for one in findings]


def test_those_that_agree_are_one_line() -> None:
    assert judge("ours", []) == []
    (one,) = judge("ours", [GW1, GW2])
    assert (one.level, one.found) == (Level.OK, "2 gateways run, and agree, with this secret")


def test_a_wrong_newcomer_and_the_wrong_one_here() -> None:
    wrong = replace(GW2, mark="theirs", serving=False)
    (there,) = judge("ours", [GW1, wrong])
    (here,) = judge("theirs", [GW1, wrong])
    assert levels([there, here]) == [Level.PROBLEM] * 2
    assert "gw2 (b1b2c3d4)" in there.found
    assert there.advice.endswith("restart that one")
    assert "gw1 (a1b2c3d4), which serves: no gateway here gets ready" in here.found
    assert here.advice.endswith("restart this one")
    assert all("PORTVAKT_SECRETS_KEY ([secrets] key)" in one.advice for one in (there, here))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kids": ("k3", "k4")}, "assertion-keys.json"),
        ({"version": "1.3"}, "finish the upgrade"),
        ({"configuration": "c2"}, "compare the two"),
    ],
)
def test_other_differences_are_warnings(change: dict, words: str) -> None:
    (one,) = judge("ours", [GW1, replace(GW2, **change)])
    assert one.level is Level.WARNING
    assert words in one.advice
    assert one.found.startswith("gw2 (b1b2c3d4) and gw1 (a1b2c3d4): ")


@pytest.mark.asyncio
async def test_it_reads_redis_and_writes_nothing(redis_server) -> None:
    here = replace(make_settings(), secret_key=Secret(SECRET), redis_url=Secret(redis_server.url))
    assert await look_at_peers(here) == []
    ours = replace(GW1, mark=mark_of(Sealer(SECRET.encode(), SystemEntropy())))
    store = open_store(redis_server.url)
    await store.peers.tell(ours.id, dump(ours), 60.0)
    await store.peers.tell("x", b"\xff", 60.0)
    await store.close()
    before = redis_server.admin().keys()
    found = await look_at_peers(here)
    assert levels(found) == [Level.OK, Level.WARNING]
    assert "1 records of gateways in Redis are none" in found[1].found
    assert redis_server.admin().keys() == before


@pytest.mark.asyncio
@pytest.mark.parametrize("url", ["embedded", "unix:///nowhere/redis.sock", "redis+nonsense://x"])
async def test_nothing_to_say_where_nobody_answers(url: str) -> None:
    settings = replace(make_settings(), secret_key=Secret(SECRET), redis_url=Secret(url))
    assert await look_at_peers(settings) == []
