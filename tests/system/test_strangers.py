"""Strangers of twelve kinds at the door of one worker: nothing grows, and honest people are served.

How long these wait is measured by `python -m bench strangers`.
"""

from __future__ import annotations

import os

import pytest

from bench import clients
from bench.accounting import family, resident_kib
from bench.clients.stranger import kinds
from bench.peers import Peer
from tests.system.gateway import running_gateway, running_stub
from tests.system.visitor import insider

pytestmark = [pytest.mark.system, pytest.mark.slow]

CONNECTIONS, TURNS_A_SECOND = 150, 600
MOST_MIB = 48


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with (
        running_stub(tmp_path_factory.mktemp("stub")) as stub,
        running_gateway(tmp_path_factory.mktemp("strangers"), portal=stub.portal) as gateway,
    ):
        gateway.add_users("anna,Anna Åkesson,0701740605,staff")
        yield gateway


@pytest.fixture(scope="module")
def anna(gateway):
    return insider(gateway, "anna")


@pytest.mark.parametrize("kind", kinds([]))
def test_nothing_grows_and_others_are_served(gateway, anna, kind):
    assert gateway.process is not None
    host = f"Host: localhost:{gateway.port}"
    peer = Peer("gateway", gateway.port, gateway.process.pid, headers=(host,))
    before = _resident(peer)
    words = {"connections": CONNECTIONS, "rate": TURNS_A_SECOND, "tls": False}
    with clients.ready("stranger", peer, kind=kind, **words):
        for _ in range(20):
            assert anna.get("/debug/echo").status == 200
            assert anna.get("/.gateway/help").status == 200
        grown = (_resident(peer) - before) / 1024
    assert grown < MOST_MIB
    assert "crashed" not in gateway.log.read_text()


def _resident(peer: Peer) -> float:
    return resident_kib(pid for pid in family(peer.roots) if pid != os.getpid())
