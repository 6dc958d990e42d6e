"""Whatever ends somebody's sessions closes what they have open, on every worker, and nobody else's."""

from __future__ import annotations

import contextlib
import select
import socket
import time

import pytest

from tests.system.gateway import INSIDE, OUTSIDE, PASSWORD, running_gateway, running_stub, wait_for
from tests.system.raw import connect, head, is_closed
from tests.system.visitor import Visitor, insider

pytestmark = [pytest.mark.system, pytest.mark.slow]

WEBSOCKET = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)
KINDS = {  # what is asked for, and the start of a good answer
    "websocket": ("GET", "/debug/ws", WEBSOCKET, b"HTTP/1.1 101 "),
    "events": ("GET", "/debug/sse?count=1000000&interval=0.1", (), b"HTTP/1.1 200 "),
    "endless": ("GET", "/debug/endless?pause=0.1", (), b"HTTP/1.1 200 "),
    "download": ("GET", "/debug/drip?bytes=10000&interval=0.1", (), b"HTTP/1.1 200 "),
    "upload": ("POST", "/debug/upload", ("Content-Length: 1000000",), b""),
}
OF_EACH = 6
"""Enough that both workers have some: the kernel deals connections out by their ports."""
ENDED_WITHIN_S = 2.0
PATIENCE_S = 20.0
NEW_PASSWORD = "Ny7gurkTolv"


@pytest.fixture(scope="module")
def stub(tmp_path_factory):
    with running_stub(tmp_path_factory.mktemp("stub")) as stub:
        yield stub


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, stub):
    with running_gateway(
        tmp_path_factory.mktemp("ends"),
        portal=stub.portal,
        phone=stub.phone,
        listen="workers = 2",
        tables="[session]\nmax_per_user = 3",
        routes='[[route]]\npath = "/"\nupstream = "portal"\ngroups = ["staff"]',
    ) as gateway:
        gateway.add_users(
            *(f"{way},Namn,070174{number:04},staff" for number, way in enumerate(WAYS)),
            "bo,Bo Ek,0701740606,staff",
            "mia,Mia Ek,0701740607,staff",
        )
        yield gateway


def revoked(gateway, stub) -> None:
    gateway.cli("session", "revoke", "--user", "revoked")


def disabled(gateway, stub) -> None:
    gateway.cli("user", "disable", "disabled")


def removed(gateway, stub) -> None:
    gateway.cli("user", "remove", "removed", "--yes")


def group_lost(gateway, stub) -> None:
    gateway.cli("user", "set-groups", "group_lost")


def password_set(gateway, stub) -> None:
    gateway.cli("user", "set-password", "password_set", "--password-stdin", stdin=NEW_PASSWORD)


def password_changed(gateway, stub) -> None:
    """By the employee, on another device."""
    other = insider(gateway, "password_changed")
    page = other.get("/.gateway/account")
    fields = dict.fromkeys(("new_password", "confirm_password"), NEW_PASSWORD)
    fields |= {"current_password": PASSWORD, "mobile": "0701740005"}
    form = page.form_to("/.gateway/account")
    assert form is not None
    assert other.post("/.gateway/account", form | fields).status == 303


def password_reset(gateway, stub) -> None:
    """By a code, from outside."""
    visitor = Visitor(gateway, OUTSIDE)
    page = visitor.get("/.gateway/reset")
    visitor.post("/.gateway/reset", page.form() | {"username": "password_reset"})
    number = f"+4670174{list(WAYS).index('password_reset'):04}"
    wait_for(lambda: stub.messages(number), "the message")
    page = visitor.get("/.gateway/reset/code")
    done = visitor.post("/.gateway/reset/code", page.form() | {"code": stub.code(number)})
    page = visitor.get(done.location)
    new = dict.fromkeys(("new_password", "confirm_password"), NEW_PASSWORD)
    assert visitor.post("/.gateway/reset/password", page.form() | new).status == 303


def logged_off(gateway, stub) -> None:
    """In the browser that holds the session."""
    visitor = VISITORS["logged_off"]
    page = visitor.get("/.gateway/logout")
    assert visitor.post("/.gateway/logout", page.form()).status == 303


WAYS = {
    way.__name__: way
    for way in (
        revoked,
        disabled,
        removed,
        group_lost,
        password_set,
        password_changed,
        password_reset,
        logged_off,
    )
}
VISITORS: dict[str, Visitor] = {}


def begin(gateway, visitor: Visitor, kind: str) -> socket.socket:
    """Open one that lasts, and see it begin."""
    method, target, extra, start = KINDS[kind]
    connection = connect(gateway.port, INSIDE)
    lines = (f"Cookie: gateway={visitor.cookies['gateway']}", f"Origin: {gateway.origin}", *extra)
    connection.sendall(head(method, target, gateway.port, *lines))
    if start:
        assert connection.recv(65536).startswith(start), kind
    else:
        connection.sendall(b"x" * 1000)
    return connection


def ended(connection: socket.socket) -> bool:
    """Read what is there; return whether that was the end."""
    connection.settimeout(0)
    try:
        while connection.recv(65536):
            pass
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    return True


@pytest.mark.parametrize("name", WAYS)
def test_everything_open_ends_and_nothing_of_others(gateway, stub, name):
    visitor, bo = insider(gateway, name), insider(gateway, "bo")
    VISITORS[name] = visitor
    with contextlib.ExitStack() as stack:
        begun = {
            (who, kind, number): stack.enter_context(begin(gateway, one, kind))
            for who, one in ((name, visitor), ("bo", bo))
            for kind in KINDS
            for number in range(OF_EACH)
        }
        others = {key for key in begun if key[0] == "bo"}
        WAYS[name](gateway, stub)
        at, left = time.monotonic(), set(begun)
        while left > others and time.monotonic() - at < PATIENCE_S:
            ready, _, _ = select.select([begun[key] for key in left], [], [], 0.05)
            left -= {key for key in left if begun[key] in ready and ended(begun[key])}
        assert left == others
        assert time.monotonic() - at < ENDED_WITHIN_S
        for who, kind, number in others:
            if kind == "websocket":
                begun[who, kind, number].settimeout(PATIENCE_S)
                begun[who, kind, number].sendall(b"\x81\x82\0\0\0\0hi")
                assert begun[who, kind, number].recv(4) == b"\x81\x02hi"
    assert visitor.get("/debug/echo").status == 302


def test_a_logon_too_many_ends_the_oldest(gateway):
    first, *others = [insider(gateway, "mia") for _ in range(3)]
    with begin(gateway, first, "websocket") as connection:
        others.append(insider(gateway, "mia"))
        assert is_closed(connection)
    assert first.get("/debug/echo").status == 302
    assert [one.get("/debug/echo").status for one in others] == [200, 200, 200]
