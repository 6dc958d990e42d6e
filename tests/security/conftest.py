"""The one gateway that the attacks on the logon share (tests/security/wall.py)."""

from __future__ import annotations

import asyncio

import pytest

from gateway.directory.passwords import PasswordHasher
from gateway.system import SystemEntropy
from tests.security.wall import PROXY, Wall, people
from tests.system.gateway import PASSWORD, running_gateway, running_stub
from tests.system.sms_peer import sms_peer

ROUTES = """
[[route]]
path = "/static/"
upstream = "portal"
public = true

[[route]]
path = "/live/"
upstream = "portal"
upgrades = ["websocket"]
origins = ["public_url", "https://intranet.example"]

[[route]]
path = "/ours/"
upstream = "portal"
upgrades = ["websocket"]

[[route]]
path = "/code/"
upstream = "portal"
title = "Behind a code"
second_factor = "always"

[[route]]
path = "/"
upstream = "portal"
title = "Portal"
"""
TABLES = """
[one_time_password]
resend_after = "1s"
"""


async def _hash() -> str:
    hasher = PasswordHasher(SystemEntropy())
    try:
        return await hasher.derive(PASSWORD)
    finally:
        hasher.close()


@pytest.fixture(scope="session")
def wall(tmp_path_factory):
    """A gateway with people, each known by one test only."""
    directory = tmp_path_factory.mktemp("wall")
    with (
        sms_peer() as peer,
        running_stub(directory) as stub,
        running_gateway(
            directory,
            portal=stub.portal,
            phone=peer.url,
            routes=ROUTES,
            tables=TABLES,
            listen=f'trusted_proxies = ["{PROXY}/32"]',
        ) as gateway,
    ):
        phc = asyncio.run(_hash())
        rows = [f'{one.user},Vera Ek,{one.phone},"{phc}"' for one in people()]
        file = directory / "people.csv"
        file.write_text("\n".join(["user,name,mobile,password_hash", *rows]) + "\n")
        gateway.cli("user", "import", str(file))
        yield Wall(gateway, stub, peer, iter(people()))
