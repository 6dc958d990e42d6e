"""The password is known and the attacker sits outside: every way of the list ends at the code.

Each ends without a session as the victim, with the victim's number and password as the victim left
them, with no message to the attacker's phones in the victim's name, and with an audit line.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator

import pytest

from gateway.directory.passwords import PasswordHasher
from gateway.system import SystemEntropy
from tests.security.attacker import OPEN, Case, Place
from tests.security.paths import NOBODY, PATHS, SELF, VICTIM, Path
from tests.system.gateway import PASSWORD, running_gateway, running_stub, wait_for
from tests.system.sms_peer import sms_peer

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("password known")]

TABLES = """
[one_time_password]
resend_after = "1s"

[lockout]
user = "12/1h"

[self_service]
prove_mobile = {proving}
"""
ROUTES = f"""
[[route]]
path = "/static/"
upstream = "portal"
public = true

[[route]]
path = "{OPEN}"
upstream = "portal"
second_factor = "never"

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


@contextlib.contextmanager
def _place(tmp_path_factory, phc: str, *, proving: bool) -> Iterator[Place]:
    directory = tmp_path_factory.mktemp("known")
    with (
        sms_peer() as peer,
        running_stub(directory) as stub,
        running_gateway(
            directory,
            portal=stub.portal,
            phone=peer.url,
            routes=ROUTES,
            tables=TABLES.format(proving=str(proving).lower()),
        ) as gateway,
    ):
        rows = ["user,name,mobile,password_hash"]
        for number, path in enumerate(PATHS):
            mobile = f"+467040000{number:02}" if path.has_number else ""
            rows.append(f'v{number:02},Vera Ek,{mobile},"{phc}"')
            rows.append(f'e{number:02},Egil Al,+467041000{number:02},"{phc}"')
        file = directory / "people.csv"
        file.write_text("\n".join(rows) + "\n")
        gateway.cli("user", "import", str(file))
        yield Place(gateway, stub, peer)


@pytest.fixture(scope="module")
def phc() -> str:
    """The hash of PASSWORD: one for everybody, to spare the machine."""
    return asyncio.run(_hash())


@pytest.fixture(scope="module")
def plain(tmp_path_factory, phc) -> Iterator[Place]:
    with _place(tmp_path_factory, phc, proving=False) as place:
        yield place


@pytest.fixture(scope="module")
def proving(tmp_path_factory, phc) -> Iterator[Place]:
    with _place(tmp_path_factory, phc, proving=True) as place:
        yield place


def lines_of(case: Case) -> list[tuple[str, str, str, str]]:
    """Return event, outcome, reason and user of every line with the attacker's address."""
    return [
        (line["event"], line["outcome"], line["reason"], line["user"])
        for line in case.place.gateway.audit()
        if line["client"] == case.address
    ]


def has_line(case: Case, path: Path) -> bool:
    user = {VICTIM: case.victim, SELF: case.own, NOBODY: ""}[path.of]
    event, outcome, reason = path.ends
    return any(
        (event, outcome, user) == (found[0], found[1], found[3]) and reason in {"*", found[2]}
        for found in lines_of(case)
    )


def reached_as(case: Case) -> set[str]:
    """Return as whom the attacker's browsers reach a page of the portal that asks for a code."""
    found = set()
    for browser in case.browsers:
        answer = browser.get("/debug/echo")
        if answer.status == 200:
            found.add(dict(json.loads(answer.body)["headers"])["X-Remote-User"])
        else:
            assert answer.location.startswith(("/.gateway/logon", "/.gateway/otp"))
    return found


def portal_was_told(case: Case) -> bool:
    """Whether the portal has ever seen the victim's name from the attacker's address."""
    for request in case.place.stub.new_requests():
        fields = dict(request["headers"])
        told = fields.get("X-Remote-User") == case.victim
        if told and fields.get("X-Forwarded-For") == case.address:
            return not request["target"].startswith(OPEN)
    return False


@pytest.mark.parametrize("path", PATHS, ids=[path.name for path in PATHS])
def test_it_ends_without_a_session_and_with_an_audit_line(path: Path, request) -> None:
    place = request.getfixturevalue("proving" if path.proving else "plain")
    case = Case(place, PATHS.index(path))
    path.walk(case)
    assert reached_as(case) <= {case.own}
    assert not portal_was_told(case)
    assert place.row(case.victim) == case.known, "number and password are as the victim left them"
    wait_for(lambda: has_line(case, path), f"{path.ends} in {lines_of(case)}", 5)
    opened = {(line[3], line[2]) for line in lines_of(case) if line[0] == "session.opened"}
    mine = {(case.own, "pwd"), (case.own, "pwd+otp")}
    assert opened <= mine | ({(case.victim, "pwd")} if case.password_opens else set())


def test_the_list_is_long_enough_and_names_each_way_once() -> None:
    assert len(PATHS) == len({path.name for path in PATHS}) >= 25
