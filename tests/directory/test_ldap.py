"""What LDAP alone can do wrong: servers that hang, accounts that are locked, names that mean more."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.auth.ports import PasswordRefused, Unavailable
from gateway.directory.opening import AnyDirectory, open_directory
from gateway.directory.trouble import DirectoryUnavailable
from gateway.settings.ldap import ACTIVE_DIRECTORY
from gateway.settings.model import Directory, Secret
from gateway.spans import HERE, Here, Kind
from gateway.system import SystemClock, SystemEntropy
from tests.directory.forwarder import forwarding
from tests.directory.ldap_servers import Server, running_samba, running_slapd
from tests.directory.support import Listener, cheap_hasher, person
from tests.proxy.test_tracing import Noted
from tests.system.certificates import Authority

pytestmark = pytest.mark.asyncio

PASSWORD, NEW = "Sommar2026", "Vinter2027xy"
PEOPLE = {
    person("anna", groups=("staff",)): PASSWORD,
    person("bo", groups=(), mobile=None): PASSWORD,
    person("cecilia", groups=()): PASSWORD,
    person("disa", groups=()): PASSWORD,
    person("eva", groups=()): PASSWORD,
    person("fia", groups=()): PASSWORD,
}


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_slapd(tmp_path_factory.mktemp("slapd"), PEOPLE) as server:
        yield server


@pytest.fixture(scope="module")
def samba(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_samba(tmp_path_factory.mktemp("samba"), PEOPLE) as server:
        yield server


@pytest.fixture(params=["slapd", "samba"])
def server(request: pytest.FixtureRequest) -> Server:
    found: Server = request.getfixturevalue(request.param)
    return found


@contextlib.asynccontextmanager
async def asking(
    server: Server, *urls: str, listener: Listener | None = None, database: str = "", **changes: Any
) -> AsyncIterator[AnyDirectory]:
    """Yield a directory that asks `urls`, or the server itself."""
    url = Secret(f"sqlite+aiosqlite:///{database}")
    settings = Directory("ldap", url, server.rules(*urls, **changes))
    hasher = cheap_hasher()
    heard = {} if listener is None else {"on_changed": listener}
    directory = open_directory(settings, hasher, SystemClock(), SystemEntropy(), **heard)
    try:
        yield directory
    finally:
        await directory.close()
        hasher.close()


def url(port: int) -> str:
    return f"ldaps://127.0.0.1:{port}"


@contextlib.contextmanager
def full() -> Iterator[int]:
    """Yield a port whose queue of connections is full: a connection attempt is never answered."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        port = listener.getsockname()[1]
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", port))
        yield port


async def test_two_of_three_servers_are_black_holes(slapd: Server) -> None:
    with full() as hole, forwarding(slapd.port) as mute:
        mute.fall_silent()
        async with asking(slapd, url(hole), url(mute.port), url(slapd.port)) as directory:
            begun = time.monotonic()
            found = await directory.authenticate("anna", PASSWORD)
            took = time.monotonic() - begun
            assert found is not None
            assert took < 3.0
            begun = time.monotonic()
            assert await directory.authenticate("anna", "wrong") is None
            assert time.monotonic() - begun < 3.0
            away = {url(hole): True, url(mute.port): True, url(slapd.port): False}
            assert directory.passed_over() == away


async def test_a_server_that_falls_silent_with_connections_open(slapd: Server) -> None:
    with forwarding(slapd.port) as first:
        async with asking(slapd, url(first.port), url(slapd.port)) as directory:
            assert await directory.find("anna") is not None
            first.fall_silent()
            assert await directory.authenticate("anna", PASSWORD) is not None


async def test_a_server_that_comes_back_is_asked_again(slapd: Server) -> None:
    with forwarding(slapd.port) as only:
        async with asking(slapd, url(only.port)) as directory:
            assert await directory.find("anna") is not None
            only.refuse()
            with pytest.raises(DirectoryUnavailable, match="directory"):
                await directory.find("anna")
            with forwarding(slapd.port, only.port):
                assert await directory.find("anna") is not None


async def test_a_connection_that_the_server_closed_is_replaced(slapd: Server) -> None:
    with forwarding(slapd.port) as forwarder:
        async with asking(slapd, url(forwarder.port)) as directory:
            assert await directory.find("anna") is not None
            forwarder.cut()
            assert await directory.find("anna") is not None


async def test_a_certificate_that_nobody_vouches_for(slapd: Server, tmp_path: Path) -> None:
    other = Authority(tmp_path, "other")
    async with asking(slapd, ca=other.file) as directory:
        with pytest.raises(Unavailable):
            await directory.authenticate("anna", PASSWORD)


async def test_a_trace_tells_what_was_asked_and_of_nobody(slapd: Server, tmp_path: Path) -> None:
    root = Noted("page", Kind.INTERNAL, "", {})
    token = HERE.set(Here("1f-2a", root.trace_id, root))
    try:
        async with asking(slapd) as directory:
            assert await directory.authenticate("anna", PASSWORD) is not None
        async with asking(slapd, ca=Authority(tmp_path, "other").file) as stranger:
            with pytest.raises(Unavailable):
                await stranger.authenticate("anna", PASSWORD)
    finally:
        HERE.reset(token)
    assert [(part.name, part.ended) for part in root.parts] == [
        ("directory authenticate", [""]),
        ("directory authenticate", ["DirectoryUnavailable"]),
    ]
    calls = [call for part in root.parts for call in part.parts]
    assert [(call.name, call.ended) for call in calls] == [
        ("LDAP search or change", [""]),
        ("LDAP bind", [""]),
        ("LDAP search or change", ["DirectoryUnavailable"]),
    ]
    assert {call.kind for call in calls} == {Kind.CLIENT}
    assert [part.about for part in (*root.parts, *calls)] == [{}] * 2 + [
        {"db.system.name": "ldap"}
    ] * 3


async def test_start_tls(slapd: Server) -> None:
    plain = f"ldap://127.0.0.1:{slapd.plain}"
    async with asking(slapd, plain, start_tls=True) as directory:
        assert await directory.authenticate("anna", PASSWORD) is not None


async def test_a_service_account_that_is_refused(slapd: Server) -> None:
    async with asking(slapd, bind_password=Secret("wrong")) as directory:
        with pytest.raises(DirectoryUnavailable) as raised:
            await directory.authenticate("anna", PASSWORD)
    assert "bind_dn" in raised.value.advice


async def test_an_empty_password_opens_nothing(server: Server) -> None:
    """To bind with none succeeds under any name (RFC 4513 section 5.1.2)."""
    async with asking(server) as directory:
        for password in ("", "\0", "\0" * 9):
            assert await directory.authenticate("anna", password) is None


async def test_a_password_is_set(server: Server) -> None:
    listener = Listener()
    async with asking(server, listener=listener) as directory:
        before = await directory.find("cecilia")
        assert await directory.accounts.set_password("CECILIA", NEW)
        assert listener.heard == ["cecilia"]
        assert await directory.authenticate("cecilia", PASSWORD) is None
        after = await directory.authenticate("cecilia", NEW)
        assert after is not None
        if server.kind == ACTIVE_DIRECTORY:  # slapd tells by the second
            assert before is not None
            assert before.credential != after.credential
        assert not await directory.accounts.set_password("nobody", NEW)


async def test_a_password_that_breaks_the_directorys_own_rules(server: Server) -> None:
    is_slapd = server.kind != ACTIVE_DIRECTORY
    who = {"bind_dn": f"cn=keeper,{server.base}"} if is_slapd else {}
    listener = Listener()
    async with asking(server, listener=listener, **who) as directory:
        before = await directory.find("fia")
        with pytest.raises(PasswordRefused):
            await directory.accounts.set_password("fia", "Kort7a")
        assert listener.heard == []
        assert await directory.authenticate("fia", "Kort7a") is None
        assert await directory.find("fia") == before
        assert await directory.accounts.set_password("fia", NEW)


@pytest.mark.parametrize(
    ("error", "info", "is_told"),
    [
        ("CONSTRAINT_VIOLATION", "Password fails quality checking policy", True),
        ("UNWILLING_TO_PERFORM", "0000052D: SvcErr: DSID-031A129B, problem 5003", True),
        ("UNWILLING_TO_PERFORM", "0000001F: SvcErr: DSID-031A12D2, problem 5003", False),
        ("INSUFFICIENT_ACCESS", "0000052D", False),
    ],
)
async def test_what_is_the_passwords_fault(error: str, info: str, *, is_told: bool) -> None:
    ldap = pytest.importorskip("ldap")
    accounts = pytest.importorskip("gateway.directory.ldap.accounts")
    refused = getattr(ldap, error)({"desc": "x", "info": info})
    assert accounts._breaks_rules(refused) is is_told


async def test_a_number_is_written_back(server: Server) -> None:
    async with asking(server) as directory:
        assert await directory.accounts.set_mobile("bo", "+46701740699")
        found = await directory.find("bo")
        assert found is not None
        assert found.mobile == "+46701740699"
        assert await directory.accounts.set_mobile("bo", None)
        found = await directory.find("bo")
        assert found is not None
        assert found.mobile is None
        assert not await directory.accounts.set_mobile("nobody", None)


async def test_a_number_in_a_table_of_ours(slapd: Server, tmp_path: Path) -> None:
    database = str(tmp_path / "numbers.sqlite3")
    async with asking(slapd, database=database, mobile_in="own") as directory:
        before = await directory.find("eva")
        assert before is not None
        assert before.mobile == "+46701740605", "the entry's, until another is registered"
        for number in ("+46701740698", None):
            assert await directory.accounts.set_mobile("eva", number)
            found = await directory.authenticate("eva", PASSWORD)
            assert found is not None
            assert found.mobile == number
    async with asking(slapd) as directory:
        found = await directory.find("eva")
        assert found is not None
        assert found.mobile == "+46701740605", "the directory was only read"


async def test_operators_see_why_somebody_is_kept_out(samba: Server) -> None:
    manager = samba.manager()
    dn = f"CN=disa,CN=Users,{samba.base}"
    cases = {
        "disabled": {"userAccountControl": b"514"},
        "expired": {"userAccountControl": b"512", "accountExpires": b"116444736010000000"},
        "password expired": {"accountExpires": b"0", "pwdLastSet": b"0"},
    }
    async with asking(samba) as directory:
        for state, values in cases.items():
            for name, value in values.items():
                manager.modify_s(dn, [(2, name, [value])])
            entry = await directory.accounts.show("disa")
            assert entry is not None
            assert (entry.state, entry.person.enabled) == (state, False)
            assert await directory.authenticate("disa", PASSWORD) is None
    manager.unbind_s()


async def test_groups_in_groups(samba: Server) -> None:
    manager = samba.manager()
    row = {
        "objectClass": [b"group"],
        "sAMAccountName": [b"everybody"],
        "member": [f"CN=staff,CN=Users,{samba.base}".encode()],
    }
    manager.add_s(f"CN=everybody,CN=Users,{samba.base}", list(row.items()))
    async with asking(samba) as directory:
        found = await directory.find("anna")
    async with asking(samba, nested=False) as directory:
        flat = await directory.find("anna")
    manager.delete_s(f"CN=everybody,CN=Users,{samba.base}")
    manager.unbind_s()
    assert found is not None
    assert flat is not None
    assert (found.groups, flat.groups) == (("everybody", "staff"), ("staff",))


async def test_a_bind_under_a_principal_name(samba: Server) -> None:
    async with asking(samba, bind_as="{user}@example.test") as directory:
        assert await directory.authenticate("anna", PASSWORD) is not None
        assert await directory.authenticate("anna", "wrong") is None
        assert await directory.authenticate("nobody", PASSWORD) is None


async def test_everybody_is_listed(server: Server) -> None:
    async with asking(server) as directory:
        listed = [entry.person.user async for entry in directory.accounts.entries()]
    assert set(listed) >= {"anna", "bo", "cecilia", "disa", "eva"}
    assert listed == sorted(listed)


async def test_many_at_once(slapd: Server) -> None:
    async with asking(slapd, timeout=timedelta(seconds=5)) as directory:
        tries = [
            directory.authenticate("anna", PASSWORD if number % 2 else "wrong")
            for number in range(60)
        ]
        found = await asyncio.gather(*tries)
    assert [one is not None for one in found] == [number % 2 == 1 for number in range(60)]
