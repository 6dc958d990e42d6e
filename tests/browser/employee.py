"""An employee with a browser of their own: pages at the portal, and the phone in a second tab.

Every page is watched. What no page of ours may do is written down in `problems`: an error in the
console (violations of the content security policy stand there), a crash of a script, a request
that leaves its origin.
"""

from __future__ import annotations

import dataclasses
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request, Response

from tests.browser.place import Account, Place
from tests.system.gateway import INSIDE, OUTSIDE, PASSWORD

SPARE_NUMBER = "070-174 06 80"
SPARE_E164 = "+46701740680"
"""A number for fiction that no account begins with, as people write it and in E.164."""

_STATUS = "Failed to load resource: the server responded with a status of"


@dataclasses.dataclass
class Watch:
    """What one tab did. `allowed` are the origins it may talk to."""

    page: Page
    allowed: set[str]
    documents: dict[str, int] = dataclasses.field(default_factory=dict)
    errors: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    strays: list[str] = dataclasses.field(default_factory=list)

    def start(self) -> None:
        """Listen to the tab."""
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.errors.append((str(error), "")))
        self.page.on("request", self._request)
        self.page.on("response", self._response)

    def problems(self) -> list[str]:
        """Return what went wrong; a page that was asked for may have an error status."""
        errors = [
            f"{text} at {url}"
            for text, url in self.errors
            if not (text.startswith(_STATUS) and (url in self.documents or _is_icon(url)))
        ]
        return [*errors, *(f"a request to {url}" for url in self.strays)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append((message.text, message.location.get("url", "")))

    def _request(self, request: Request) -> None:
        if origin_of(request.url) not in self.allowed:
            self.strays.append(request.url)

    def _response(self, response: Response) -> None:
        if response.request.is_navigation_request():
            self.documents[response.url] = response.status


def _is_icon(url: str) -> bool:
    """Return whether Chromium asked by itself, for a document that names no icon."""
    return urlsplit(url).path == "/favicon.ico"


def origin_of(url: str) -> str:
    """Return the origin of a URL (RFC 6454), for those that we use."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


class Employee:
    """Does with the browser what a person does. Words of the pages are the tests' business."""

    def __init__(self, context: BrowserContext, place: Place) -> None:
        self.context = context
        self.place = place
        self.watches: list[Watch] = []
        self.page = self.tab()

    def tab(self, *more_origins: str) -> Page:
        """Open a watched tab that may talk to the gateway, and to nothing else but these."""
        page = self.context.new_page()
        watch = Watch(page, {self.place.origin, *more_origins})
        watch.start()
        self.watches.append(watch)
        return page

    @property
    def problems(self) -> list[str]:
        """What every tab did that it may not do."""
        return [problem for watch in self.watches for problem in watch.problems()]

    def forget(self) -> None:
        """Forget the problems so far: a test that provoked them has looked at them."""
        for watch in self.watches:
            watch.errors.clear()
            watch.strays.clear()

    def go_inside(self) -> None:
        """Come from the corporate network from now on."""
        self.place.relay.come_from(INSIDE)

    def go_outside(self) -> None:
        """Come from the internet from now on."""
        self.place.relay.come_from(OUTSIDE)

    def open(self, path: str = "/", host: str = "localhost") -> Response:
        """Open a page of a host of ours."""
        origin = self.place.origin_of(host)
        self.watches[0].allowed.add(origin)
        return self.page.goto(origin + path)

    @property
    def where(self) -> str:
        """The path and query that the address bar shows."""
        return self.page.url.removeprefix(self.place.origin)

    @property
    def heading(self) -> Locator:
        return self.page.locator("h1")

    def type_password(self, account: Account | str, password: str = PASSWORD) -> Response:
        """Fill in the logon and press its button; return the answer to the form."""
        user = account if isinstance(account, str) else account.user
        self.page.locator("#username").fill(user)
        self.page.locator("#password").fill(password)
        return self._press(self.page.locator("main button[type=submit]"))

    def type_code(self, code: str) -> Response:
        """Fill in the code and press the button; return the answer to the form."""
        self.page.locator("#code").fill(code)
        return self._press(self.page.locator("main button[type=submit]").first)

    def press(self, name: str) -> Response:
        """Press the button of this name, which sends a form; return the answer to the form."""
        return self._press(self.page.get_by_role("button", name=name, exact=True))

    def _press(self, button: Locator) -> Response:
        with self.page.expect_response(lambda answer: answer.request.method == "POST") as told:
            button.click()
        self.page.wait_for_load_state()
        return told.value

    def change(
        self, *, mobile: str = "", current: str = PASSWORD, new: str = "", confirm: str = ""
    ) -> Response:
        """Fill in what is given of the logon details and press their button."""
        for name, text in (
            ("mobile", mobile), ("current_password", current),
            ("new_password", new), ("confirm_password", confirm),
        ):  # fmt: skip
            if text:
                self.page.locator(f"#{name}").fill(text)
        return self._press(self.page.locator("main button[type=submit]").first)

    def ask_for_reset(self, account: Account | str) -> Response:
        """Fill in the user name whose password is forgotten, and press the button."""
        user = account if isinstance(account, str) else account.user
        self.page.locator("#username").fill(user)
        return self._press(self.page.locator("main button[type=submit]"))

    def choose_password(self, new: str, confirm: str = "") -> Response:
        """Fill in a new password twice and press the button."""
        self.page.locator("#new_password").fill(new)
        self.page.locator("#confirm_password").fill(confirm or new)
        return self._press(self.page.locator("main button[type=submit]"))

    def read_code(self, account: Account, after: int = 0) -> str:
        """Read the newest code off the phone, in a second tab, once more than `after` came."""
        phone = self.context.new_page()
        watch = Watch(phone, {self.place.stub.phone})
        watch.start()
        self.watches.append(watch)
        try:
            phone.goto(self.place.phone_of(account))
            phone.locator(".talk .code").nth(after).wait_for()
            return phone.locator("#newest .code").inner_text()
        finally:
            phone.close()

    def log_on(self, account: Account, path: str = "/", *, inside: bool = False) -> None:
        """Open a page and log on with what is asked for."""
        if inside:
            self.go_inside()
        sent = len(self.place.messages(account)) if account.mobile else 0
        self.open(path)
        self.type_password(account)
        if not inside:
            self.type_code(self.read_code(account, after=sent))


def other_code(code: str) -> str:
    """Return a code that is not this one."""
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}}"
