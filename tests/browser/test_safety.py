"""Cookies as the contract says, nothing for scripts to read, and a watch that does see."""

from __future__ import annotations

import contextlib
import http.server
import threading

import pytest
from playwright.sync_api import expect

from tests.browser import MARKS

pytestmark = MARKS


def cookies_of(one) -> dict[str, dict]:
    return {cookie["name"]: cookie for cookie in one.context.cookies()}


def test_cookies_are_for_us_alone_and_no_script_reads_them(place, employee):
    anna, account = employee(), next(place.with_number)
    seen: dict[str, dict] = {}
    anna.open("/schema")
    seen |= cookies_of(anna)
    assert set(seen) == {"gateway-form"}
    anna.type_password(account)
    seen |= cookies_of(anna)
    assert set(seen) == {"gateway-form", "gateway-challenge"}
    anna.type_code(anna.read_code(account))
    assert set(cookies_of(anna)) == {"gateway-form", "gateway", "gateway-known", "gateway-trail"}
    seen |= cookies_of(anna)
    for cookie in seen.values():
        assert cookie["httpOnly"], cookie
        assert cookie["sameSite"] == "Lax", cookie
        assert cookie["path"] == "/", cookie
        assert cookie["domain"] == "localhost", cookie
        assert not cookie["secure"], cookie  # public_url is http here
    assert seen["gateway"]["expires"] == -1  # ends with the browser
    assert anna.page.evaluate("document.cookie") == ""
    for line in place.stub.requests():
        sent = " ".join(value for name, value in line["headers"] if name.lower() == "cookie")
        assert "gateway" not in sent


def test_the_session_token_is_new_at_each_logon(place, employee):
    anna, account = employee(), next(place.with_number)
    anna.context.add_cookies([{"name": "gateway", "value": "B" * 43, "url": place.origin}])
    anna.log_on(account, inside=True)
    first = cookies_of(anna)["gateway"]["value"]
    assert first != "B" * 43
    anna.open("/.gateway/logout")
    anna.press("Log off")
    anna.log_on(account, inside=True)
    assert cookies_of(anna)["gateway"]["value"] != first


def test_password_managers_and_phones_can_fill_in(place, employee):
    anna, account = employee(), next(place.with_number)
    page = anna.page
    anna.open("/")
    expect(page.locator("#username")).to_have_attribute("autocomplete", "username")
    expect(page.locator("#password")).to_have_attribute("autocomplete", "current-password")
    expect(page.locator("#password")).to_have_attribute("type", "password")
    anna.type_password(account)
    code = page.locator("#code")
    expect(code).to_have_attribute("autocomplete", "one-time-code")
    expect(code).to_have_attribute("inputmode", "numeric")
    # Pasted as phones copy it, in two groups.
    typed = anna.read_code(account)
    code.fill(f" {typed[:3]} {typed[3:]} ")
    anna.press("Submit")
    expect(anna.heading).to_have_text("Hej, Anna!")


@contextlib.contextmanager
def another_site(html: str):
    """Serve one page from an origin of its own; yields the origin."""

    class Site(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("path", ["/.gateway/logon", "/.gateway/help", "/.gateway/nothing"])
def test_no_other_site_can_put_our_pages_into_a_frame(place, employee, path):
    anna = employee()
    with another_site(f'<!doctype html><iframe src="{place.origin}{path}"></iframe>') as site:
        page = anna.tab(site)
        failed: list[str | None] = []
        page.on("requestfailed", lambda request: failed.append(request.failure))
        with page.expect_event("requestfailed"):
            page.goto(site)
        assert failed == ["net::ERR_BLOCKED_BY_RESPONSE"]
        expect(page.frames[1].locator("main")).to_have_count(0)
    anna.forget()


@pytest.mark.parametrize("path", ["/.gateway/logon", "/.gateway/logout"])
def test_no_other_site_can_send_our_forms(place, employee, path):
    anna, account = employee(), next(place.with_number)
    anna.log_on(account, inside=True)
    fields = f'<input name="username" value="{account.user}"><input name="password" value="x">'
    form = f'<form method="post" action="{place.origin}{path}">{fields}<button>!</button></form>'
    with another_site(form) as site:
        page = anna.tab(site)
        page.goto(site)
        with page.expect_response(lambda answer: answer.request.method == "POST") as told:
            page.get_by_role("button").click()
        assert told.value.status == 403
        expect(page.locator("h1")).to_have_text("This form is no longer valid")
    anna.open("/schema")
    assert anna.where == "/schema"


def test_the_watch_sees_what_it_is_there_for(place, employee):
    anna = employee()
    anna.open("/")
    anna.page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "document.title = 'taken'";
          document.body.append(script);
          const image = new Image();
          image.src = "http://elsewhere.localhost/pixel";
          document.body.append(image);
        }"""
    )
    anna.page.wait_for_load_state("networkidle")
    assert anna.page.title() == "Welcome"
    found = " ".join(anna.problems)
    assert "script-src" in found
    assert "img-src" in found
    anna.forget()
