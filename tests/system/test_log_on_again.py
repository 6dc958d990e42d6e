"""Routes with lifetimes of their own: logged on again there, alive elsewhere; on two workers."""

from __future__ import annotations

import pytest

from tests.system.gateway import INSIDE, PASSWORD, running_gateway, running_stub, wait_for
from tests.system.visitor import Answer, Visitor, insider

pytestmark = [pytest.mark.system, pytest.mark.slow]

ROUTES = """
[[route]]
path = "/debug/echo"
upstream = "portal"
idle = "8s"

[[route]]
path = "/kontakta-oss"
upstream = "portal"
absolute = "10s"

[[route]]
path = "/"
upstream = "portal"
"""


def again(visitor: Visitor, page: Answer) -> Answer:
    """Log on once more where the browser was sent."""
    form = visitor.get(page.location)
    assert form.status == 200, form.location
    assert "log on again" in form.text
    return visitor.post("/.gateway/logon", form.form() | {"username": "anna", "password": PASSWORD})


def test_a_route_asks_for_a_fresh_logon_and_elsewhere_the_session_lives_on(tmp_path):
    with (
        running_stub(tmp_path) as stub,
        running_gateway(
            tmp_path, portal=stub.portal, phone=stub.phone, routes=ROUTES, listen="workers = 2"
        ) as gateway,
    ):
        gateway.add_user("anna")
        away, busy = insider(gateway, "anna"), insider(gateway, "anna")
        assert away.get("/debug/echo").status == 200
        assert busy.get("/kontakta-oss").status == 200
        old = dict(away.cookies)
        # One is used all the time until its logon is too long ago; the other one is left alone.
        wait_for(lambda: busy.get("/kontakta-oss").status == 302, "the absolute end of a route")
        page = busy.get("/kontakta-oss")
        assert page.location.endswith("/logon?next=/kontakta-oss&notice=session-too-old")
        assert busy.get("/debug/echo").status == 200
        for _ in range(8):  # whichever worker it is, whatever was opened in between
            page = away.get("/debug/echo")
            assert page.status == 302, page.status
            assert page.location.endswith("/logon?next=/debug/echo&notice=session-idle")
            assert away.get("/").status == 200
        done = again(away, page)
        assert (done.status, done.location) == (303, "/debug/echo")
        assert away.get("/debug/echo").status == 200
        gone = Visitor(gateway, INSIDE)
        gone.cookies = old
        assert gone.get("/").status == 302, "the old session went with the new logon"
        assert again(busy, busy.get("/kontakta-oss")).location == "/kontakta-oss"
        assert busy.get("/kontakta-oss").status == 200
