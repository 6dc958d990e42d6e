"""The recipes of `deploy/`, each with its real server: who gets through, and what the portal sees.

One gateway is asked by all of them. The portal's own log is the judge of what got through.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import dataclasses
import http.client
import json
import os
import struct
from urllib.parse import urlsplit

import jwt
import pytest

from gateway.checking import read_checked
from gateway.cli.front import look_at_front
from gateway.settings.model import PublicUrl
from tests.system.gateway import INSIDE, running_gateway, running_stub
from tests.system.proxies import RECIPES, running_recipe
from tests.system.raw import ask, connect, head, read_answer
from tests.system.visitor import Visitor, insider

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("forward-auth")]

ROUTES = """
[[route]]
path = "/static/"
upstream = "portal"
public = true
[[route]]
path = "/debug/echo/open/"
upstream = "portal"
public = true
[[route]]
path = "/debug/echo/hr/"
upstream = "portal"
groups = ["hr"]
[[route]]
path = "/debug/echo/read/"
upstream = "portal"
methods = ["GET", "HEAD"]
[[route]]
path = "/"
upstream = "portal"
"""
ELSEWHERE = "127.0.0.3"
"""An address outside; that of the proxies themselves would be none at all."""
ECHO = "/debug/echo"
SCRIPT = {"Sec-Fetch-Mode": "cors", "Accept": "*/*"}
OURS = ("xremoteuser", "xremotename", "xremoteemail", "xremotegroups", "xgatewayassertion")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    directory = tmp_path_factory.mktemp("forward")
    with (
        running_stub(directory) as stub,
        running_gateway(
            directory, portal=stub.portal, phone=stub.phone, routes=ROUTES,
            listen='trusted_proxies = ["127.0.0.1"]',
        ) as gateway,
    ):  # fmt: skip
        gateway.add_user(
            "anna", mobile="0701740605", groups=["staff", "a+b"], full_name="Anna Åkesson"
        )
        gateway.add_user("siv", groups=["hr"])
        yield directory, stub, gateway


@pytest.fixture(scope="module", params=RECIPES)
def place(request, house):
    """A proxy in front of the gateway and the portal, as visitors see it; and the portal."""
    directory, stub, gateway = house
    portal = urlsplit(stub.portal).port
    with running_recipe(
        request.param, directory / request.param, asks=gateway.port, portal=portal
    ) as port:
        seen = dataclasses.replace(gateway, port=port, origin=f"http://localhost:{port}")
        yield seen, stub


@pytest.fixture(scope="module")
def anna(place):
    return insider(place[0], "anna")


def outsider(place):
    return Visitor(place[0], ELSEWHERE)


def fold(name):
    return "".join(c for c in name.lower() if c.isalnum())


def told(body):
    """Return the fields that say who asks, folded, as the portal saw them in an echo."""
    return [
        (fold(name), value) for name, value in json.loads(body)["headers"] if fold(name) in OURS
    ]


def fields_of(body):
    return {name.lower(): value for name, value in json.loads(body)["headers"]}


def test_a_page_load_is_sent_to_the_logon_and_back(place):
    gateway, stub = place
    stub.new_requests()
    visitor = outsider(place)
    answer = visitor.get("/debug/echo?a=1&b=2")
    assert answer.status == 302
    assert answer.location.removeprefix(gateway.origin) == (
        "/.gateway/logon?next=/debug/echo%3Fa%3D1%26b%3D2"
    )
    assert visitor.log_on("anna", stub, way="/debug/echo?a=1&b=2").location == "/debug/echo?a=1&b=2"
    assert not [one for one in stub.new_requests() if one["target"].startswith("/.gateway")]
    echo = visitor.get("/debug/echo?a=1&b=2")
    assert json.loads(echo.body)["target"] == "/debug/echo?a=1&b=2"
    fields = fields_of(echo.body)
    assert fields["x-forwarded-for"].endswith(ELSEWHERE)
    key = fields["x-gateway-assertion"]
    assert jwt.decode(key, options={"verify_signature": False})["amr"] == ["pwd", "otp"]


def test_a_script_is_told_401(place):
    answer = outsider(place).request("GET", "/debug/echo", **SCRIPT)
    assert answer.status == 401
    assert answer.headers.get_content_type() == "application/problem+json"
    assert json.loads(answer.body)["logon"] == "/.gateway/logon?next=/debug/echo"


def test_the_portal_is_told_what_it_is_told_inline(place, house, anna):
    """The same person at the gateway itself: the same fields, but for what differs each time."""
    gateway, _ = place
    inline = insider(house[2], "anna")
    expected = told(inline.request("GET", ECHO).body)
    found = told(anna.request("GET", ECHO).body)
    assert sorted(found)[1:] == sorted(expected)[1:]  # the first is the assertion, of two sessions
    assert [name for name, _ in sorted(found)] == sorted(OURS)
    keys = jwt.PyJWKClient(f"http://127.0.0.1:{gateway.port}/.gateway/jwks.json")
    token = dict(found)["xgatewayassertion"]
    claims = jwt.decode(
        token, keys.get_signing_key_from_jwt(token), algorithms=["ES256"], audience="portal",
        issuer=house[2].origin, leeway=5,
    )  # fmt: skip
    assert (claims["sub"], claims["groups"], claims["network"]) == (
        "anna",
        ["staff", "a+b"],
        "corporate",
    )


def test_the_session_never_reaches_the_portal_and_other_cookies_do(place, anna):
    visitor = Visitor(place[0], INSIDE)
    visitor.cookies = {"gateway": anna.cookies["gateway"]}
    assert not fields_of(visitor.request("GET", ECHO).body).get("cookie")
    visitor.cookies = {"a": "1", "gateway": anna.cookies["gateway"], "b": "2"}
    cookie = fields_of(visitor.request("GET", ECHO).body)["cookie"]
    assert cookie.replace(" ", "") == "a=1;b=2"


def test_what_a_public_route_is_told(place, anna):
    nobody = outsider(place).request("GET", ECHO + "/open/", **{"X-Remote-User": "root"})
    assert (nobody.status, told(nobody.body)) == (200, [])
    assert dict(told(anna.request("GET", ECHO + "/open/").body))["xremoteuser"] == "anna"


SPELLINGS = (
    "X-Remote-User", "x-remote-user", "X_Remote_User", "X-Remote_User", "X.Remote.User", "X--Remote-User",
    "X-Remote-Groups", "X_REMOTE_GROUPS", "X-Gateway-Assertion", "x-gateway_assertion", "XRemoteUser",
    "X-Remote-Email", "X-Remote-Name", "X~Remote~Name",
)  # fmt: skip


@pytest.mark.parametrize("path", [ECHO, ECHO + "/open/"])
def test_no_forged_field_arrives_under_any_spelling(place, anna, path):
    gateway, stub = place
    for lines in [
        *((one,) for one in SPELLINGS),
        SPELLINGS[:2],
        ("X-Remote-User", "X-Remote-User"),
    ]:
        for cookie in (f"Cookie: gateway={anna.cookies['gateway']}", "Accept: */*"):
            forged = [f"{name}: root" for name in lines]
            data = head("GET", path, gateway.port, cookie, *forged, "Connection: close")
            answer = ask(gateway.port, data, INSIDE)
            assert answer.status in {200, 400, 401, 403}, (lines, answer.status)
            if lines == ("X-Remote-User",) and "gateway=" in cookie:
                assert dict(told(answer.body))["xremoteuser"] == "anna"
    for request in stub.new_requests():
        if request["target"].startswith(ECHO):
            names = [fold(name) for name, _ in request["headers"] if fold(name) in OURS]
            assert len(names) == len(set(names))
            assert "root" not in [value for _, value in request["headers"]], request["headers"]


@pytest.mark.parametrize(
    "named", ["X-Remote-User", "X-Gateway-Assertion, X-Forwarded-For", "Cookie"]
)
def test_connection_takes_nothing_of_ours_out(place, anna, named):
    gateway, _ = place
    cookie = f"Cookie: gateway={anna.cookies['gateway']}"
    data = head(
        "GET", ECHO, gateway.port, cookie, f"Connection: close, {named}", "X-Remote-User: root"
    )
    answer = ask(gateway.port, data, INSIDE)
    if answer.status == 200:
        assert dict(told(answer.body))["xremoteuser"] == "anna"
        assert len(told(answer.body)) == len(OURS)
    else:  # whoever takes the cookie out has no session
        assert answer.status in {302, 400, 401, 403}


CLAIMS = [
    {"X-Original-URL": "http://localhost/static/"}, {"X-Original-URI": "/static/"},
    {"X-Forwarded-Uri": "/static/"}, {"X-Forwarded-Method": "GET"}, {"X-Original-Method": "GET"},
    {"X-Forwarded-Host": "localhost", "X-Forwarded-Uri": "/static/"}, {"X-Rewrite-URL": "/static/"},
    {"X-Forwarded-For": INSIDE}, {"X-Real-IP": INSIDE}, {"Forwarded": f"for={INSIDE}"},
]  # fmt: skip


@pytest.mark.parametrize("claim", CLAIMS, ids="+".join)
def test_a_client_does_not_say_what_is_asked_or_from_where(place, claim):
    _, stub = place
    stub.new_requests()
    anna = outsider(place)
    for method, path in (("GET", ECHO + "/hr/"), ("POST", ECHO + "/read/"), ("GET", ECHO)):
        assert anna.request(method, path, **SCRIPT, **claim).status in {401, 403}
    assert stub.new_requests() == []


def test_conditions_of_routes_hold(place, anna):
    siv = insider(place[0], "siv")
    assert siv.request("GET", ECHO + "/hr/").status == 200
    refused = anna.get(ECHO + "/hr/")
    assert refused.status == 403
    assert "no group that may open this page" in refused.text
    assert anna.request("GET", ECHO + "/hr/", **SCRIPT).headers.get_content_type() == (
        "application/problem+json"
    )
    assert anna.request("GET", ECHO + "/read/").status == 200
    assert anna.request("POST", ECHO + "/read/", body=b"x").status == 403


@pytest.mark.parametrize(
    "path", ["/debug/echo/open/../hr/", "/debug/echo/open/..%2fhr/", "/debug/echo/open/%2e%2e/hr/",
             "//debug/echo/hr/", "/debug//echo/hr/", "/debug/echo/%68r/", "/debug/echo/hr;a=b/",
             "/debug/echo/HR/", "/debug/echo/open/..\\hr/"],
)  # fmt: skip
def test_no_spelling_of_a_path_leads_where_the_plain_one_does_not(place, anna, path):
    gateway, stub = place
    stub.new_requests()
    cookie = f"Cookie: gateway={anna.cookies['gateway']}"
    answer = ask(gateway.port, head("GET", path, gateway.port, cookie, "Connection: close"), INSIDE)
    assert answer.status in {400, 403, 404}
    assert stub.new_requests() == []


@pytest.mark.parametrize(
    "path", ["/.gateway/verify", "/.gateway/verify?answer=client", "/.gateway/verify/", "/.gateway/verify/debug/echo",
             "/.gateway/../.gateway/verify", "/.gateway//verify", "/.gateway/%76erify", "/.gateway/verify/../verify/"],
)  # fmt: skip
def test_a_client_cannot_ask(place, anna, path):
    gateway, _ = place
    cookie = f"Cookie: gateway={anna.cookies['gateway']}"
    named = ("X-Original-URL: http://localhost/", "X-Forwarded-Method: GET", "X-Forwarded-Host: localhost", "X-Forwarded-Uri: /")  # fmt: skip
    data = head("GET", path, gateway.port, cookie, *named, "Connection: close")
    answer = ask(gateway.port, data, INSIDE)
    assert answer.status in {302, 400, 403, 404}
    assert not [name for name in answer.headers if fold(name) in OURS]


def test_bodies_go_through_and_stop_without_a_session(place, anna):
    _, stub = place
    body = os.urandom(300_000)
    echo = anna.request("POST", ECHO, body=body)
    assert (echo.status, json.loads(echo.body)["body"]["length"]) == (200, len(body))
    stub.new_requests()
    with contextlib.suppress(ConnectionError):  # it may close while we still send
        assert outsider(place).request("POST", ECHO, body=b"x" * 1000, **SCRIPT).status == 401
    assert stub.new_requests() == []


def websocket(place, anna, *lines):
    gateway, _ = place
    connection = connect(gateway.port, INSIDE)
    cookie = f"Cookie: gateway={anna.cookies['gateway']}"
    key = base64.b64encode(os.urandom(16)).decode()
    opening = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}")  # fmt: skip
    connection.sendall(head("GET", "/debug/ws", gateway.port, cookie, *opening, *lines))
    return connection


def test_a_websocket_of_our_own_page_is_tunnelled(place, anna):
    gateway, _ = place
    with websocket(place, anna, f"Origin: {gateway.origin}") as connection:
        assert read_answer(connection).status == 101
        mask, text = os.urandom(4), b"hej"
        masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(text))
        connection.sendall(struct.pack("!BB", 0x81, 0x80 | len(text)) + mask + masked)
        assert connection.recv(100) == b"\x81\x03hej"


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost.evil.example", None]
)
def test_a_websocket_of_another_page_is_refused(place, anna, origin):
    _, stub = place
    stub.new_requests()
    lines = [f"Origin: {origin}"] if origin else []
    with websocket(place, anna, *lines) as connection:
        assert read_answer(connection).status == 403
    assert stub.new_requests() == []


def test_a_step_up_leads_to_the_code(place, anna):
    visitor = outsider(place)
    visitor.cookies = dict(anna.cookies)  # logged on inside, now elsewhere
    answer = visitor.get(ECHO)
    assert answer.status == 302
    assert answer.location.removeprefix(place[0].origin) == "/.gateway/otp?next=/debug/echo"


def test_an_event_arrives_when_it_is_sent(place, anna):
    """Of a million: who keeps them until some buffer is full has nothing to show before its time-out."""
    gateway, _ = place
    cookie = f"Cookie: gateway={anna.cookies['gateway']}"
    with connect(gateway.port, INSIDE) as connection:
        target = "/debug/sse?count=1000000&interval=1"
        connection.sendall(head("GET", target, gateway.port, cookie))
        with http.client.HTTPResponse(connection) as answer:
            answer.begin()
            assert (answer.status, answer.readline()) == (200, b"id: 1\n")


def test_doctor_finds_nothing_wrong(place):
    gateway, _ = place
    settings = read_checked(gateway.config, os.environ)
    url = PublicUrl("http", "localhost", gateway.port, gateway.origin)
    found = asyncio.run(
        look_at_front(dataclasses.replace(settings, public_url=url), None, "127.0.0.4")
    )
    assert [one for one in found if one.level != "ok"] == []
    assert {one.part for one in found} >= {"client", "trusted_proxies", "uploads", "streams"}


def test_without_the_gateway_nothing_gets_through(house, tmp_path):
    """Last, and with proxies of their own: nobody answers where they ask."""
    _, stub, gateway = house
    portal = urlsplit(stub.portal).port
    gateway.stop()
    stub.new_requests()
    for name in RECIPES:
        with running_recipe(name, tmp_path / name, asks=gateway.port, portal=portal) as port:
            for path in (ECHO, ECHO + "/open/"):
                data = head("GET", path, port, "X-Remote-User: root", "Connection: close")
                assert ask(port, data).status >= 500, (name, path)
    assert stub.new_requests() == []
