"""Every row of advisories.toml is replayed against a real gateway; its portal's record judges."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator

import pytest

from gateway.directory.passwords import PasswordHasher
from gateway.system import SystemEntropy
from tests.security.advisories import ATTACKS, WITH_PEOPLE
from tests.security.advisories.liar import Liar, running_liar
from tests.security.advisories.replay import Place, Replay, Row, rows
from tests.security.advisories.table import PAGE, written
from tests.system.gateway import (
    INSIDE,
    PASSWORD,
    RunningGateway,
    running_gateway,
    running_stub,
)
from tests.system.sms_peer import sms_peer
from tests.system.visitor import Visitor

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("advisories")]

TABLES = """
[one_time_password]
resend_after = "1s"

[limits]
head_timeout = "2s"
body = "64MiB"
"""
ROUTES = """
[[route]]
path = "/static/"
upstream = "portal"
public = true

[[route]]
path = "/liar/"
upstream = "liar"
public = true

[[route]]
path = "/told/"
upstream = "liar"

[[route]]
path = "/plain/"
upstream = "plain"
public = true

[[route]]
path = "/hr/"
upstream = "portal"
groups = ["hr"]

[[route]]
path = "/only/"
host = "a.example.se"
upstream = "portal"
public = true

[[route]]
path = "/only/"
host = "*.wild.example.se"
upstream = "portal"
public = true

[[route]]
path = "/open/"
upstream = "portal"
second_factor = "never"

[[route]]
path = "/read/"
upstream = "portal"
methods = ["GET", "POST"]

[[route]]
path = "/"
upstream = "portal"
"""


async def _hash() -> str:
    hasher = PasswordHasher(SystemEntropy())
    try:
        return await hasher.derive(PASSWORD)
    finally:
        hasher.close()


def _populate(gateway: RunningGateway, count: int) -> None:
    """Add anna, hedda of hr, and two accounts for each row that needs people."""
    phc = asyncio.run(_hash())
    people = ["user,name,email,mobile,groups,enabled,password_hash"]
    people.append(f'anna,Anna Ek,anna@corp.example,+46704300001,,yes,"{phc}"')
    people.append(f'hedda,Hedda Ek,,+46704300002,hr,yes,"{phc}"')
    people.append(f'dora,Dora Ek,,+46704300003,,no,"{phc}"')
    for number in range(1, count + 1):
        people.append(f'v{number:02},Vera Ek,,+467040000{number:02},,yes,"{phc}"')
        people.append(f'e{number:02},Egil Al,,+467041000{number:02},,yes,"{phc}"')
    file = gateway.directory / "people.csv"
    file.write_text("\n".join(people) + "\n")
    gateway.cli("user", "import", str(file))


def _cookie_of(gateway: RunningGateway, user: str) -> str:
    visitor = Visitor(gateway, INSIDE)
    visitor.log_on(user)
    return f"gateway={visitor.cookies['gateway']}"


def _upstreams(liar: Liar) -> str:
    """Return two more upstreams: one that lies, and one that should speak TLS and does not."""
    return (
        f'\n[[upstream]]\nname = "liar"\nurl = ["{liar.url}"]\n'
        'timeout = { connect = "2s", first_byte = "5s", idle = "5s" }\n'
        f'\n[[upstream]]\nname = "plain"\nurl = ["https://localhost:{liar.port}"]\n'
    )


def numbered() -> list[tuple[Row, int]]:
    """Return the rows with the number of their people, 0 where they need none."""
    found, number = [], 0
    for row in rows():
        number += row.attack in WITH_PEOPLE
        found.append((row, number if row.attack in WITH_PEOPLE else 0))
    return found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    directory = tmp_path_factory.mktemp("advisories")
    with contextlib.ExitStack() as stack:
        peer = stack.enter_context(sms_peer())
        liar = stack.enter_context(running_liar())
        stub = stack.enter_context(running_stub(directory))
        gateway = stack.enter_context(
            running_gateway(
                directory,
                portal=stub.portal,
                phone=peer.url,
                tables=TABLES + _upstreams(liar),
                routes=ROUTES,
                listen='trusted_proxies = ["127.0.0.3/32"]\nworkers = 2',
            )
        )
        _populate(gateway, max(number for _, number in numbered()))
        anna, hedda = _cookie_of(gateway, "anna"), _cookie_of(gateway, "hedda")
        listed = json.loads(gateway.cli("session", "list", "--user", "anna", "--json").stdout)
        yield Place(gateway, stub, peer, liar, anna, hedda, str(listed[0]["id"]))


@pytest.mark.parametrize(
    ("row", "number"), [pytest.param(*pair, id=pair[0].id) for pair in numbered()]
)
def test_it_does_not_work_here(place: Place, row: Row, number: int) -> None:
    place.stub.new_requests()
    ATTACKS[row.attack](Replay(place, number, row=row))


def test_the_list_is_whole() -> None:
    listed = rows()
    assert len(listed) == len({row.id for row in listed}) >= 230
    assert {row.attack for row in listed} == set(ATTACKS)
    assert all(len(row.about) > 20 for row in listed)


def test_the_page_shows_the_list() -> None:
    page = PAGE.read_text("utf-8")
    assert written(page) == page, "run python -m tests.security.advisories.table"
