"""A logon that does not hold, in Chromium: the page that stops it says why."""

from __future__ import annotations

import contextlib
import http.server
import threading

import pytest
from playwright.sync_api import expect

from tests.browser import MARKS
from tests.system.gateway import PASSWORD, running_gateway

pytestmark = MARKS
TITLE = "The logon is not kept"


@pytest.fixture
def page(chromium):
    with chromium.new_context(locale="en-GB") as context:
        yield context.new_page()


def type_password(page, user="eva") -> None:
    page.get_by_label("User name:").fill(user)
    page.get_by_label("Password:").fill(PASSWORD)
    page.get_by_role("button", name="Log On").click()


def stopped(place) -> list[tuple[str, str]]:
    lines = place.gateway.audit()
    return [(line["ref"], line["reason"]) for line in lines if line["event"] == "logon.loop"]


@contextlib.contextmanager
def framing(url: str):
    """Serve a page of another site that frames `url`."""
    body = f'<!doctype html><title>Elsewhere</title><iframe src="{url}"></iframe>'.encode()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_in_a_frame_of_another_site(place, page):
    """The frame stays empty; who looks for the reason finds it in the audit."""
    with framing(f"{place.origin}/schema") as elsewhere:
        with page.expect_event("requestfailed") as failed:
            page.goto(elsewhere)
        assert failed.value.failure == "net::ERR_BLOCKED_BY_RESPONSE"
        assert page.frame_locator("iframe").locator("main").count() == 0
    assert "third-party-frame" in {cause for _, cause in stopped(place)}


def test_http_where_only_https_is_kept(tmp_path, place, page):
    with running_gateway(
        tmp_path, portal=place.stub.portal, phone=place.stub.phone, scheme="https"
    ) as gateway:
        page.goto(f"http://localhost:{gateway.port}/schema")
        type_password(page)
        expect(page.locator("h1")).to_have_text(TITLE)
        expect(page.locator("main")).to_contain_text("You came by http")
        expect(page.locator(".cause")).to_have_text("secure-cookie-over-http")
        again = page.get_by_role("link", name="Try again").get_attribute("href")
        assert again == f"https://localhost:{gateway.port}/.gateway/logon"


def test_a_browser_that_keeps_no_cookies(place, employee):
    anna = employee()
    page = anna.page
    page.goto(f"{place.origin}/schema")
    anna.context.clear_cookies()  # what it was given it has not kept, and so before each request
    type_password(page)
    expect(page.locator("h1")).to_have_text("This form is no longer valid")
    anna.context.clear_cookies()
    page.get_by_role("link", name="Try again").click()
    expect(page.locator("h1")).to_have_text(TITLE)
    expect(page.locator("main")).to_contain_text("does not keep the cookies")
    assert stopped(place)[-1][1] == "cookies-refused"


def test_a_session_cookie_that_is_lost_each_time(place, employee):
    anna, account = employee(), next(place.with_number)
    anna.go_inside()
    for _ in range(3):
        anna.open("/schema")
        anna.type_password(account)
        assert anna.where == "/schema"
        anna.context.clear_cookies(name="gateway")
    assert anna.open("/schema").status == 403
    expect(anna.heading).to_have_text(TITLE)
    anna.page.get_by_role("link", name="Try again").click()
    anna.type_password(account)
    assert anna.where == "/schema"


def test_an_endless_redirect_stops(place, employee):
    anna, account = employee(), next(place.with_number)
    anna.log_on(account, "/schema", inside=True)
    (cookie,) = (one for one in anna.context.cookies() if one["name"] == "gateway")
    anna.context.add_cookies([{**cookie, "path": "/schema"}])  # now /schema gets two of them
    assert anna.open("/schema").status == 403
    expect(anna.heading).to_have_text(TITLE)
    assert stopped(place)[-1][1] == "not-passed-on"
