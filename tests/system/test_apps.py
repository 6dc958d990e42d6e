"""The page of systems and the landing of a logon, over a real process and the real front door."""

from __future__ import annotations

import re

import pytest

from tests.system.gateway import INSIDE, OUTSIDE, PASSWORD, running_gateway, running_stub
from tests.system.visitor import Visitor, insider

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("logon")]

APPS = "/.gateway/apps"
ROUTES = """[[route]]
path = "/"
upstream = "portal"
title = "Portalen"
icon = "home"

[[route]]
path = "/schema"
upstream = "portal"
title = "Schema"
groups = ["several"]

[[route]]
path = "/debug/"
upstream = "portal"
title = "Felsökning"
groups = ["several"]
networks = ["corporate"]

[[route]]
path = "/natt/"
upstream = "portal"
title = "Aldrig"
groups = ["several"]
users = ["nobody"]

[[route]]
host = "hr.localhost"
path = "/"
upstream = "portal"
title = "HR"
groups = ["several"]
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    directory = tmp_path_factory.mktemp("apps")
    with (
        running_stub(directory) as stub,
        running_gateway(directory, portal=stub.portal, phone=stub.phone, routes=ROUTES) as gateway,
    ):
        gateway.add_user("anna", mobile="0701740605", groups=["staff"])
        gateway.add_user("eva", mobile="0701740606", groups=["several"])
        gateway.add_user("bo", groups=["several"])
        yield gateway, stub


def shown(visitor: Visitor) -> list[tuple[str, str]]:
    """Return the systems on the page: where they lead, and their titles."""
    page = visitor.get(APPS)
    assert page.status == 200
    return re.findall(
        r'class="app" href="([^"]*)".*?class="app-title"[^>]*>([^<]*)<', page.text, re.DOTALL
    )


def test_with_a_choice_a_logon_lands_there(place):
    gateway, stub = place
    inside, outside = Visitor(gateway, INSIDE), Visitor(gateway)
    assert inside.log_on("eva").location == APPS
    assert outside.log_on("eva", stub).location == APPS
    hr = ("http://hr.localhost:" + str(gateway.port) + "/", "HR")
    portal, schedule = ("/", "Portalen"), ("/schema", "Schema")
    assert shown(inside) == [portal, schedule, ("/debug/", "Felsökning"), hr]
    assert shown(outside) == [portal, schedule, hr]
    stub.new_requests()
    for href, _ in shown(inside)[:3]:
        inside.get(href)
    assert [one["target"] for one in stub.new_requests()] == ["/", "/schema", "/debug/"]
    assert outside.get("/debug/echo").status == 403
    assert inside.get("/natt/").status == 403


def test_with_a_destination_or_without_a_choice_it_does_not(place):
    gateway, stub = place
    assert (
        Visitor(gateway).log_on("eva", stub, way="/schema?vecka=47").location == "/schema?vecka=47"
    )
    assert Visitor(gateway, INSIDE).log_on("anna").location == "/"
    assert Visitor(gateway).log_on("anna", stub).location == "/"
    anna = insider(gateway, "anna")
    assert shown(anna) == [("/", "Portalen")]
    assert anna.get("/").status == 200


def test_the_name_alone_is_no_destination(place):
    gateway, _ = place
    eva = Visitor(gateway, INSIDE)
    first = eva.get("/")
    assert first.location == "/.gateway/logon?next=/"
    fields = eva.get(first.location).form() | {"username": "eva", "password": PASSWORD}
    assert eva.post("/.gateway/logon", fields).location == APPS
    assert eva.get("/").status == 200, "the portal itself stays where it is"
    assert eva.get("/.gateway/logon").location == APPS


def test_the_question_for_a_number_comes_between(place):
    gateway, _ = place
    bo = Visitor(gateway, INSIDE)
    answer = bo.password("bo")
    assert answer.location == "/.gateway/account/number?next=/.gateway/apps"
    assert f'href="{APPS}">Not now</a>' in bo.get(answer.location).text
    assert [title for _, title in shown(bo)][:2] == ["Portalen", "Schema"]


def test_a_step_up_on_the_way_to_the_portal_leads_to_the_portal(place):
    gateway, stub = place
    eva = insider(gateway, "eva")
    eva.source = OUTSIDE
    page = eva.get(eva.get("/").location)
    sent = eva.post("/.gateway/otp/resend", page.form())
    done = eva.post("/.gateway/otp", eva.get(sent.location).form() | {"code": stub.code()})
    assert (done.status, done.location) == (303, "/")


def test_nobody_is_shown_nothing(place):
    gateway, _ = place
    answer = Visitor(gateway).get(APPS)
    assert (answer.status, answer.location) == (303, "/.gateway/logon?next=/.gateway/apps")
    assert "Portalen" not in answer.text
