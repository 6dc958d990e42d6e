"""Employees of a directory server: logged on, helped, looked after; nothing of them is kept here."""

from __future__ import annotations

import json
import signal

import pytest

from tests.directory.ldap_servers import SERVICE_PASSWORD, running_slapd
from tests.directory.support import person
from tests.system.gateway import INSIDE, OUTSIDE, PASSWORD, running_gateway, running_stub, wait_for
from tests.system.visitor import Visitor, insider

pytestmark = [pytest.mark.system, pytest.mark.slow]

NEW = "Ny7gurkTolv"
PEOPLE = {
    person("anna", groups=("staff",), mobile="+46701740605"): PASSWORD,
    person("bo", groups=(), mobile="+46701740606"): PASSWORD,
    person("disa", groups=("staff",), enabled=False): PASSWORD,
}


@pytest.fixture(scope="module")
def slapd(tmp_path_factory):
    with running_slapd(tmp_path_factory.mktemp("slapd"), PEOPLE) as server:
        yield server


@pytest.fixture(scope="module")
def stub(tmp_path_factory):
    with running_stub(tmp_path_factory.mktemp("stub")) as stub:
        yield stub


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, slapd, stub):
    tables = f"""
[directory]
kind = "ldap"
[ldap]
kind = "openldap"
servers = ["ldaps://127.0.0.1:{slapd.port}"]
ca = "{slapd.ca}"
bind_dn = "cn=keeper,{slapd.base}"
bind_password = "{SERVICE_PASSWORD}"
base = "{slapd.base}"
timeout = "2s"
recheck = "5s"
"""
    with running_gateway(
        tmp_path_factory.mktemp("ldap"),
        portal=stub.portal,
        phone=stub.phone,
        tables=tables,
        routes='[[route]]\npath = "/"\nupstream = "portal"\n'
        '[[route]]\npath = "/staff/"\nupstream = "portal"\ngroups = ["staff"]\n',
    ) as gateway:
        yield gateway


def test_a_logon_from_outside_and_what_the_portal_is_told(gateway, stub):
    anna = Visitor(gateway, OUTSIDE)
    anna.log_on("ANNA", stub)
    told = json.loads(anna.get("/debug/echo").body)["headers"]
    fields = {name.lower(): value for name, value in told}
    assert fields["x-remote-user"] == "anna"
    assert fields["x-remote-groups"] == "staff"
    assert anna.get("/staff/x").status == 404, "the portal's own answer"
    assert insider(gateway, "bo").get("/staff/x").status == 403


def test_who_is_kept_out_is_told_nothing(gateway):
    visitor = Visitor(gateway, INSIDE)
    answers = [
        visitor.password("disa"),
        visitor.password("anna", "Fel7losen"),
        visitor.password("nn"),
    ]
    assert [one.status for one in answers] == [401, 401, 401]
    shown = gateway.cli("user", "show", "disa").stdout
    assert "no (disabled)" in shown


def test_an_employee_changes_number_and_password(gateway, stub):
    visitor = insider(gateway, "bo")
    form = visitor.get("/.gateway/account").form_to("/.gateway/account")
    assert form is not None
    fields = {"mobile": "0701740699", "current_password": PASSWORD}
    short = dict.fromkeys(("new_password", "confirm_password"), "Kvx7Tor")
    answer = visitor.post("/.gateway/account", form | fields | short)
    assert (answer.status, "is refused by the directory" in answer.text) == (422, True)
    assert gateway.audit()[-1]["reason"] == "directory-rules"
    form = answer.form_to("/.gateway/account")
    fields |= dict.fromkeys(("new_password", "confirm_password"), NEW)
    assert visitor.post("/.gateway/account", form | fields).status == 303
    assert (
        json.loads(gateway.cli("user", "show", "bo", "--json").stdout)["mobile"] == "+46701740699"
    )
    wait_for(lambda: stub.messages("+46701740606"), "the notice to the number before")
    outside = Visitor(gateway, OUTSIDE)
    assert outside.password("bo").status == 401
    assert outside.password("bo", NEW).status == 303


def test_what_is_the_directorys_business(gateway):
    for words in (("remove", "anna", "--yes"), ("disable", "anna"), ("set-groups", "anna", "x")):
        done = gateway.cli("user", *words, check=False)
        assert done.returncode == 1
        assert "kept in the directory" in done.stderr
    listed = json.loads(gateway.cli("user", "list", "--json").stdout)
    assert [one["user"] for one in listed] == ["anna", "bo", "disa"]


def test_nothing_opens_while_it_is_away_and_all_is_well_afterwards(gateway, slapd):
    visitor = insider(gateway, "anna")
    slapd.process.send_signal(signal.SIGSTOP)
    try:
        assert Visitor(gateway, INSIDE).password("anna").status == 503
        assert visitor.get("/debug/echo").status == 200, "who is logged on stays so"
    finally:
        slapd.process.send_signal(signal.SIGCONT)
    wait_for(lambda: Visitor(gateway, INSIDE).password("anna").status == 303, "a logon")


def test_who_loses_a_group_is_logged_off(gateway, slapd):
    anna = insider(gateway, "anna")
    assert anna.get("/debug/echo").status == 200
    manager = slapd.manager()
    member = f"uid=anna,{slapd.base}".encode()
    manager.modify_s(f"cn=staff,{slapd.base}", [(1, "member", [member])])  # 1: MOD_DELETE
    manager.unbind_s()
    wait_for(lambda: anna.get("/debug/echo").status == 302, "the end of the session")
    assert gateway.audit()[-1]["reason"] == "group-lost"
