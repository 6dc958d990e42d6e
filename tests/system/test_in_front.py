"""The recipes of `deploy/` with a proxy in front of Portvakt, each with its real server.

"inline" ends TLS in the proxy, "passthrough" in Portvakt, told the address in a PROXY header. Both
are to look alike from outside, and the portal is to be told the right address. One gateway of each
kind serves all proxies in turn at the same public address.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import hashlib
import http.client
import itertools
import json
import os
import struct
import subprocess
import urllib.error
import urllib.request

import pytest

from gateway.checking import read_checked
from gateway.cli.front import look_at_front
from tests.requirements import program
from tests.system.certificates import Authority
from tests.system.gateway import INSIDE, free_port, running_gateway, running_stub
from tests.system.inline_recipes import Way, running
from tests.system.raw import connect, head, read_answer
from tests.system.visitor import Visitor, insider

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("in-front")]

ELSEWHERE = "127.0.0.3"
CALLERS = (f"127.0.0.{number}" for number in itertools.count(10))
"""Of one address, 20 refusals a minute are kept."""
ECHO = "/debug/echo"
TRUSTING = 'trusted_proxies = ["127.0.0.1"]\n'
PLACES = [
    ("inline", "nginx"), ("inline", "haproxy"), ("inline", "caddy"), ("inline", "envoy"),
    ("passthrough", "nginx"), ("passthrough", "haproxy"), ("passthrough", "envoy"),
]  # fmt: skip
SIZE = 5 * 1024 * 1024


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def issued(authority):
    return authority.issue("localhost", "127.0.0.1")


@pytest.fixture(scope="module")
def stub(tmp_path_factory):
    with running_stub(tmp_path_factory.mktemp("stub")) as stub:
        yield stub


@pytest.fixture(scope="module")
def public():
    return free_port()


@pytest.fixture(scope="module")
def gateway_for(tmp_path_factory, stub, authority, issued, public):
    """Return the gateway for a kind of recipe, started when first asked for."""
    listen = {
        "inline": TRUSTING,
        "passthrough": f"{TRUSTING}proxy_protocol = true\n"
        f'tls = {{ certificate = "{issued.certificate}", key = "{issued.key}" }}',
    }
    users = tmp_path_factory.mktemp("users") / "users.sqlite3"
    started = {}
    with contextlib.ExitStack() as stack:

        def gateway_for(kind):
            if kind not in started:
                running = running_gateway(
                    tmp_path_factory.mktemp(kind), portal=stub.portal, phone=stub.phone,
                    scheme="https", public_port=public, listen=listen[kind], tls=authority.client(),
                    tables=f'[directory]\nkind = "sqlite"\npath = "{users}"\n',
                )  # fmt: skip
                is_first = not users.exists()
                started[kind] = stack.enter_context(running)
                if is_first:
                    started[kind].add_users("anna,Anna Åkesson,0701740605,staff")
            return started[kind]

        yield gateway_for


@pytest.fixture(scope="module", params=PLACES, ids="-".join)
def place(request, tmp_path_factory, gateway_for, issued, public):
    """The gateway as it is seen through a proxy, and the port where the proxy speaks no TLS."""
    kind, server = request.param
    gateway = gateway_for(kind)
    way = Way(
        public, gateway.port, int(gateway.admin.rpartition(":")[2]), free_port(), issued=issued
    )
    with running(server, kind, tmp_path_factory.mktemp("proxy") / server, way):
        yield dataclasses.replace(gateway, port=public), way.plain


@pytest.fixture(scope="module")
def gateway(place):
    return place[0]


@pytest.fixture(scope="module")
def anna(gateway):
    """Logged on inside, with the password alone."""
    return insider(gateway, "anna")


def fields_of(body):
    return [(name.lower(), value) for name, value in json.loads(body)["headers"]]


def told(body, name):
    return [value for key, value in fields_of(body) if key == name]


def test_a_logon_from_outside_takes_a_code_and_leads_back(gateway, stub):
    visitor = Visitor(gateway, ELSEWHERE)
    sent = visitor.get(f"{ECHO}?a=1&b=2")
    assert sent.status == 302
    assert sent.location.removeprefix(gateway.origin).startswith("/.gateway/logon?next=")
    on = visitor.password("anna", way=f"{ECHO}?a=1&b=2")
    assert (on.status, on.location.partition("?")[0]) == (303, "/.gateway/otp")
    page = visitor.get(on.location)
    answer = visitor.post("/.gateway/otp", page.form() | {"code": stub.code()})
    assert (answer.status, answer.location) == (303, f"{ECHO}?a=1&b=2")
    cookies = answer.headers.get_all("Set-Cookie")
    assert any(line.startswith("__Host-gateway=") for line in cookies)
    assert all(line.startswith("__Host-") and "; Secure" in line for line in cookies), cookies
    assert not any("domain" in line.lower() for line in cookies)
    echo = visitor.get(f"{ECHO}?a=1&b=2")
    assert json.loads(echo.body)["target"] == f"{ECHO}?a=1&b=2"
    assert told(echo.body, "x-forwarded-for") == [ELSEWHERE]
    assert told(echo.body, "x-forwarded-proto") == ["https"]
    assert told(echo.body, "host") == [f"localhost:{gateway.port}"]
    opened = [line for line in gateway.audit() if line["event"] == "session.opened"][-1]
    assert (opened["client"], opened["network"]) == (ELSEWHERE, "internet")


def test_inside_the_password_is_enough_and_the_portal_is_told_the_address(anna):
    echo = anna.get(ECHO)
    assert echo.status == 200
    assert told(echo.body, "x-forwarded-for") == [INSIDE]
    assert told(echo.body, "cookie") == []
    assert told(echo.body, "x-real-ip") == []


CLAIMS = [
    (), (f"X-Forwarded-For: {INSIDE}",), (f"X-Forwarded-For: {INSIDE}, {INSIDE}",),
    (f"X-Forwarded-For: {INSIDE}", f"X-Forwarded-For: {INSIDE}"), (f"X-Real-IP: {INSIDE}",),
    (f"Forwarded: for={INSIDE}",), (f"X_Forwarded_For: {INSIDE}",), ("Connection: close, X-Forwarded-For",),
]  # fmt: skip


@pytest.mark.parametrize("claim", CLAIMS, ids=" ".join)
def test_nobody_is_inside_who_only_says_so(gateway, anna, claim):
    """A session that gave a password alone: inside it opens a page, outside a code is asked for."""
    close = () if claim and "Connection" in claim[0] else ("Connection: close",)
    cookie = f"Cookie: __Host-gateway={anna.cookies['__Host-gateway']}"
    lines = (cookie, "Sec-Fetch-Mode: navigate", *close, *claim)
    for source, expected in ((ELSEWHERE, 302), (INSIDE, 200)):
        with secured(gateway, source) as connection:
            connection.sendall(head("GET", ECHO, gateway.port, *lines))
            answer = read_answer(connection)
        if answer.status == 400:  # Envoy has nothing to do with such a Connection
            assert "X-Forwarded-For" in claim[0]
        elif expected == 200:
            assert answer.status == 200, answer.text
            assert told(answer.body, "x-forwarded-for") == [INSIDE]
        else:
            assert answer.status == 302, answer.text
            assert answer.location.removeprefix(gateway.origin).startswith("/.gateway/otp")


@contextlib.contextmanager
def secured(gateway, source):
    with (
        connect(gateway.port, source) as plain,
        gateway.tls.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        yield connection


def test_a_websocket_echoes(gateway, anna):
    opening = (
        "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", f"Origin: {gateway.origin}",
        f"Cookie: __Host-gateway={anna.cookies['__Host-gateway']}",
    )  # fmt: skip
    with secured(gateway, INSIDE) as connection:
        connection.sendall(head("GET", "/debug/ws", gateway.port, *opening))
        assert read_answer(connection).status == 101
        mask, text = os.urandom(4), b"hej"
        masked = bytes(byte ^ mask[number % 4] for number, byte in enumerate(text))
        connection.sendall(struct.pack("!BB", 0x81, 0x80 | len(text)) + mask + masked)
        assert connection.recv(100) == b"\x81\x03hej"


def test_five_megabytes_go_either_way_whole(anna):
    body = os.urandom(SIZE)
    up = json.loads(anna.request("POST", "/debug/upload", body=body).body)
    assert (up["length"], up["sha256"]) == (SIZE, hashlib.sha256(body).hexdigest())
    down = anna.request("GET", f"/debug/download?bytes={SIZE}")
    assert len(down.body) == SIZE
    assert hashlib.sha256(down.body).hexdigest() == down.headers["X-Content-SHA256"]


def test_an_event_arrives_when_it_is_sent(gateway, anna):
    """Of a million: who keeps them until some buffer is full has nothing to show before its time-out."""
    cookie = f"Cookie: __Host-gateway={anna.cookies['__Host-gateway']}"
    with secured(gateway, INSIDE) as connection:
        connection.sendall(head("GET", "/debug/sse?count=1000000&interval=1", gateway.port, cookie))
        with http.client.HTTPResponse(connection) as answer:
            answer.begin()
            assert answer.status == 200
            assert answer.readline() == b"id: 1\n"


def test_an_upload_is_refused_before_it_is_read(gateway):
    """A gigabyte is announced: who keeps it until it is whole takes each of these blocks."""
    lines = ("Content-Length: 1000000000", "Sec-Fetch-Mode: cors")
    with secured(gateway, ELSEWHERE) as connection:
        connection.sendall(head("POST", "/debug/upload", gateway.port, *lines))
        connection.settimeout(0.05)
        answer = b""
        for _ in range(200):
            with contextlib.suppress(TimeoutError):
                answer = connection.recv(12)
                break
            connection.sendall(bytes(16384))
        assert answer == b"HTTP/1.1 401"


def test_browsers_may_speak_http_2(gateway, anna, authority, request):
    """Its cookies come in pieces, its Host under another name."""
    if request.node.callspec.params["place"][0] == "passthrough":
        return  # Portvakt itself speaks HTTP/1.1
    words = [
        program("curl"),
        "--silent",
        "--show-error",
        "--http2",
        "--cacert",
        str(authority.file),
    ]
    words += ["--interface", INSIDE, "--write-out", " %{http_version}", "--max-time", "20"]
    words += ["-H", "Cookie: a=1", "-H", f"Cookie: __Host-gateway={anna.cookies['__Host-gateway']}"]
    words += ["-H", "Cookie: b=2", "-H", f"X-Forwarded-For: {ELSEWHERE}"]
    done = subprocess.run(
        [*words, f"{gateway.origin}{ECHO}?a=%2F"], capture_output=True, text=True, check=True
    )
    body, _, version = done.stdout.rpartition(" ")
    assert version == "2"
    assert json.loads(body)["target"] == f"{ECHO}?a=%2F"
    assert told(body, "host") == [f"localhost:{gateway.port}"]
    assert told(body, "x-forwarded-for") == [INSIDE]
    assert told(body, "cookie") == ["a=1; b=2"]


def test_who_calls_without_tls_is_sent_to_where_it_is(place, request):
    _, plain = place
    kind, server = request.node.callspec.params["place"]
    if (kind, server) not in {("inline", "nginx"), ("inline", "haproxy")}:
        return  # Caddy does it by itself, at port 80; the others have no such listener

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    with pytest.raises(urllib.error.HTTPError) as told:
        urllib.request.build_opener(Stay).open(f"http://localhost:{plain}/hr/?a=1", timeout=10)
    with told.value as answer:
        assert answer.code == 301
        assert answer.headers["Location"].startswith("https://localhost")
        assert answer.headers["Location"].endswith("/hr/?a=1")


def test_doctor_finds_nothing_wrong(gateway, authority):
    settings = read_checked(gateway.config, os.environ)
    caller = next(CALLERS)
    found = asyncio.run(look_at_front(settings, authority.file, caller))
    assert {one.part for one in found} >= {
        "form",
        "trusted_proxies",
        "uploads",
        "streams",
        "websocket",
    }
    wrong = [one for one in found if one.level != "ok" and one.part != "certificate"]
    assert not wrong
    client = next(one.found for one in found if one.part == "client")
    assert client.startswith(f"this call was taken to come from {caller} (internet)")
