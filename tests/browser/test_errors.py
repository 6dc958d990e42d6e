"""What an employee sees when something is refused, missing or broken."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser import MARKS

pytestmark = MARKS

_REFERENCE = re.compile(r"[0-9a-f]{6,}-[0-9a-f]+")


@pytest.mark.parametrize(
    ("path", "host", "status", "heading", "words"),
    [
        ("/hr/lon", "localhost", 403, "You do not have access to this", "in no group"),
        ("/nothing", "partner.localhost", 404, "There is no such page", "misspelt"),
        ("/.gateway/nothing", "localhost", 404, "There is no such page", "misspelt"),
        ("/hr%2flon", "localhost", 400, "We did not understand that", "more than one way"),
        ("/dead/", "localhost", 502, "The system gave no proper answer", "nothing wrong"),
    ],
    ids=["403", "404", "404 of ours", "400", "502"],
)
def test_a_refusal_in_words_with_a_reference(place, employee, path, host, status, heading, words):
    anna = employee()
    anna.log_on(next(place.with_number), inside=True)
    assert anna.open(path, host).status == status
    expect(anna.heading).to_have_text(heading)
    expect(anna.page.locator("main")).to_contain_text(words)
    expect(anna.page.locator(".reference code")).to_have_text(_REFERENCE)
    expect(anna.page.get_by_role("link", name="To the start page")).to_be_visible()


def test_the_reference_of_a_denial_stands_in_the_audit(place, employee):
    anna, account = employee(), next(place.with_number)
    anna.log_on(account, inside=True)
    anna.open("/hr/lon")
    reference = anna.page.locator(".reference code").inner_text()
    denied = [line for line in place.gateway.audit() if line["event"] == "access.denied"]
    assert [line["user"] for line in denied if reference in (line["ref"], line["request_id"])] == [
        account.user
    ]


def test_who_is_in_the_group_gets_in(place, employee):
    siv = employee()
    siv.log_on(next(place.in_hr), inside=True)
    assert siv.open("/hr/lon").status == 404  # the portal's own page
    expect(siv.heading).to_have_text("Sidan finns inte")


def test_while_redis_is_away_503_and_then_the_same_session(place, employee):
    anna, account = employee(), next(place.with_number)
    anna.log_on(account, "/schema", inside=True)
    cookies = anna.context.cookies()
    anna.context.clear_cookies(name="gateway")
    anna.context.add_cookies([{"name": "gateway", "value": "A" * 43, "url": place.origin}])
    with place.redis_away():
        assert anna.open("/schema").status == 503
        expect(anna.heading).to_have_text("Not available right now")
        expect(anna.page.locator("main")).to_contain_text("you need not log on anew")
        names = {cookie["name"]: cookie["value"] for cookie in anna.context.cookies()}
        assert names["gateway"] == "A" * 43  # no cookie is cleared by a fault of ours
    anna.context.add_cookies(cookies)
    anna.page.get_by_role("link", name="Try again").click()
    expect(anna.heading).to_contain_text("Schema")


def test_a_host_that_is_not_ours_is_told_where_to_go(place, employee):
    anna = employee()
    assert anna.open("/", "elsewhere.localhost").status == 400
    expect(anna.page.locator("main")).to_contain_text("We do not know this address.")
    anna.page.get_by_role("link", name="To the start page").click()
    assert anna.page.url.startswith(f"{place.origin}/.gateway/logon")


def test_a_form_that_is_too_old_is_refused_and_can_be_had_anew(place, employee):
    anna, account = employee(), next(place.with_number)
    anna.go_inside()
    anna.open("/schema?vecka=47")
    anna.context.clear_cookies()
    assert anna.type_password(account).status == 403
    expect(anna.heading).to_have_text("This form is no longer valid")
    anna.page.get_by_role("link", name="Try again").click()
    anna.type_password(account)
    assert anna.where == "/schema?vecka=47"
