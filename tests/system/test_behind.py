"""The recipes of `deploy/` with a proxy behind Portvakt, as its upstream, each with its real server.

One gateway serves all four, each below a path of its own. The stub portal behind them tells what
it was told; nothing of what the gateway writes may be lost or changed on the way.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import struct
from urllib.parse import urlsplit

import pytest

from tests.system.gateway import INSIDE, PASSWORD, free_port, running_gateway, running_stub
from tests.system.inline_recipes import Way, running
from tests.system.raw import connect, head, read_answer
from tests.system.visitor import Visitor

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("behind")]

SERVERS = ("nginx", "haproxy", "caddy", "envoy")
ELSEWHERE = "127.0.0.3"
SIZE = 5 * 1024 * 1024
IDENTITY = '{ X-Remote-User = "{user}", X-Remote-Name = "{name}", X-Remote-Groups = "{groups}" }'


@pytest.fixture(scope="module")
def stub(tmp_path_factory):
    with running_stub(tmp_path_factory.mktemp("stub")) as stub:
        yield stub


@pytest.fixture(scope="module")
def ports():
    return {server: free_port() for server in SERVERS}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, stub, ports):
    tables = "".join(
        f'[[upstream]]\nname = "{server}"\nurl = ["http://127.0.0.1:{port}"]\n'
        f"identity = {IDENTITY}\n"
        for server, port in ports.items()
    )
    routes = "".join(
        f'[[route]]\nhost = "{server}.localhost"\npath = "/"\nupstream = "{server}"\n'
        for server in SERVERS
    )
    with running_gateway(
        tmp_path_factory.mktemp("gateway"), portal=stub.portal, phone=stub.phone,
        tables=tables, routes=routes,
    ) as gateway:  # fmt: skip
        gateway.add_users("anna,Anna Åkesson,0701740605,staff")
        yield gateway


@pytest.fixture(scope="module", params=SERVERS)
def server(request, tmp_path_factory, stub, ports, gateway):
    way = Way(ports[request.param], behind=urlsplit(stub.portal).port)
    with running(request.param, "behind", tmp_path_factory.mktemp("proxy") / "etc", way):
        yield request.param


@pytest.fixture(scope="module")
def token(gateway):
    """A session that was opened inside; what is warm at one host is at each."""
    return insider_at(gateway, "nginx").cookies["gateway"]


@pytest.fixture
def host(server, gateway):
    return f"{server}.localhost:{gateway.port}"


def insider_at(gateway, server):
    visitor, host = Visitor(gateway, INSIDE), f"{server}.localhost:{gateway.port}"
    page = visitor.get("/.gateway/logon", Host=host)
    fields = page.form() | {"username": "anna", "password": PASSWORD}
    answer = visitor.post("/.gateway/logon", fields, Host=host, Origin=f"http://{host}")
    assert answer.status == 303, answer.text
    return visitor


@pytest.fixture
def anna(gateway, host, token):
    """Asks the host of this proxy, from inside, for something of the portal's."""

    def ask(method, target, *, body=None, **fields):
        visitor = Visitor(gateway, INSIDE)
        visitor.cookies = {"gateway": token, "theme": "dark"}
        return visitor.request(method, target, body, Host=host, **fields)

    return ask


def told(answer, name):
    return [value for key, value in json.loads(answer.body)["headers"] if key.lower() == name]


def test_what_the_portal_is_told_is_what_portvakt_says(anna, host):
    answer = anna("GET", "/debug/echo?a=1&b=%2F")
    assert answer.status == 200
    assert json.loads(answer.body)["target"] == "/debug/echo?a=1&b=%2F"
    assert told(answer, "x-forwarded-for") == [INSIDE]
    assert told(answer, "x-real-ip") == [INSIDE]
    assert told(answer, "x-forwarded-proto") == ["http"]
    assert told(answer, "x-forwarded-host") == [host]
    assert told(answer, "host") == [host]
    assert told(answer, "x-remote-user") == ["anna"]
    assert told(answer, "x-remote-name") == ["Anna %C3%85kesson"]
    assert told(answer, "x-remote-groups") == ["staff"]
    assert len(told(answer, "x-gateway-assertion")) == 1
    assert len(told(answer, "x-request-id")) == 1
    assert told(answer, "cookie") == ["theme=dark"]


CLAIMS = [
    {"X-Forwarded-For": ELSEWHERE}, {"X-Real-IP": ELSEWHERE}, {"Forwarded": f"for={ELSEWHERE}"},
    {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}, {"X-Remote-User": "root"},
]  # fmt: skip


@pytest.mark.parametrize("claim", CLAIMS, ids="+".join)
def test_a_client_tells_the_portal_nothing_under_these_names(anna, claim, host):
    answer = anna("GET", "/debug/echo", **claim)
    values = [value for _, value in json.loads(answer.body)["headers"]]
    assert not set(values) & {*claim.values()} - {"https"}
    assert told(answer, "x-forwarded-proto") == ["http"]
    assert told(answer, "x-real-ip") == [INSIDE]


@pytest.mark.parametrize("target", ["/debug/echo/a%2Fb", "/debug/echo/a//b", "/debug/echo/%C3%A5"])
def test_the_path_arrives_as_it_was_judged(anna, target):
    assert json.loads(anna("GET", target).body)["target"] == target


def test_who_is_not_logged_on_stays_outside(gateway, host, stub):
    stub.new_requests()
    assert Visitor(gateway).get("/debug/echo", Host=host).status == 302
    assert stub.new_requests() == []


def opened(gateway, host, token, target, *lines):
    """Return a connection from inside on which `target` was asked for."""
    connection = connect(gateway.port, INSIDE)
    data = head("GET", target, gateway.port, f"Cookie: gateway={token}", *lines)
    connection.sendall(
        data.replace(f"Host: localhost:{gateway.port}".encode(), b"Host: " + host.encode())
    )
    return connection


def test_a_websocket_echoes(gateway, host, token):
    opening = (
        "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", f"Origin: http://{host}",
    )  # fmt: skip
    with opened(gateway, host, token, "/debug/ws", *opening) as connection:
        assert read_answer(connection).status == 101
        mask, text = os.urandom(4), b"hej"
        masked = bytes(byte ^ mask[number % 4] for number, byte in enumerate(text))
        connection.sendall(struct.pack("!BB", 0x81, 0x80 | len(text)) + mask + masked)
        assert connection.recv(100) == b"\x81\x03hej"


def test_five_megabytes_go_either_way_whole(anna):
    body = os.urandom(SIZE)
    up = json.loads(anna("POST", "/debug/upload", body=body).body)
    assert (up["length"], up["sha256"]) == (SIZE, hashlib.sha256(body).hexdigest())
    down = anna("GET", f"/debug/download?bytes={SIZE}")
    assert hashlib.sha256(down.body).hexdigest() == down.headers["X-Content-SHA256"]


def test_an_event_arrives_when_it_is_sent(gateway, host, token):
    """Of a million: who keeps them until some buffer is full has nothing to show before its time-out."""
    target = "/debug/sse?count=1000000&interval=1"
    with (
        opened(gateway, host, token, target) as connection,
        http.client.HTTPResponse(connection) as answer,
    ):
        answer.begin()
        assert answer.status == 200
        assert answer.readline() == b"id: 1\n"


def test_a_redirect_of_the_portal_stays_what_it_is(anna):
    answer = anna("GET", "/debug/status/302?location=/next/%3Fa=1")
    assert (answer.status, answer.location) == (302, "/next/?a=1")
