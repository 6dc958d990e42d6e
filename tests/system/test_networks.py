"""Where a request comes from: the socket's address, and what trusted proxies say before it.

The probe is a session opened with a password alone: inside it loads a page, outside it is asked
for a code. What the portal is told (X-Forwarded-For) and what the audit says must agree with it.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import ssl
import struct

import pytest

from tests.system.certificates import Authority
from tests.system.gateway import INSIDE, OUTSIDE, PASSWORD, running_gateway, running_stub
from tests.system.raw import connect, head, is_closed, read_answer
from tests.system.visitor import Visitor, insider

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("networks")]

PROXY = "127.0.0.3"
STRANGER = "127.0.0.4"
UNKNOWN = None
TRUSTING = f'trusted_proxies = ["{PROXY}/32"]'
ROUTES = """
[[route]]
path = "/static/"
upstream = "portal"
public = true

[[route]]
path = "/debug/echo/public/"
upstream = "portal"
public = true

[[route]]
path = "/hr/"
upstream = "portal"
groups = ["hr"]

[[route]]
path = "/"
upstream = "portal"
"""
SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"


class Place:
    """A gateway, and somebody's session that was opened inside with a password."""

    def __init__(self, gateway) -> None:
        self.gateway = gateway
        gateway.add_users("anna,Anna Åkesson,0701740605,staff")
        visitor = insider(gateway, "anna")
        ((self.cookie, self.token),) = [
            (name, token)
            for name, token in visitor.cookies.items()
            if name in {"gateway", "__Host-gateway"}
        ]

    def ask(self, source: str, target: str, *lines: str, before: bytes = b""):
        """Load a page with the session; `before` are bytes before TLS and the request."""
        data = head(
            "GET",
            target,
            self.gateway.port,
            f"Cookie: {self.cookie}={self.token}",
            "Sec-Fetch-Mode: navigate",
            "Connection: close",
            *lines,
        )
        with connect(self.gateway.port, source) as plain:
            plain.sendall(before)
            with contextlib.ExitStack() as stack:
                connection = plain
                if self.gateway.tls is not None:
                    wrapped = self.gateway.tls.wrap_socket(plain, server_hostname="localhost")
                    connection = stack.enter_context(wrapped)
                connection.sendall(data)
                return read_answer(connection)

    def network(self, source: str, *lines: str, before: bytes = b"") -> str:
        """Return which network a request is taken to come from."""
        answer = self.ask(source, "/debug/echo", *lines, before=before)
        if answer.status == 302:
            assert answer.location.startswith("/.gateway/otp")
            return "internet"
        assert answer.status == 200
        return "corporate"

    def client(self, source: str, *lines: str, before: bytes = b"") -> str | None:
        """Return the client's address as the portal is told, None when it is not."""
        answer = self.ask(source, "/debug/echo/public/a", *lines, before=before)
        assert answer.status == 200
        found = [
            value
            for name, value in json.loads(answer.body)["headers"]
            if name.lower() == "x-forwarded-for"
        ]
        assert len(found) <= 1
        return found[0] if found else None

    def audited(self, source: str, *lines: str, before: bytes = b"") -> tuple[str, str]:
        """Return client and network of the audit's line on a refusal."""
        assert self.ask(source, "/hr/", *lines, before=before).status == 403
        line = self.gateway.audit()[-1]
        assert line["event"] == "access.denied"
        return line["client"], line["network"]


@pytest.fixture(scope="module")
def stub(tmp_path_factory):
    with running_stub(tmp_path_factory.mktemp("networks")) as stub:
        yield stub


@pytest.fixture(scope="module")
def start(tmp_path_factory, stub):
    """Start gateways that end with the module."""
    with contextlib.ExitStack() as stack:

        def start(name: str, listen: str = "", *, authority=None, **config) -> Place:
            running = running_gateway(
                tmp_path_factory.mktemp(name),
                portal=stub.portal,
                phone=stub.phone,
                routes=ROUTES,
                listen=listen,
                tls=authority and authority.client(),
                **config,
            )
            return Place(stack.enter_context(running))

        yield start


@pytest.fixture(scope="module")
def trusting_nobody(start):
    return start("nobody")


@pytest.fixture(scope="module")
def trusting(start):
    return start("trusting", TRUSTING)


@pytest.fixture(scope="module")
def proxied(start):
    return start("proxied", f"{TRUSTING}\nproxy_protocol = true")


@pytest.fixture(scope="module")
def proxied_tls(start, tmp_path_factory):
    directory = tmp_path_factory.mktemp("certificates")
    authority = Authority(directory)
    issued = authority.issue("localhost", "127.0.0.1")
    listen = f'tls = {{ certificate = "{issued.certificate}", key = "{issued.key}" }}'
    listen += f"\n{TRUSTING}\nproxy_protocol = true"
    return start("tls", listen, authority=authority, scheme="https")


CLAIMS = [
    (),
    (f"X-Forwarded-For: {INSIDE}",),
    (f"X-Forwarded-For: {INSIDE}, {INSIDE}",),
    (f"X-Forwarded-For: {PROXY}", f"X-Forwarded-For: {INSIDE}"),
    (f"x_forwarded_for: {INSIDE}",),
    (f"Forwarded: for={INSIDE};proto=https;by={INSIDE}",),
    (f"X-Real-IP: {INSIDE}",),
    (f"X-Client-IP: {INSIDE}",),
    (f"True-Client-IP: {INSIDE}",),
    (f"CF-Connecting-IP: {INSIDE}",),
    (f"X-Cluster-Client-IP: {INSIDE}",),
    (f"X-Originating-IP: {INSIDE}", f"X-Remote-Addr: {INSIDE}"),
    ("X-Gateway-Network: corporate", f"X-Gateway-Client: {INSIDE}"),
    (f"Via: 1.1 {INSIDE}", f"X-Forwarded-Host: {INSIDE}", f"X-ProxyUser-Ip: {INSIDE}"),
]


@pytest.mark.parametrize("lines", CLAIMS, ids=lambda lines: lines[0][:24] if lines else "none")
@pytest.mark.parametrize("which", ["trusting_nobody", "trusting"])
def test_what_a_stranger_says_of_his_address_changes_nothing(which, lines, request):
    place = request.getfixturevalue(which)
    for source, network in ((OUTSIDE, "internet"), (STRANGER, "internet"), (INSIDE, "corporate")):
        assert place.network(source, *lines) == network
        assert place.client(source, *lines) == source
        assert place.audited(source, *lines) == (source, network)


def test_a_logon_asks_for_a_code_whatever_a_stranger_says(trusting_nobody, stub):
    for lines in CLAIMS[1:3]:
        visitor = Visitor(trusting_nobody.gateway)
        claims = {name.replace("-", "_"): value for name, value in (x.split(": ") for x in lines)}
        page = visitor.get("/.gateway/logon", **claims)
        fields = page.form() | {"username": "anna", "password": PASSWORD}
        answer = visitor.post("/.gateway/logon", fields, **claims)
        assert (answer.status, answer.location) == (303, "/.gateway/otp")
        logons = [line for line in trusting_nobody.gateway.audit() if "logon" in line["event"]]
        assert (logons[-1]["client"], logons[-1]["network"]) == (OUTSIDE, "internet")


HOPS = [
    # lines of a trusted proxy, the client they name
    ((f"X-Forwarded-For: {INSIDE}",), INSIDE),
    (("X-Forwarded-For: 192.0.2.7",), "192.0.2.7"),
    (("X-Forwarded-For: 2001:db8::7",), "2001:db8::7"),
    ((f"X-Forwarded-For: ::ffff:{INSIDE}",), INSIDE),
    ((f"X-Forwarded-For: {INSIDE}, 192.0.2.7",), "192.0.2.7"),
    ((f"X-Forwarded-For: 192.0.2.7, {INSIDE}",), INSIDE),
    ((f"X-Forwarded-For: {INSIDE}", "X-Forwarded-For: 192.0.2.7"), "192.0.2.7"),
    (("X-Forwarded-For: 192.0.2.7", f"x-forwarded-for: {INSIDE}"), INSIDE),
    ((f"X-Forwarded-For: 192.0.2.7, {INSIDE}, {PROXY}",), INSIDE),
    ((f"X-Forwarded-For: {INSIDE}, 192.0.2.7, {PROXY}, {PROXY}",), "192.0.2.7"),
    (("X-Forwarded-For: garbage",), UNKNOWN),
    ((f"X-Forwarded-For: {INSIDE}, garbage",), UNKNOWN),
    ((f"X-Forwarded-For: {INSIDE},",), UNKNOWN),
    (("X-Forwarded-For: ",), UNKNOWN),
    ((f"X-Forwarded-For: {INSIDE}:4711",), UNKNOWN),
    ((f"X-Forwarded-For: [::ffff:{INSIDE}]",), UNKNOWN),
    (("X-Forwarded-For: 127.0.0.002",), UNKNOWN),
    (("X-Forwarded-For: 2130706434",), UNKNOWN),
    (("X-Forwarded-For: 127.2",), UNKNOWN),
    (("X-Forwarded-For: ::127.0.0.2",), "::127.0.0.2"),
    (("X-Forwarded-For: 64:ff9b::127.0.0.2",), "64:ff9b::7f00:2"),
    ((f"X-Forwarded-For: {PROXY}",), UNKNOWN),
    ((f"X_Forwarded_For: {INSIDE}",), UNKNOWN),
    ((f"Forwarded: for={INSIDE}",), UNKNOWN),
    ((f"X-Real-IP: {INSIDE}",), UNKNOWN),
    ((), UNKNOWN),
]


@pytest.mark.parametrize(("lines", "client"), HOPS, ids=lambda value: str(value)[:60])
def test_behind_a_trusted_proxy_the_right_most_hop_decides(trusting, lines, client):
    network = "corporate" if client == INSIDE else "internet"
    assert trusting.network(PROXY, *lines) == network
    told = trusting.client(PROXY, *lines)
    assert (told and ipaddress.ip_address(told)) == (client and ipaddress.ip_address(client))
    address, audited = trusting.audited(PROXY, *lines)
    assert (address, audited) == (told or "", network)


def v2(command: int, family: int, payload: bytes) -> bytes:
    return SIGNATURE + bytes((command, family)) + struct.pack("!H", len(payload)) + payload


def v2_tcp(source: str, *, extra: bytes = b"") -> bytes:
    address = ipaddress.ip_address(source).packed
    family = 0x11 if len(address) == 4 else 0x21
    return v2(0x21, family, address + address + struct.pack("!HH", 4711, 443) + extra)


HEADERS = [
    # a PROXY header of a trusted proxy, the client it names
    (f"PROXY TCP4 {INSIDE} 127.0.0.9 4711 443\r\n".encode(), INSIDE),
    (b"PROXY TCP4 192.0.2.7 127.0.0.9 4711 443\r\n", "192.0.2.7"),
    (b"PROXY TCP6 2001:db8::7 ::1 4711 443\r\n", "2001:db8::7"),
    (f"PROXY TCP6 ::ffff:{INSIDE} ::1 4711 443\r\n".encode(), INSIDE),
    (b"PROXY UNKNOWN\r\n", UNKNOWN),
    (f"PROXY UNKNOWN {INSIDE} 127.0.0.9 4711 443\r\n".encode(), UNKNOWN),
    (v2_tcp(INSIDE), INSIDE),
    (v2_tcp("192.0.2.7"), "192.0.2.7"),
    (v2_tcp("2001:db8::7"), "2001:db8::7"),
    (v2_tcp(INSIDE, extra=b"\x04\x00\x01\x00"), INSIDE),
    (v2(0x20, 0x11, ipaddress.ip_address(INSIDE).packed * 2 + b"\0" * 4), UNKNOWN),
    (v2(0x20, 0x00, b""), UNKNOWN),
    (v2(0x21, 0x00, b""), UNKNOWN),
    (v2(0x21, 0x31, b"\0" * 216), UNKNOWN),
]


@pytest.mark.parametrize(("header", "client"), HEADERS, ids=lambda value: repr(value)[:60])
@pytest.mark.parametrize("which", ["proxied", "proxied_tls"])
def test_the_proxy_header_of_a_trusted_proxy_names_the_client(which, header, client, request):
    place = request.getfixturevalue(which)
    network = "corporate" if client == INSIDE else "internet"
    # With a PROXY header each byte after it is the client's own: what it says is not believed.
    for lines in ((), (f"X-Forwarded-For: {INSIDE}",)):
        assert place.network(PROXY, *lines, before=header) == network
        assert place.client(PROXY, *lines, before=header) == client
        assert place.audited(PROXY, *lines, before=header) == (client or "", network)


BAD = [
    b"",  # none at all
    b"PROXY TCP4 127.0.0.2 127.0.0.9 4711\r\n",
    b"PROXY TCP4 127.0.0.2 127.0.0.9 4711 443\n",
    b"PROXY TCP4 ::1 ::1 4711 443\r\n",
    b"PROXY TCP4 127.0.0.002 127.0.0.9 4711 443\r\n",
    b"PROXY TCP5 127.0.0.2 127.0.0.9 4711 443\r\n",
    b"PROXY TCP4 127.0.0.2 127.0.0.9 4711 443" + b" " * 100 + b"\r\n",
    b"proxy TCP4 127.0.0.2 127.0.0.9 4711 443\r\n",
    v2(0x11, 0x11, b"\0" * 12),
    v2(0x22, 0x11, b"\0" * 12),
    v2(0x21, 0x11, b"\0" * 11),
    v2(0x21, 0x21, b"\0" * 35),
    SIGNATURE + b"\x21\x11\xff\xff",
]


@pytest.mark.parametrize("header", BAD, ids=lambda value: repr(value)[:60])
def test_a_trusted_proxy_without_a_good_header_is_refused(proxied, stub, header):
    stub.new_requests()
    with connect(proxied.gateway.port, PROXY) as connection:
        connection.sendall(header + head("GET", "/static/portal.css", proxied.gateway.port))
        assert read_answer(connection).status == 400
        assert is_closed(connection)
    assert stub.new_requests() == []


@pytest.mark.parametrize("header", [b"", BAD[1]], ids=["missing", "malformed"])
def test_under_tls_a_bad_header_ends_the_connection(proxied_tls, header):
    with connect(proxied_tls.gateway.port, PROXY) as plain:
        plain.sendall(header)
        with pytest.raises((ssl.SSLError, OSError)):
            proxied_tls.gateway.tls.wrap_socket(plain, server_hostname="localhost")


@pytest.mark.parametrize("header", [HEADERS[0][0], v2_tcp(INSIDE)], ids=["v1", "v2"])
@pytest.mark.parametrize("which", ["proxied", "trusting_nobody"])
def test_a_proxy_header_of_a_stranger_is_a_bad_request(which, header, request):
    place = request.getfixturevalue(which)
    with connect(place.gateway.port, OUTSIDE) as connection:
        connection.sendall(header + head("GET", "/static/portal.css", place.gateway.port))
        assert read_answer(connection).status == 400
        assert is_closed(connection)


def test_a_stranger_without_a_proxy_header_is_served_as_himself(proxied, proxied_tls):
    for place in (proxied, proxied_tls):
        assert place.network(OUTSIDE) == "internet"
        assert place.network(INSIDE) == "corporate"
        assert place.client(STRANGER) == STRANGER


def test_a_header_that_comes_in_pieces_is_read_to_its_end_and_no_further(proxied):
    for header in (HEADERS[0][0], v2_tcp(INSIDE)):
        with connect(proxied.gateway.port, PROXY) as connection:
            connection.setsockopt(6, 1, 1)  # TCP_NODELAY
            for at in range(len(header)):
                connection.sendall(header[at : at + 1])
            connection.sendall(head("GET", "/debug/echo/public/a", proxied.gateway.port))
            body = json.loads(read_answer(connection).body)
            assert ["X-Forwarded-For", INSIDE] in body["headers"]
