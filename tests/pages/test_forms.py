"""gateway/pages/forms.py and its judge in desk.py: what is no form of ours changes nothing."""

import gzip
from urllib.parse import urlencode

import pytest
from aiohttp import web

from gateway.auth.outcomes import SessionOpened
from gateway.pages.form_tokens import LIFETIME_S
from gateway.pages.forms import is_cross_site, read_fields
from tests.pages.fakes import ORIGIN, SESSION, Browser, House, Page, denied

LOGON = "/.gateway/logon"
FIELDS = {"username": "anna", "password": "x"}
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Origin": ORIGIN}
asyncio = pytest.mark.asyncio


def refused(page: Page, house: House, again: str = LOGON) -> None:
    """403, a way to try again, nothing judged and no session."""
    assert page.status == 403
    assert "This form is no longer valid" in page.text
    ((_, reason),) = denied(house)
    assert reason in {"stale-form", "cross-site"}
    assert house.audit.events[0].ref in page.text
    assert f'href="{again}">Try again</a>' in page.text
    assert house.logon.calls == []
    assert "gateway" not in page.set_cookies()


@pytest.fixture(autouse=True)
def willing(house: House) -> None:
    """Whatever is judged at all is let in."""
    house.logon.password = SessionOpened(token=SESSION, user="anna")


@asyncio
async def test_a_form_of_ours_passes(browser: Browser) -> None:
    page = await browser.submit(await browser.get(LOGON), LOGON, **FIELDS)
    assert page.status == 303


@asyncio
async def test_no_token(browser: Browser, house: House) -> None:
    await browser.get(LOGON)
    refused(await browser.post(LOGON, FIELDS), house)


@asyncio
async def test_no_cookie(browser: Browser, house: House) -> None:
    form = await browser.get(LOGON)
    browser.cookies.clear()
    page = await browser.submit(form, LOGON, **FIELDS)
    refused(page, house, LOGON + page.text.split(f'href="{LOGON}')[1].split('"')[0])


@asyncio
async def test_anothers_token(browser: Browser, house: House) -> None:
    theirs = await browser.get(LOGON)
    browser.cookies.clear()
    await browser.get(LOGON)
    refused(await browser.submit(theirs, LOGON, **FIELDS), house)


@asyncio
async def test_a_token_of_another_form(browser: Browser, house: House) -> None:
    browser.cookies["gateway-challenge"] = house.challenge()
    code = await browser.get("/.gateway/otp")
    token = code.hidden("/.gateway/otp")["form_token"]
    refused(await browser.post(LOGON, {**FIELDS, "form_token": token}), house)


@asyncio
async def test_a_token_in_the_query(browser: Browser, house: House) -> None:
    token = (await browser.get(LOGON)).hidden(LOGON)["form_token"]
    refused(await browser.post(f"{LOGON}?form_token={token}", FIELDS), house)


@asyncio
@pytest.mark.parametrize(("seconds", "status"), [(LIFETIME_S, 303), (LIFETIME_S + 1, 403)])
async def test_an_old_token(browser: Browser, house: House, seconds: int, status: int) -> None:
    form = await browser.get(LOGON)
    house.clock.time += seconds
    page = await browser.submit(form, LOGON, **FIELDS)
    assert page.status == status


@asyncio
async def test_the_way_to_try_again_keeps_the_way_back(browser: Browser, house: House) -> None:
    form = await browser.get(f"{LOGON}?next=/hr/")
    house.clock.time += LIFETIME_S + 1
    refused(await browser.submit(form, LOGON, **FIELDS), house, f"{LOGON}?next=/hr/")
    page = await browser.submit(await browser.get(LOGON), LOGON, **FIELDS)
    assert page.status == 303, "trying again works"


@asyncio
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example", "Sec-Fetch-Site": ""},
        {"Origin": "null", "Sec-Fetch-Site": ""},
        {"Origin": "http://localhost:8080.evil.example", "Sec-Fetch-Site": ""},
        {"Origin": "http://localhost:8081", "Sec-Fetch-Site": ""},
        {"Origin": "http://localhost", "Sec-Fetch-Site": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "Cross-Site"},
        {"Sec-Fetch-Site": "whatever"},
    ],
    ids=lambda headers: " ".join(next(iter(headers.items()))),
)
async def test_another_site_even_with_a_token(
    browser: Browser, house: House, headers: dict[str, str]
) -> None:
    form = await browser.get(LOGON)
    fields = {**form.hidden(LOGON), **FIELDS}
    refused(await browser.post(LOGON, fields, **headers), house)


@asyncio
async def test_a_client_without_the_fields_of_a_browser(browser: Browser) -> None:
    form = await browser.get(LOGON)
    fields = {**form.hidden(LOGON), **FIELDS}
    page = await browser.post(LOGON, fields, **{"Origin": "", "Sec-Fetch-Site": ""})
    assert page.status == 303


@asyncio
@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain", "application/json", "multipart/form-data; boundary=x", "",
        "application/x-www-form-urlencoded; charset=utf-16",
        "application/x-www-form-urlencoded-not",
    ],
)  # fmt: skip
async def test_only_one_media_type(browser: Browser, house: House, content_type: str) -> None:
    form = await browser.get(LOGON)
    body = urlencode({**form.hidden(LOGON), **FIELDS}).encode()
    headers = {"Content-Type": content_type or "application/octet-stream", "Origin": ORIGIN}
    page = await browser.request("POST", LOGON, body, headers)
    assert page.status == 415
    assert house.logon.calls == []
    assert denied(house) == [(LOGON, "unreadable-form")]


@asyncio
async def test_a_charset_may_be_named(browser: Browser) -> None:
    form = await browser.get(LOGON)
    body = urlencode({**form.hidden(LOGON), **FIELDS}).encode()
    content_type = "Application/X-WWW-Form-Urlencoded; charset=UTF-8"
    page = await browser.request("POST", LOGON, body, {**FORM, "Content-Type": content_type})
    assert page.status == 303


@asyncio
async def test_no_coded_body(browser: Browser) -> None:
    page = await browser.request(
        "POST", LOGON, gzip.compress(b"x" * 10_000_000), {**FORM, "Content-Encoding": "gzip"}
    )
    assert page.status in {413, 415}


@asyncio
@pytest.mark.parametrize(("size", "status"), [(16 * 1024, 403), (16 * 1024 + 1, 413), (10**6, 413)])
async def test_the_size_of_a_body(browser: Browser, size: int, status: int) -> None:
    body = b"password=" + b"x" * (size - 9)
    page = await browser.request("POST", LOGON, body, FORM)
    assert page.status == status


@asyncio
@pytest.mark.parametrize("name", ["username", "password", "next", "form_token", "other"])
async def test_no_field_twice(browser: Browser, house: House, name: str) -> None:
    form = await browser.get(LOGON)
    fields = {**form.hidden(LOGON), **FIELDS, "other": ""}
    page = await browser.post(LOGON, [*fields.items(), (name, fields[name])])
    assert page.status == 400
    assert house.logon.calls == []
    assert denied(house) == [(LOGON, "unreadable-form")]


@asyncio
@pytest.mark.parametrize("name", ["username", "password"])
async def test_a_field_missing(browser: Browser, house: House, name: str) -> None:
    form = await browser.get(LOGON)
    fields = {**form.hidden(LOGON), **FIELDS}
    del fields[name]
    assert (await browser.post(LOGON, fields)).status == 400
    assert house.logon.calls == []


@asyncio
async def test_fields_of_others_are_not_read(browser: Browser, house: House) -> None:
    form = await browser.get(LOGON)
    await browser.submit(form, LOGON, **FIELDS, mobile="+46700000000", to="x", user="bob")
    assert "+46700000000" not in repr(house.logon.calls)
    assert "bob" not in repr(house.logon.calls)


@asyncio
@pytest.mark.parametrize("path", [LOGON, "/.gateway/otp", "/.gateway/otp/resend"])
@pytest.mark.parametrize(
    "query",
    ["next=/a&next=/b", "next=%00", "next=%ff", "&".join(f"f{number}" for number in range(17))],
)
async def test_a_query_is_read_as_strictly(browser: Browser, path: str, query: str) -> None:
    assert (await browser.get(f"{path}?{query}")).status == 400


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", {}),
        (b"a=1&b=2", {"a": "1", "b": "2"}),
        (b"a=+%2B%20", {"a": " + "}),
        (b"a=%C3%A5", {"a": "å"}),
        (b"a", {"a": ""}),
        (b"a=1;b=2", {"a": "1;b=2"}),
        (
            "&".join(f"f{number}=" for number in range(16)).encode(),
            {f"f{n}": "" for n in range(16)},
        ),
    ],
)
def test_fields(raw: bytes, expected: dict[str, str]) -> None:
    assert read_fields(raw) == expected


@pytest.mark.parametrize(
    "raw",
    [b"a=1&a=1", b"a=1&%61=2", b"a=%ff", b"a=%ed%a0%80", "a=å".encode(), b"a=%00", b"%00=a",
     "&".join(f"f{number}=" for number in range(17)).encode(), b"&" * 1000 + b"a=1"],
)  # fmt: skip
def test_no_fields(raw: bytes) -> None:
    with pytest.raises(web.HTTPBadRequest):
        read_fields(raw)


def test_sites() -> None:
    own = frozenset({ORIGIN})
    assert not is_cross_site({}, own)
    assert not is_cross_site({"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}, own)
    assert not is_cross_site({"Sec-Fetch-Site": "none"}, own)
    assert is_cross_site({"Origin": ""}, own)
    assert is_cross_site({"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"}, own)
