"""A walk past every page an employee can meet, stopping at each: for looks, layout and language.

The words of the pages differ by language, so the walk goes by what the fields and addresses are.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Callable, Iterator

from playwright.sync_api import Page

from tests.browser.employee import SPARE_E164, SPARE_NUMBER, Employee, other_code

_WRONG = "Fel7losen"
_NO_CODE = "000000"
_AGAIN = re.compile("Try again|Försök igen")
_unknown = itertools.count(1)

OURS = "ours"
ALONE = "ours, without a style sheet"
PORTAL = "portal"


@dataclasses.dataclass(frozen=True)
class Stop:
    """A page, shown now. `kind` says whose it is, `status` what it was answered with."""

    name: str
    page: Page
    status: int = 200
    kind: str = OURS


def tour(new: Callable[[], Employee]) -> Iterator[Stop]:
    """Walk past all pages; `new` gives a new employee with a fresh browser profile."""
    walks = (_the_way_in, _before_the_code, _the_code, _the_office, _systems, _details, _forgotten)
    for walk in (*walks, _errors, _away):
        yield from walk(new())


def _the_way_in(one: Employee) -> Iterator[Stop]:
    account = next(one.place.with_number)
    one.open("/schema?ar=2026&vecka=47")
    yield Stop("logon", one.page)
    one.type_password(account)
    yield Stop("code", one.page)
    code = one.read_code(account)
    answer = one.type_code(other_code(code))
    yield Stop("code-wrong", one.page, answer.status)
    one.type_code(code)
    yield Stop("portal-schedule", one.page, kind=PORTAL)
    one.open("/")
    yield Stop("portal-start", one.page, kind=PORTAL)
    one.open("/mitt-securitas/vem-ar-jag")
    yield Stop("portal-who", one.page, kind=PORTAL)
    one.open("/kontakta-oss")
    yield Stop("portal-contact", one.page, kind=PORTAL)
    one.open("/.gateway/logout")
    yield Stop("log-off", one.page)
    one.page.locator("main button[type=submit]").click()
    one.page.wait_for_url(lambda url: "notice" in url)
    yield Stop("logged-off", one.page)


def _before_the_code(one: Employee) -> Iterator[Stop]:
    stranger = f"okand{next(_unknown)}"
    one.open("/")
    answer = one.type_password(stranger, _WRONG)
    yield Stop("logon-wrong", one.page, answer.status)
    for _ in range(5):
        answer = one.type_password(stranger, _WRONG)
    yield Stop("logon-locked", one.page, answer.status)
    one.open("/.gateway/help")
    yield Stop("help", one.page)
    one.open("/")
    answer = one.type_password(next(one.place.without_number))
    yield Stop("no-number", one.page, answer.status)
    one.open("/")
    one.context.clear_cookies()
    answer = one.type_password(stranger)
    yield Stop("form-refused", one.page, answer.status)
    one.context.clear_cookies()
    one.page.get_by_role("link", name=_AGAIN).click()
    one.page.locator(".cause").wait_for()
    yield Stop("logon-not-kept", one.page, 403)


def _the_code(one: Employee) -> Iterator[Stop]:
    account = next(one.place.with_number)
    one.open("/")
    one.place.fail_messages(1)
    one.type_password(account)
    yield Stop("code-not-sent", one.page)
    resend = one.page.locator("form[action*=resend] button")
    resend.click()
    one.page.wait_for_url(lambda url: "resent" in url)
    yield Stop("code-resent", one.page)
    code = one.read_code(account)
    resend.click()
    one.page.wait_for_load_state()
    yield Stop("code-too-soon", one.page, 429)
    for _ in range(5):
        answer = one.type_code(other_code(code))
    yield Stop("code-over", one.page, answer.status)
    one.type_password(account)
    code = one.read_code(account, after=1)
    for _ in range(4):
        answer = one.type_code(other_code(code))
    yield Stop("locked", one.page, answer.status)


def _the_office(one: Employee) -> Iterator[Stop]:
    one.log_on(next(one.place.with_number), inside=True)
    one.go_outside()
    one.open("/schema")
    yield Stop("step-up", one.page)


def _systems(one: Employee) -> Iterator[Stop]:
    one.log_on(next(one.place.with_number), "/.gateway/apps", inside=True)
    yield Stop("systems-none", one.page)
    one.context.clear_cookies()
    one.log_on(next(one.place.with_systems), inside=True)
    yield Stop("systems", one.page)
    one.go_outside()
    one.open("/.gateway/apps")
    yield Stop("systems-outside", one.page)


def _details(one: Employee) -> Iterator[Stop]:
    account = next(one.place.without_number)
    one.go_inside()
    one.open("/schema")
    one.type_password(account)
    yield Stop("number", one.page)
    answer = one.change(mobile="08-123 456 78", current=_WRONG)
    yield Stop("details-wrong-number", one.page, answer.status)
    answer = one.change(mobile=SPARE_NUMBER, new="Sommar2026", confirm="x")
    yield Stop("details-wrong-password", one.page, answer.status)
    one.change()
    yield Stop("details-updated", one.page)
    one.open("/.gateway/account")
    yield Stop("details", one.page)
    one.go_outside()


def _forgotten(one: Employee) -> Iterator[Stop]:
    account = next(one.place.with_number)
    one.open("/.gateway/reset")
    yield Stop("reset", one.page)
    one.ask_for_reset(account)
    yield Stop("reset-code", one.page)
    code = one.read_code(account)
    answer = one.type_code(other_code(code))
    yield Stop("reset-code-wrong", one.page, answer.status)
    one.type_code(code)
    yield Stop("reset-password", one.page)
    answer = one.choose_password("Anna1å", "x")
    yield Stop("reset-password-wrong", one.page, answer.status)
    one.choose_password("Xq7rtGh2w")
    yield Stop("reset-done", one.page)
    one.open("/.gateway/reset")
    one.context.clear_cookies(name="gateway-errand")
    one.ask_for_reset(f"okand{next(_unknown)}")
    for _ in range(5):
        answer = one.type_code(_NO_CODE)
    yield Stop("reset-over", one.page, answer.status)


def _errors(one: Employee) -> Iterator[Stop]:
    one.log_on(next(one.place.with_number), inside=True)
    for name, path, host in (
        ("400-path", "/hr%2flon", "localhost"),
        ("400-host", "/", "elsewhere.localhost"),
        ("403", "/hr/lon", "localhost"),
        ("404", "/nothing", "partner.localhost"),
        ("404-ours", "/.gateway/nothing", "localhost"),
        ("502", "/dead/", "localhost"),
    ):
        kind = ALONE if host == "elsewhere.localhost" else OURS
        yield Stop(name, one.page, one.open(path, host).status, kind)
    one.open("/nothing")
    yield Stop("portal-404", one.page, 404, kind=PORTAL)
    one.go_outside()


def _away(one: Employee) -> Iterator[Stop]:
    one.context.add_cookies([{"name": "gateway", "value": "A" * 43, "url": one.place.origin}])
    with one.place.redis_away():
        answer = one.open("/schema")
        yield Stop("503", one.page, answer.status)


def proof(one: Employee) -> Iterator[Stop]:
    """Walk past the pages of a number that is to be proven, at a place that asks for it."""
    account = next(one.place.without_number)
    proven = dataclasses.replace(account, mobile=SPARE_E164)
    sent = len(one.place.messages(proven))
    one.log_on(account, inside=True)
    one.open("/.gateway/account")
    one.change(mobile=SPARE_NUMBER)
    yield Stop("proof", one.page)
    code = one.read_code(proven, after=sent)
    answer = one.type_code(other_code(code))
    yield Stop("proof-wrong", one.page, answer.status)
    one.type_code(code)
    yield Stop("proof-done", one.page)
    one.go_outside()


def phone(one: Employee) -> Iterator[Stop]:
    """Show the phone, empty and with messages."""
    account = next(one.place.with_number)
    page = one.tab(one.place.stub.phone)
    page.goto(f"{one.place.stub.phone}/?to=%2B46700000000")
    yield Stop("phone-empty", page, kind=PORTAL)
    one.open("/")
    one.type_password(account)
    page.goto(one.place.phone_of(account))
    page.locator(".talk .code").wait_for()
    yield Stop("phone", page, kind=PORTAL)
