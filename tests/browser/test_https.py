"""Under https: cookies that only https carries, and a browser that stays there."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser import MARKS
from tests.system.certificates import Authority
from tests.system.gateway import PASSWORD, running_gateway

pytestmark = MARKS


@pytest.fixture
def page(chromium):
    # This Chromium does not know the test's authority.
    with chromium.new_context(locale="en-GB", ignore_https_errors=True) as context:
        yield context.new_page()


def test_the_walk_under_https(tmp_path, place, page):
    authority = Authority(tmp_path)
    issued = authority.issue("localhost")
    keys = f'tls = {{ certificate = "{issued.certificate}", key = "{issued.key}" }}'
    stub = place.stub
    with running_gateway(
        tmp_path, portal=stub.portal, phone=stub.phone, scheme="https", listen=keys,
        tls=authority.client(),
    ) as gateway:  # fmt: skip
        gateway.add_users("eva,Eva Lind,+46701740670,staff")
        answer = page.goto(f"{gateway.origin}/schema?vecka=47")
        assert answer.headers["strict-transport-security"].startswith("max-age=63072000")
        page.get_by_label("User name:").fill("eva")
        page.get_by_label("Password:").fill(PASSWORD)
        page.get_by_role("button", name="Log On").click()
        expect(page.locator("h1")).to_have_text("Additional Information Required")
        expect(page.locator(".sent-to")).to_contain_text("70")
        page.get_by_label("Please enter your one-time password").fill(stub.code("+46701740670"))
        page.get_by_role("button", name="Submit").click()
        expect(page.locator("#adress")).to_have_text("/schema?vecka=47")
        cookies = page.context.cookies()
        names = {cookie["name"] for cookie in cookies} - {"__Host-gateway-trail"}  # lives 20 s
        assert names == {"__Host-gateway", "__Host-gateway-form", "__Host-gateway-known"}
        for cookie in cookies:
            assert cookie["secure"], cookie
            assert cookie["httpOnly"], cookie
            assert (cookie["sameSite"], cookie["path"]) == ("Lax", "/"), cookie
        page.goto(f"{gateway.origin}/.gateway/logout")
        page.get_by_role("button", name="Log off").click()
        expect(page.get_by_role("status")).to_have_text("You have logged off.")
        left = {cookie["name"] for cookie in page.context.cookies()}
        assert left == {"__Host-gateway-form", "__Host-gateway-known"}
