"""The main job, against real processes: who gets in, from where, with what."""

from __future__ import annotations

import json

import pytest

from tests.system.gateway import INSIDE, PASSWORD, running_gateway, running_stub, wait_for
from tests.system.visitor import Visitor, insider

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("logon")]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    directory = tmp_path_factory.mktemp("logon")
    with (
        running_stub(directory) as stub,
        running_gateway(directory, portal=stub.portal, phone=stub.phone) as gateway,
    ):
        gateway.add_user("anna", mobile="0701740605", groups=["staff"], full_name="Anna Åkesson")
        gateway.add_user("bo")
        yield gateway, stub


def test_a_page_load_without_a_session_is_sent_to_the_logon(place):
    gateway, stub = place
    before = len(stub.requests())
    answer = Visitor(gateway).get("/schema?vecka=47")
    assert answer.status == 302
    assert answer.location == "/.gateway/logon?next=/schema%3Fvecka%3D47"
    assert len(stub.requests()) == before


def test_a_script_without_a_session_is_told_401(place):
    gateway, _ = place
    answer = Visitor(gateway).request("GET", "/api", **{"Sec-Fetch-Mode": "cors", "Accept": "*/*"})
    assert answer.status == 401
    assert answer.headers.get_content_type() == "application/problem+json"
    assert json.loads(answer.body)["logon"] == "/.gateway/logon?next=/api"


def test_from_outside_password_and_code_lead_back_to_the_page(place):
    gateway, stub = place
    visitor = Visitor(gateway)
    answer = visitor.log_on("anna", stub, way="/debug/echo?a=1&b=2")
    assert answer.location == "/debug/echo?a=1&b=2"
    seen = json.loads(visitor.get(answer.location).body)
    fields = {name.lower(): value for name, value in seen["headers"]}
    assert seen["target"] == "/debug/echo?a=1&b=2"
    assert fields["x-remote-user"] == "anna"
    assert fields["x-remote-name"] == "Anna %C3%85kesson"
    assert fields["x-remote-groups"] == "staff"
    assert fields["x-forwarded-for"] == "127.0.0.1"
    assert "gateway" not in fields.get("cookie", "")


def test_from_the_corporate_network_the_password_is_enough(place):
    gateway, stub = place
    before = len(stub.messages())
    visitor = insider(gateway, "anna")
    assert visitor.get("/debug/echo").status == 200
    assert len(stub.messages()) == before


def test_without_a_number_the_first_logon_must_be_inside(place):
    gateway, _ = place
    outside = Visitor(gateway).password("bo")
    assert outside.status == 403
    assert "network" in outside.text
    assert insider(gateway, "bo").get("/debug/echo").status == 200


def test_a_session_from_inside_needs_a_code_outside(place):
    gateway, _ = place
    visitor = insider(gateway, "anna")
    visitor.source = "127.0.0.1"
    answer = visitor.get("/debug/echo")
    assert answer.status == 302
    assert answer.location.startswith("/.gateway/otp")
    visitor.source = INSIDE
    assert visitor.get("/debug/echo").status == 200


def test_wrong_password_says_so_and_opens_nothing(place):
    gateway, _ = place
    visitor = Visitor(gateway, "127.0.0.9")
    answer = visitor.password("anna", "Fel7lösen")
    assert answer.status == 401
    assert "The user name or password is incorrect." in answer.text
    assert "gateway" not in visitor.cookies


def test_log_off_ends_the_session_everywhere(place):
    gateway, _ = place
    visitor = insider(gateway, "anna")
    token = visitor.cookies["gateway"]
    page = visitor.get("/.gateway/logout")
    assert visitor.post("/.gateway/logout", page.form()).status == 303
    assert "gateway" not in visitor.cookies
    visitor.cookies["gateway"] = token
    assert visitor.get("/debug/echo").status == 302


def test_a_step_up_gives_a_new_token_and_ends_the_old(place):
    gateway, stub = place
    visitor = insider(gateway, "anna")
    old = visitor.cookies["gateway"]
    visitor.source = "127.0.0.1"
    page = visitor.get(visitor.get("/debug/echo").location)
    sent = visitor.post("/.gateway/otp/resend", page.form())
    assert sent.status == 303
    page = visitor.get(sent.location)
    done = visitor.post("/.gateway/otp", page.form() | {"code": stub.code()})
    assert (done.status, done.location) == (303, "/debug/echo")
    assert visitor.cookies["gateway"] != old
    assert visitor.get("/debug/echo").status == 200
    visitor.cookies["gateway"] = old
    visitor.source = INSIDE
    assert visitor.get("/debug/echo").status == 302


def test_forwarded_for_of_a_stranger_changes_nothing(place):
    gateway, _ = place
    visitor = Visitor(gateway)
    page = visitor.get("/.gateway/logon")
    fields = page.form() | {"username": "bo", "password": PASSWORD}
    answer = visitor.post(
        "/.gateway/logon", fields, X_Forwarded_For=INSIDE, Forwarded=f"for={INSIDE}"
    )
    assert answer.status == 403
    assert gateway.audit()[-1]["client"] == "127.0.0.1"


def test_an_operator_who_disables_a_user_ends_the_session_at_once(place):
    gateway, _ = place
    visitor = insider(gateway, "anna")
    other = insider(gateway, "bo")
    try:
        gateway.cli("user", "disable", "anna")
        wait_for(lambda: visitor.get("/debug/echo").status == 302, "the end of the session", 2)
        assert other.get("/debug/echo").status == 200
        assert Visitor(gateway, INSIDE).password("anna").status == 401
    finally:
        gateway.cli("user", "enable", "anna")
    assert {"session.ended", "anna"} <= {
        value for line in gateway.audit()[-4:] for value in line.values()
    }
