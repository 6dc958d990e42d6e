"""A route with a host of its own: pages, forms and WebSockets work at that host's origin."""

from __future__ import annotations

import pytest

from tests.system.gateway import INSIDE, PASSWORD, running_gateway, running_stub
from tests.system.visitor import Visitor

pytestmark = [pytest.mark.system, pytest.mark.slow]

ROUTES = """
[[route]]
path = "/"
upstream = "portal"

[[route]]
host = "hr.example.se"
path = "/"
upstream = "portal"
groups = ["hr"]

[[route]]
host = "*.apps.example.se"
path = "/"
upstream = "portal"
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    directory = tmp_path_factory.mktemp("hosts")
    with (
        running_stub(directory) as stub,
        running_gateway(directory, portal=stub.portal, phone=stub.phone, routes=ROUTES) as gateway,
    ):
        gateway.add_user("anna", groups=["hr"])
        yield gateway


@pytest.mark.parametrize("name", ["hr.example.se", "wiki.apps.example.se"])
def test_log_on_at_the_host_of_a_route(place, name):
    host = f"{name}:{place.port}"
    visitor = Visitor(place, INSIDE)
    page = visitor.get("/.gateway/logon", Host=host)
    form = page.form() | {"username": "anna", "password": PASSWORD}
    elsewhere = {"Host": host, "Origin": "http://evil.example.se"}
    assert visitor.post("/.gateway/logon", form, **elsewhere).status == 403
    done = visitor.post("/.gateway/logon", form, Host=host, Origin=f"http://{host}")
    assert done.status == 303
    assert visitor.get("/debug/echo", Host=host).status == 200
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    upgrade |= {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Host": host}
    evil = visitor.request("GET", "/debug/ws", Origin="http://evil.example.se", **upgrade)
    assert evil.status == 403
    other = visitor.request("GET", "/debug/ws", Origin=f"http://x.{host}", **upgrade)
    assert other.status == 403


@pytest.mark.parametrize(
    "host",
    [
        "evil.se",
        "hr.example.se.evil.se",
        "xhr.example.se",
        "apps.example.se",
        "a.b.apps.example.se",
    ],
)
def test_a_host_that_no_route_names_is_refused(place, host):
    assert Visitor(place).get("/", Host=host).status == 400
    assert Visitor(place).get("/.gateway/logon", Host=host).status == 400
