"""gateway/pages/application.py and headers.py: what every answer carries, and what a surprise becomes."""

import logging

import pytest

from policies.answer_fields import page_fields, security_fields
from tests.pages.fakes import ORIGIN, SESSION, Browser, House, make_snapshot

asyncio = pytest.mark.asyncio
PATHS = ["logon", "otp", "logout", "help", "reset", "nothing-here", "static/x.css", "otp/resend",
         "static/", "", "logon/", "LOGON"]  # fmt: skip


@asyncio
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT"])
async def test_every_answer_is_guarded(browser: Browser, method: str, path: str) -> None:
    page = await browser.request(method, f"/.gateway/{path}")
    headers = page.answer.headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy, "default-src 'none' forbids every script"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in headers
    assert "Server" not in headers
    assert "Access-Control-Allow-Origin" not in headers
    if page.text:
        assert headers["Content-Type"] == "text/html; charset=utf-8"
        assert "<script" not in page.text
        assert " style=" not in page.text
        assert "<style" not in page.text
        assert "medarbetare@securitas.se" in page.text
        assert "employees of Securitas only" in page.text


@asyncio
async def test_under_https(browser: Browser, house: House) -> None:
    house.snapshot = make_snapshot(https=True)
    page = await browser.get("/.gateway/logon")
    assert page.answer.headers["Strict-Transport-Security"] == "max-age=63072000"
    (name, cookie), = page.set_cookies().items()  # fmt: skip
    assert (name, cookie["secure"], cookie["path"]) == ("__Host-gateway-form", True, "/")
    assert cookie["domain"] == ""
    page = await browser.get("/.gateway/nothing-here")
    assert "Strict-Transport-Security" in page.answer.headers


@pytest.mark.parametrize("https", [True, False])
def test_hsts_is_at_least_a_year(https: bool) -> None:
    fields = dict(security_fields(https=https))
    assert ("Strict-Transport-Security" in fields) is https
    if https:
        assert int(fields["Strict-Transport-Security"].partition("=")[2]) >= 31_536_000
    assert dict(page_fields(https=https))["Cache-Control"] == "no-store"


@asyncio
async def test_a_page_that_is_not_there(browser: Browser) -> None:
    page = await browser.get("/.gateway/account-of-bob")
    assert page.status == 404
    assert "There is no such page" in page.text
    assert "R-4711" in page.text
    assert "account-of-bob" not in page.text.partition("<main")[2]


@asyncio
@pytest.mark.parametrize("path", ["logon", "otp", "logout", "help"])
async def test_a_method_that_is_not_there(browser: Browser, path: str) -> None:
    page = await browser.request("DELETE", f"/.gateway/{path}")
    assert page.status == 405
    assert "GET" in page.answer.headers["Allow"]
    assert "That cannot be done here" in page.text


@asyncio
async def test_a_crash_is_a_page_and_a_line_without_what_was_typed(
    browser: Browser, house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    house.logon.password = RuntimeError("canary-password")
    browser.cookies["gateway"] = "some-session"
    page = await browser.get("/.gateway/logon")
    page = await browser.submit(
        page, "/.gateway/logon", username="anna", password="canary-password"
    )
    assert page.status == 500
    assert "Something went wrong" in page.text
    assert "R-4711" in page.text
    assert page.set_cookies() == {}
    assert "RuntimeError" not in page.text
    assert "canary" not in page.text + caplog.text
    assert "a page crashed: RuntimeError at" in caplog.text
    assert (await browser.get("/.gateway/help")).status == 200, "the pages live on"


@asyncio
async def test_nothing_typed_is_ever_logged(
    browser: Browser, house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    browser.cookies["gateway-challenge"] = house.challenge()
    for path, name in (("/.gateway/logon", "password"), ("/.gateway/otp", "code")):
        page = await browser.get(path)
        for away in (False, True):
            house.logon.away = away
            await browser.submit(page, path, username="canary-u", **{name: "canary-s"})
        house.logon.away = False
    assert {call[0] for call in house.logon.calls} == {"password", "code"}
    assert "canary" not in caplog.text


@asyncio
@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        (f"gateway={SESSION}", 303),
        (f"gateway={SESSION}; gateway={SESSION}", 303),
        (f"gateway=x; gateway={SESSION}", 200),
        (f"=gateway; Gateway={SESSION}", 200),
        (f'gateway="{SESSION}"', 200),
        (f"xgateway={SESSION}", 200),
        ("gateway=", 200),
        ("gateway", 200),
        ("gateway=\u00e5", 200),
    ],
)
async def test_whose_cookie_counts(
    browser: Browser, house: House, cookie: str, expected: int
) -> None:
    house.session("pwd")
    page = await browser.get("/.gateway/logon", Cookie=cookie)
    assert page.status == expected


@asyncio
async def test_the_settings_of_the_moment(browser: Browser, house: House) -> None:
    assert "Securitas" in (await browser.get("/.gateway/nothing")).text
    house.snapshot = make_snapshot(organisation="Annat AB", default_language="sv")
    for path in ("nothing", "help"):
        page = await browser.get(f"/.gateway/{path}")
        assert "Annat AB" in page.text
        assert '<html lang="sv">' in page.text


@asyncio
async def test_absent_fields_of_the_front_door_mean_the_internet(
    browser: Browser, house: House
) -> None:
    form = await browser.get("/.gateway/logon")
    for name in ("Client", "Network", "Request-Id", "Host"):
        del browser.headers[f"X-Gateway-{name}"]
    await browser.post(
        "/.gateway/logon",
        {**form.hidden("/.gateway/logon"), "username": "a", "password": "b"},
        Origin=ORIGIN,
    )
    client = house.logon.calls[0][3]
    assert (client.address, client.network, client.request_id) == ("", "internet", "")
