"""gateway/pages/language.py: chosen once, remembered, and back where one was."""

from __future__ import annotations

import html
import re

import pytest

from gateway.auth.outcomes import Rejected
from gateway.pages.desk import LANGUAGE, LOGON
from tests.pages.fakes import Browser, House, make_snapshot

pytestmark = pytest.mark.asyncio


def switch(text: str) -> str:
    """Where the page's switch leads."""
    (link,) = re.findall(rf'<a href="({re.escape(LANGUAGE)}[^"]*)"', text)
    return html.unescape(link)


async def test_a_switch_leads_back_with_the_way_on_intact(browser: Browser) -> None:
    here = f"{LOGON}?next=/schema?ar%3D2026%26vecka%3D47"  # as the test's client writes it
    page = await browser.get(here)
    assert '<html lang="en">' in page.text
    answer = await browser.get(switch(page.text))
    assert (answer.status, answer.location) == (303, here)
    assert answer.answer.headers["Cache-Control"] == "no-store"
    again = await browser.get(answer.location)
    assert '<html lang="sv">' in again.text
    assert again.answer.headers["Content-Language"] == "sv"
    assert 'value="/schema?ar=2026&amp;vecka=47"' in again.text
    back = await browser.get(switch(again.text))
    assert '<html lang="en">' in (await browser.get(back.location)).text


async def test_the_switch_names_each_language_in_its_own(browser: Browser) -> None:
    english = await browser.get("/.gateway/help")
    assert 'lang="sv" hreflang="sv" rel="nofollow">Svenska</a>' in english.text
    assert '<nav class="languages" aria-label="Language">' in english.text
    swedish = await browser.get("/.gateway/help", **{"Accept-Language": "sv"})
    assert 'lang="en" hreflang="en" rel="nofollow">English</a>' in swedish.text
    assert '<nav class="languages" aria-label="Språk">' in swedish.text


async def test_the_answer_to_a_form_leads_to_its_page(browser: Browser, house: House) -> None:
    house.logon.password = Rejected()
    page = await browser.get(f"{LOGON}?next=/hr/")
    wrong = await browser.submit(page, LOGON, username="anna", password="x")
    assert wrong.status == 401
    assert (await browser.get(switch(wrong.text))).location == LOGON
    posted = await browser.post(
        f"{LOGON}?next=/hr/", {**page.hidden(LOGON), "username": "a", "password": "x"}
    )
    assert (await browser.get(switch(posted.text))).location == f"{LOGON}?next=/hr/"


async def test_an_error_page_of_the_pages_has_it_too(browser: Browser) -> None:
    page = await browser.get("/.gateway/nothing?a=b&c")
    assert page.status == 404
    assert (await browser.get(switch(page.text))).location == "/.gateway/nothing?a=b&c"
    refused = await browser.post(LOGON, {"username": "a"})
    assert refused.status == 403
    assert (await browser.get(switch(refused.text))).location == LOGON


@pytest.mark.parametrize("https", [True, False])
async def test_the_cookie(browser: Browser, house: House, https: bool) -> None:
    house.snapshot = make_snapshot(https=https)
    page = await browser.get(f"{LANGUAGE}?to=sv&next=/x")
    (cookie,) = page.answer.headers.getall("Set-Cookie")
    name = "__Host-gateway-language" if https else "gateway-language"
    assert cookie.startswith(f"{name}=sv;")
    assert {part.strip() for part in cookie.split(";")[1:]} == {
        "HttpOnly", "Max-Age=34560000", "Path=/", "SameSite=Lax", *(["Secure"] if https else []),
    }  # fmt: skip


@pytest.mark.parametrize(
    "query", ["", "to=", "to=de", "to=SV", "to=sv%00", "to=sv&to=en", "to=sv%0d%0aX:y", "next=/x"]
)
async def test_no_such_language_changes_nothing(browser: Browser, query: str) -> None:
    page = await browser.get(f"{LANGUAGE}?{query}")
    assert page.status in {303, 400}
    assert "gateway-language" not in page.set_cookies()


@pytest.mark.parametrize(
    ("way", "back"),
    [
        ("", "/"),
        ("/hr/%3Fa%3Db", "/hr/?a=b"),
        (LOGON, LOGON),
        ("/.gateway/logout", "/.gateway/logout"),
        ("http://localhost:8080/x", "/x"),
        ("//evil.example", "/"),
        ("/%5Cevil.example", "/"),
        ("/%2F/evil.example", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/a%0d%0aSet-Cookie:b=c", "/"),
        ("/.//evil.example", "/"),
    ],
)
async def test_nobody_is_led_elsewhere(browser: Browser, way: str, back: str) -> None:
    assert (await browser.get(f"{LANGUAGE}?to=sv&next={way}")).location == back


@pytest.mark.parametrize("site", ["cross-site", "same-site", "same-origin", "none", ""])
async def test_another_site_chooses_for_nobody(browser: Browser, site: str) -> None:
    page = await browser.get(f"{LANGUAGE}?to=sv&next=/x", **{"Sec-Fetch-Site": site})
    assert (page.status, page.location) == (303, "/x")
    ours = site in {"same-origin", "none", ""}
    assert ("gateway-language" in page.set_cookies()) is ours


async def test_nothing_else_happens(browser: Browser, house: House) -> None:
    house.session("pwd")
    browser.cookies["gateway"] = "s" * 43
    before = dict(browser.cookies)
    await browser.get(f"{LANGUAGE}?to=sv")
    assert browser.cookies == {**before, "gateway-language": "sv"}
    assert house.logon.calls == []
    assert (await browser.post(LANGUAGE, {"to": "en"})).status == 405


async def test_the_domain_is_told_the_chosen_language(browser: Browser, house: House) -> None:
    browser.cookies["gateway-language"] = "sv"
    page = await browser.get(LOGON, **{"Accept-Language": "en"})
    await browser.submit(page, LOGON, username="anna", password="x")
    assert house.logon.calls[-1][3].language == "sv"
