"""What a page of the portal meets when its session has ended meanwhile, by every way to ask.

A page load is led to the logon and back. Whatever a script asked gets what the script can
understand: an error, never a page as 200, never a way to another origin.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Response, expect

from tests.browser import MARKS
from tests.browser.employee import Employee, origin_of
from tests.browser.test_safety import another_site
from tests.system.gateway import PASSWORD

pytestmark = MARKS

_SCRIPTS = {
    "fetch": """async () => {
      const answer = await fetch("/debug/echo");
      return [answer.status, answer.redirected, (await answer.json()).reason];
    }""",
    "fetch with a body": """async () => {
      const answer = await fetch("/debug/echo", {method: "POST", body: "x".repeat(100000)});
      return [answer.status, answer.redirected, (await answer.json()).reason];
    }""",
    "XMLHttpRequest": """() => new Promise(done => {
      const asked = new XMLHttpRequest();
      asked.open("GET", "/debug/echo");
      asked.onload = () => done(
        [asked.status, asked.responseURL !== location.origin + "/debug/echo",
         JSON.parse(asked.responseText).reason]);
      asked.send();
    })""",
    "EventSource": """() => new Promise(done => {
      const events = new EventSource("/debug/sse");
      events.onerror = () => done(["error", events.readyState === EventSource.CLOSED]);
      events.onmessage = () => done(["message"]);
    })""",
    "WebSocket": """() => new Promise(done => {
      const socket = new WebSocket(location.origin.replace("http", "ws") + "/debug/ws");
      socket.onopen = () => done(["open"]);
      socket.onclose = event => done(["closed", event.code]);
    })""",
    "image": """() => new Promise(done => {
      const image = new Image();
      image.onload = () => done(["load"]);
      image.onerror = () => done(["error"]);
      image.src = "/debug/echo/image.png";
    })""",
    "script": """() => new Promise(done => {
      const script = document.createElement("script");
      script.onload = () => done(["load"]);
      script.onerror = () => done(["error"]);
      script.src = "/debug/echo/script.js";
      document.head.append(script);
    })""",
    "service worker": """() => navigator.serviceWorker.register("/debug/echo/worker.js").then(
      () => ["registered"], problem => [problem.name])""",
    "beacon": """async () => [navigator.sendBeacon("/debug/echo/beacon", "x")]""",
}
_MET = {
    "fetch": [401, False, "no-session"],
    "fetch with a body": [401, False, "no-session"],
    "XMLHttpRequest": [401, False, "no-session"],
    "EventSource": ["error", True],  # CLOSED: it does not knock for ever
    "WebSocket": ["closed", 1006],
    "image": ["error"],
    "script": ["error"],
    "service worker": ["TypeError"],
    "beacon": [True],  # queued: nobody ever hears of its answer
}


class Answers:
    """Every answer that a tab got, but those to loads of whole pages."""

    def __init__(self, page: Page) -> None:
        self.seen: list[Response] = []
        page.on("response", self._note)

    def _note(self, answer: Response) -> None:
        if not answer.request.is_navigation_request():
            self.seen.append(answer)

    def misleading(self, origin: str) -> list[str]:
        """Return the answers that a script could take for something else than a refusal."""
        return [
            f"{answer.status} {answer.url}"
            for answer in self.seen
            if answer.status < 400
            or "text/html" in answer.headers.get("content-type", "")
            or "location" in answer.headers
            or origin_of(answer.url) != origin
        ]


@pytest.fixture
def expired(place, employee):
    """Anna at the portal, whose session operations have just ended."""
    anna, account = employee(), next(place.with_number)
    anna.log_on(account, "/schema?vecka=47", inside=True)
    anna.page.locator("h1").wait_for()
    place.gateway.cli("session", "revoke", "--user", account.user)
    anna.account = account
    yield anna
    anna.forget()  # the console says of each refusal what it was


def test_what_scripts_ask_is_refused_in_words_they_understand(expired: Employee):
    page, answers = expired.page, Answers(expired.page)
    met = {name: page.evaluate(script) for name, script in _SCRIPTS.items()}
    assert met == _MET
    assert {answer.status for answer in answers.seen} == {401}
    assert answers.misleading(expired.place.origin) == []
    assert page.url.endswith("/schema?vecka=47")


def test_the_portals_page_can_offer_the_way_to_the_logon(expired: Employee):
    page = expired.page
    way = page.evaluate("async () => (await (await fetch('/debug/echo?a=1')).json()).logon")
    assert way == "/.gateway/logon?next=/debug/echo%3Fa%3D1"
    page.evaluate(
        "() => { location.href = '/.gateway/logon?next=' "
        "+ encodeURIComponent(location.pathname + location.search) }"
    )
    page.wait_for_selector("#username")
    expired.type_password(expired.account, PASSWORD)
    page.wait_for_url("**/schema?vecka=47")


def test_a_page_load_leads_to_the_logon_and_back(expired: Employee):
    page = expired.page
    page.reload()
    expect(page.locator("#username")).to_be_focused()
    expired.type_password(expired.account)
    page.wait_for_url("**/schema?vecka=47")


def test_a_form_is_led_to_the_logon_and_back_to_its_place(expired: Employee):
    """What it carried is gone: a POST is never kept for somebody who has to log on first."""
    page = expired.page
    before = len(expired.place.stub.requests())
    page.evaluate(
        """() => {
          const form = document.createElement("form");
          form.method = "post";
          form.action = "/debug/echo/form";
          document.body.append(form);
          form.submit();
        }"""
    )
    page.wait_for_selector("#username")
    assert expired.where == "/.gateway/logon?next=/debug/echo/form"
    assert not any("/form" in line["target"] for line in expired.place.stub.requests()[before:])
    expired.type_password(expired.account)
    page.wait_for_url("**/debug/echo/form")


def test_a_frame_shows_no_logon(place, employee):
    """The pages let nobody frame them: a password is typed where the address bar can be read."""
    anna, account = employee(), next(place.with_number)
    anna.log_on(account, "/debug/echo", inside=True)  # a page that may frame what it likes
    page = anna.page
    place.gateway.cli("session", "revoke", "--user", account.user)
    with page.expect_console_message(lambda told: "frame-ancestors" in told.text):
        page.evaluate(
            """() => {
              const frame = document.createElement("iframe");
              frame.src = "/schema";
              document.body.append(frame);
            }"""
        )
    assert page.frame_locator("iframe").locator("#username").count() == 0
    anna.forget()


def test_a_service_worker_of_before_gets_what_scripts_get(place, employee):
    anna, account = employee(), next(place.with_number)
    anna.log_on(account, inside=True)
    anna.context.route(
        "**/worker-of-before.js",
        lambda route: route.fulfill(
            content_type="text/javascript",
            body="""self.addEventListener("activate", event => event.waitUntil(clients.claim()));
              self.addEventListener("message", async event => {
                const answer = await fetch("/debug/echo");
                event.source.postMessage([answer.status, answer.redirected, answer.type]);
              });""",
        ),
    )
    ask = """async () => {
      await navigator.serviceWorker.register("/worker-of-before.js");
      const worker = (await navigator.serviceWorker.ready).active;
      return new Promise(done => {
        navigator.serviceWorker.onmessage = event => done(event.data);
        worker.postMessage("ask");
      });
    }"""
    assert anna.page.evaluate(ask) == [200, False, "basic"]
    place.gateway.cli("session", "revoke", "--user", account.user)
    assert anna.page.evaluate(ask) == [401, False, "basic"]
    anna.forget()


def test_another_origins_preflight_is_refused_not_redirected(expired: Employee):
    with another_site("<!doctype html><title>x</title><p>x") as origin:
        tab = expired.tab(origin)
        answers = Answers(tab)
        tab.goto(origin)
        url = expired.place.origin + "/debug/echo"
        problem = tab.evaluate(
            """url => fetch(url, {method: "PUT", headers: {"X-Custom": "1"}}).then(
              () => "answered", problem => problem.name)""",
            url,
        )
        assert problem == "TypeError"
        assert all(answer.status == 401 for answer in answers.seen if answer.url == url)
