"""Sessions as operations and employees see and end them, over two workers."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import time
from datetime import datetime

import pytest

from gateway.system import SystemClock
from tests.system.gateway import INSIDE, OUTSIDE, free_port, running_gateway, running_stub
from tests.system.raw import connect, head, read_answer
from tests.system.scraping import metrics
from tests.system.visitor import Visitor, insider

pytestmark = [pytest.mark.system, pytest.mark.slow]

SOCKETS_OF_EACH = 500
ENDED_WITHIN_S = 2.0
FIREFOX = {"User_Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"}
WEBSOCKET = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)


@pytest.fixture(scope="module")
def stub(tmp_path_factory):
    with running_stub(tmp_path_factory.mktemp("stub")) as stub:
        yield stub


@pytest.fixture(scope="module")
def running(tmp_path_factory, stub):
    with running_gateway(
        tmp_path_factory.mktemp("sessions"),
        portal=stub.portal,
        phone=stub.phone,
        listen="workers = 2",
        upstream="connections = 1100",
    ) as gateway:
        gateway.add_users("anna,Anna Åkesson,0701740605,staff", "bo,Bo Ek,0701740606,staff")
        yield gateway


@pytest.fixture
def gateway(running):
    """The gateway, with nobody logged on."""
    running.cli("session", "revoke", "--all")
    running.before = len(running.audit())
    return running


def listed(gateway, *words: str) -> list[dict]:
    return json.loads(gateway.cli("session", "list", "--json", *words).stdout)


def revoked(gateway) -> float:
    return metrics(gateway).get('portvakt_sessions_ended_total{reason="revoked"}', 0)


def ends(visitor: Visitor, path: str = "/debug/echo") -> bool:
    end = time.monotonic() + ENDED_WITHIN_S
    while visitor.get(path).status != 302:
        if time.monotonic() > end:
            return False
    return True


def test_sessions_are_listed_and_revoked_one_by_one_by_user_and_all(gateway, stub):
    assert "Nobody is logged on." in gateway.cli("session", "list").stdout
    counted = revoked(gateway)
    first = insider(gateway, "anna")
    away = Visitor(gateway, OUTSIDE)
    away.log_on("anna", stub)
    bo = insider(gateway, "bo")

    newest, *_ = found = listed(gateway)
    assert [(one["user"], one["client"], one["network"]) for one in found] == [
        ("bo", INSIDE, "corporate"), ("anna", OUTSIDE, "internet"), ("anna", INSIDE, "corporate"),
    ]  # fmt: skip
    assert found[1]["factors"] == ["pwd", "otp"]
    assert newest["created"] <= newest["last_used"] < newest["expires"]
    assert listed(gateway, "--user", "ANNA") == found[1:]
    table = gateway.cli("session", "list").stdout
    assert table.count("\n") == 4
    for visitor in (first, away, bo):
        assert visitor.cookies["gateway"] not in table

    assert (
        gateway.cli("session", "revoke", found[1]["id"][:16]).stdout
        == "Ended: a session of anna.\n"
    )
    assert ends(away)
    assert first.get("/debug/echo").status == 200
    again = gateway.cli("session", "revoke", found[1]["id"], check=False)
    assert (again.returncode, again.stdout) == (1, "")
    assert "no such session" in again.stderr

    assert gateway.cli("session", "revoke", "--user", "anna").stdout == "Sessions ended: 1.\n"
    assert ends(first)
    assert gateway.cli("session", "revoke", "--user", "anna", check=False).returncode == 1
    assert bo.get("/debug/echo").status == 200
    assert gateway.cli("session", "revoke", "--all").stdout == "Sessions ended: 1.\n"
    assert ends(bo)
    ended = [one for one in gateway.audit()[gateway.before :] if one["event"] == "session.ended"]
    assert [(one["user"], one["network"], one["reason"]) for one in ended] == [
        ("anna", "operator", "revoked"), ("anna", "operator", "revoked"), ("bo", "operator", "revoked"),
    ]  # fmt: skip
    # What the command line ended is in the metrics once, whichever worker is asked how often.
    assert [revoked(gateway) for _ in range(4)] == [counted + 3] * 4


@pytest.mark.parametrize(
    "words",
    [(), ("abcdef01", "--all"), ("--user", "anna", "--all"), ("abc",), ("*",)],
    ids=" ".join,
)
def test_what_revoke_does_not_understand(gateway, words):
    assert gateway.cli("session", "revoke", *words, check=False).returncode == 2


def test_an_employee_ends_the_session_on_another_device(gateway, stub):
    office = insider(gateway, "anna")
    phone = Visitor(gateway, OUTSIDE)
    phone.log_on("anna", stub)
    bo = insider(gateway, "bo")
    page = office.get("/.gateway/account", **FIREFOX)
    assert page.text.count("This device") == 1
    assert OUTSIDE in page.text
    number = next(n for n in range(1, 5) if 'name="session"' in page.text.split("<form")[n + 1])
    key = page.text.split('name="session" value="')[1].partition('"')[0]
    of_bo = listed(gateway, "--user", "bo")[0]["id"]
    for which in (of_bo, key):
        sent = page.form(number) | {"session": which}
        assert office.post("/.gateway/account/sessions", sent).status == 303
    assert ends(phone)
    assert bo.get("/debug/echo").status == 200
    assert office.get("/debug/echo").status == 200


def test_the_device_is_what_the_browser_called_itself(gateway):
    anna = Visitor(gateway, INSIDE)
    page = anna.get("/.gateway/logon")
    fields = page.form() | {"username": "anna", "password": "Vrk7tolm9"}
    assert anna.post("/.gateway/logon", fields, **FIREFOX).status == 303
    assert listed(gateway)[0]["device"] == "Firefox, Linux"


def test_unlocking_a_user(gateway):
    attacker = Visitor(gateway, INSIDE)
    for _ in range(5):
        assert attacker.password("anna", "Fel7losen").status == 401
    assert attacker.password("anna").status == 429
    assert "is not locked" in gateway.cli("user", "unlock", "Anna").stdout
    assert attacker.password("anna").status == 303
    assert gateway.cli("user", "unlock", "nobody", check=False).returncode == 1


def test_without_a_gateway_that_ever_ran_nobody_is_logged_on(tmp_path, stub):
    with running_gateway(tmp_path, portal=stub.portal, start=False) as gateway:
        assert listed(gateway) == []
        assert gateway.cli("session", "revoke", "--all").stdout == "Sessions ended: 0.\n"


def test_while_the_gateway_stands_still_its_sessions_can_be_ended_too(gateway):
    visitor = insider(gateway, "anna")
    gateway.stop()
    try:
        assert [one["user"] for one in listed(gateway)] == ["anna"]
        assert gateway.cli("session", "revoke", "--all").stdout == "Sessions ended: 1.\n"
    finally:
        gateway.start()
    assert visitor.get("/debug/echo").status == 302


def test_a_store_that_does_not_answer_is_said(tmp_path, stub):
    key = tmp_path.name.ljust(32, "x")
    tables = f'[redis]\nurl = "redis://127.0.0.1:{free_port()}"\n[secrets]\nkey = "{key}"\n'
    with running_gateway(tmp_path, portal=stub.portal, start=False, tables=tables) as gateway:
        told = gateway.cli("session", "list", check=False)
    assert (told.returncode, told.stdout) == (1, "")
    assert "No answer: redis." in told.stderr


def websocket(gateway, visitor: Visitor) -> socket.socket:
    connection = connect(gateway.port, visitor.source)
    cookie = f"Cookie: gateway={visitor.cookies['gateway']}"
    extra = (*WEBSOCKET, f"Origin: {gateway.origin}")
    connection.sendall(head("GET", "/debug/ws", gateway.port, cookie, *extra))
    assert read_answer(connection).status == 101
    return connection


def test_of_a_thousand_websockets_only_those_of_the_revoked_user_close(gateway):
    with contextlib.ExitStack() as stack:
        open_ones = {}
        for user in ("anna", "bo"):
            visitor = insider(gateway, user)
            for _ in range(SOCKETS_OF_EACH):
                connection = stack.enter_context(websocket(gateway, visitor))
                open_ones[connection.fileno()] = (user, connection)
        poll = select.poll()
        for number in open_ones:
            poll.register(number, select.POLLIN | select.POLLRDHUP)
        gateway.cli("session", "revoke", "--user", "anna")
        closed_at = wait_for_ends(poll, open_ones, SOCKETS_OF_EACH)
        revoked = next(
            one for one in gateway.audit()[gateway.before :] if one["reason"] == "revoked"
        )["time"]
        begun = datetime.fromisoformat(revoked).timestamp()
        assert {open_ones[number][0] for number in closed_at} == {"anna"}
        took = sorted(at - begun for at in closed_at.values())
        assert len(took) == SOCKETS_OF_EACH
        assert took[int(0.99 * SOCKETS_OF_EACH)] < ENDED_WITHIN_S
        assert poll.poll(0) == []  # those of the other user are as they were


def wait_for_ends(poll: select.poll, open_ones: dict, count: int) -> dict[int, float]:
    """Return when each connection ended, by descriptor; stop after `count`, or in the long run."""
    closed_at: dict[int, float] = {}
    end = time.monotonic() + 5 * ENDED_WITHIN_S
    while len(closed_at) < count and time.monotonic() < end:
        for number, _ in poll.poll(100):
            connection = open_ones[number][1]
            connection.settimeout(0)
            with contextlib.suppress(ConnectionResetError):
                if connection.recv(100):
                    continue  # a close frame before the end
            closed_at[number] = SystemClock().now()
            poll.unregister(number)
    return closed_at
