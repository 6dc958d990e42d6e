"""The language that was chosen, over real processes: pages, error pages, messages, upstreams."""

from __future__ import annotations

import html
import re
import shutil
from pathlib import Path

import pytest

from tests.system.gateway import INSIDE, running_gateway, running_stub, wait_for
from tests.system.visitor import Visitor

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("languages")]

LOOK = Path(__file__).parents[1] / "data" / "look"
ROUTES = """[[route]]
path = "/"
upstream = "portal"

[[route]]
path = "/hr/"
upstream = "portal"
groups = ["hr"]
"""
SECRET_PAGE = "/hr/lon?ar=2026&manad=11"


@pytest.fixture(scope="module")
def stub(tmp_path_factory):
    with running_stub(tmp_path_factory.mktemp("stub")) as stub:
        yield stub


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, stub):
    directory = tmp_path_factory.mktemp("languages")
    shutil.copytree(LOOK, directory / "look")
    look = '[branding]\ndirectory = "look"\norganisation = "Norrvakt"\n'
    with running_gateway(
        directory, portal=stub.portal, phone=stub.phone, routes=ROUTES, tables=look
    ) as gateway:
        gateway.add_user("anna", mobile="0701740605", full_name="Anna Andersson")
        yield gateway


def switch(text: str) -> str:
    """Where the page's switch leads."""
    (link,) = re.findall(r'<a href="(/\.gateway/language[^"]*)"', text)
    return html.unescape(link)


def language(text: str) -> str:
    return re.search(r'<html lang="(\w+)">', text)[1]


def test_an_error_page_of_the_front_door_speaks_the_chosen_language(gateway, stub):
    anna = Visitor(gateway, INSIDE)
    anna.log_on("anna")
    stub.new_requests()
    english = anna.get(SECRET_PAGE)
    assert (english.status, language(english.text)) == (403, "en")
    assert english.headers["Content-Security-Policy"]
    there = anna.get(switch(english.text))
    assert (there.status, there.location) == (303, SECRET_PAGE)
    assert anna.cookies["gateway-language"] == "sv"
    swedish = anna.get(there.location, Accept_Language="en")
    assert (swedish.status, language(swedish.text)) == (403, "sv")
    assert "ditt konto är inte med i någon grupp" in swedish.text
    assert 'alt="Norrvakt"' in swedish.text
    assert anna.get("/start").status in {200, 404}
    for request in stub.new_requests():
        assert "gateway" not in str(request["headers"]).replace("X-Gateway", "").lower()
    back = anna.get(switch(swedish.text))
    assert back.location == SECRET_PAGE
    assert language(anna.get(SECRET_PAGE, Accept_Language="sv").text) == "en"


@pytest.mark.parametrize("value", ["de", "", "SV", '"sv"', "sv,en", "../sv", "%73v", "s" * 4000])
def test_a_cookie_that_names_no_language_is_none(gateway, value):
    one = Visitor(gateway)
    one.cookies["gateway-language"] = value
    for path in ("/.gateway/logon", "/%2e%2e%2fhr", "/.gateway/nothing"):
        assert language(one.get(path, Accept_Language="sv").text) == "sv"
        assert language(one.get(path).text) == "en"


def test_a_message_goes_out_in_the_chosen_language(gateway, stub):
    one = Visitor(gateway)
    one.cookies["gateway-language"] = "sv"
    before = len(stub.messages("+46701740605"))
    one.password("anna")
    wait_for(lambda: len(stub.messages("+46701740605")) > before, "the message")
    message = stub.messages("+46701740605")[-1]["message"]
    assert re.match(r"\d{6} är din kod till Norrvakt\.\n", message)


def test_an_edit_of_a_text_shows_without_a_restart(gateway):
    one, file = Visitor(gateway), gateway.directory / "look" / "en.po"
    assert "Log on as you do on your computer." in one.get("/.gateway/logon").text
    file.write_text('msgid "Please log on to continue."\nmsgstr "Good morning."\n')
    wait_for(lambda: "Good morning." in one.get("/.gateway/logon").text, "the new text")
    file.write_text('msgid "Please log on to continu"\nmsgstr "Good evening."\n')
    wait_for(lambda: "look/en.po:1: found" in gateway.log.read_text(), "the refusal in the log")
    assert "Good morning." in one.get("/.gateway/logon").text
    check = gateway.cli("check", check=False)
    assert check.returncode == 1
    assert "look/en.po:1:" in check.stdout
    assert '"Please log on to continue."' in check.stdout
    shutil.copy(LOOK / "en.po", file)


def test_the_files_of_the_look_are_served(gateway):
    one = Visitor(gateway)
    page = one.get("/.gateway/help").text
    for name, kind in (("logo", "svg"), ("favicon", "svg"), ("style", "css")):
        (address,) = re.findall(rf'(?:href|src)="(/\.gateway/static/{name}\.\w+\.{kind})"', page)
        answer = one.get(address)
        assert answer.status == 200
        assert answer.body == (LOOK / f"{name}.{kind}").read_bytes()
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert ("sandbox" in answer.headers["Content-Security-Policy"]) is (kind == "svg")
