"""A reference of a real answer, explained: `portvakt explain REF` against the running gateway."""

from __future__ import annotations

import json
import re

import pytest

from tests.system.gateway import INSIDE, OUTSIDE, running_gateway, running_stub, wait_for
from tests.system.visitor import Visitor, insider

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("references")]

ROUTES = """[[route]]
path = "/"
upstream = "portal"
[[route]]
path = "/hr/"
upstream = "portal"
groups = ["hr"]
"""
SCRIPT = {"Accept": "application/json", "Sec_Fetch_Mode": "cors", "Sec_Fetch_Dest": "empty"}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    directory = tmp_path_factory.mktemp("references")
    tables = '[lockout]\nuser_and_address = "3/5m"\n'
    with (
        running_stub(directory) as stub,
        running_gateway(
            directory, portal=stub.portal, routes=ROUTES, tables=tables, listen="workers = 2"
        ) as gateway,
    ):
        gateway.add_users("anna,Anna Ek,0701740605,staff", "bo,Bo Ek,0701740606,staff")
        yield gateway


def shown(answer) -> str:
    """Return the reference on a page."""
    found = re.findall(r'class="reference">[^<]*<code>([^<]+)</code>', answer.text)
    assert len(found) == 1, answer.text
    return found[0]


def explained(gateway, reference: str) -> dict:
    """Return the explanation, once it is written down."""
    wait_for(lambda: gateway.cli("explain", reference, check=False).returncode == 0, reference)
    done = gateway.cli("explain", reference, "--json", check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_403_page_leads_to_its_line_of_the_file(gateway):
    visitor = insider(gateway, "anna")
    answer = visitor.get("/hr/salaries?token=abc")
    assert answer.status == 403
    reference = shown(answer)
    found = explained(gateway, reference)
    line = gateway.config.read_text().splitlines()[found["outcome"]["line"] - 1]
    assert line == 'groups = ["hr"]'
    assert found["user"]["groups"] == ["staff"]
    assert found["client"]["network"] == "corporate"
    assert found["request"]["target"] == "/hr/salaries"
    assert (found["reference"]["in_force"], found["today"]) == (True, None)
    assert [one["ref"] for one in found["audit"]] == [reference]
    text = gateway.cli("explain", reference).stdout
    assert f"gateway.toml:{found['outcome']['line']}" in text
    assert "group-missing" in text


def test_a_script_that_is_not_logged_on(gateway):
    answer = Visitor(gateway, OUTSIDE).request("GET", "/hr/", **SCRIPT)
    assert answer.status == 401
    found = explained(gateway, json.loads(answer.text)["reference"])
    assert (found["outcome"]["reason"], found["outcome"]["status"]) == ("no-session", 401)
    asked = Visitor(gateway, OUTSIDE).request("GET", "/.gateway/session", **SCRIPT)
    found = explained(gateway, json.loads(asked.text)["reference"])
    assert found["outcome"]["words"] == "Nobody is logged on."


def test_a_logon_that_is_refused_and_one_that_is_locked_out(gateway):
    visitor = Visitor(gateway, INSIDE)
    wrong = visitor.password("bo", "Wrong7password")
    assert wrong.status == 401
    found = explained(gateway, shown(wrong))
    assert (found["outcome"]["reason"], found["user"]["name"]) == ("rejected", "bo")
    for _ in range(5):
        locked = visitor.password("bo", "Wrong7password")
    assert locked.status == 429
    found = explained(gateway, shown(locked))
    line = gateway.config.read_text().splitlines()[found["outcome"]["line"] - 1]
    assert line == "[lockout]"
    assert any(one["locked_until"] for one in found["limiter"]["counters"])


def test_a_reference_of_yesterday_or_nowhere(gateway):
    done = gateway.cli("explain", "0123456789-1", check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "for a day" in done.stderr


def test_after_an_edit_it_says_what_was_judged_and_what_would_be_today(gateway):
    visitor = insider(gateway, "anna")
    reference = shown(visitor.get("/hr/"))
    explained(gateway, reference)
    before = gateway.config.read_text()
    gateway.config.write_text(before.replace('groups = ["hr"]', 'groups = ["staff"]'))
    try:
        found = explained(gateway, reference)
        assert found["outcome"]["reason"] == "group-missing"
        assert found["today"]["outcome"]["decision"] == "allow"
        assert not found["reference"]["in_force"]
        text = gateway.cli("explain", reference).stdout
        assert "Today" in text
        assert "passed on to portal" in text
    finally:
        gateway.config.write_text(before)
