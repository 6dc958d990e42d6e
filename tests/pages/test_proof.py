"""gateway/pages/proof.py: the code that went to a new number."""

from dataclasses import replace

import pytest

from gateway.auth.outcomes import (
    ChallengeOver,
    LockedOut,
    NoMoreResends,
    TooSoon,
    WrongCode,
)
from tests.pages.fakes import VIEW, Browser, Page, denied

pytestmark = pytest.mark.asyncio
ACCOUNT, PROOF, RESEND = (
    "/.gateway/account", "/.gateway/account/code", "/.gateway/account/resend",
)  # fmt: skip


@pytest.fixture
def anna(browser: Browser) -> Browser:
    browser.cookies["gateway"] = browser.house.session("pwd")
    browser.cookies["gateway-errand"] = "p" * 43
    browser.house.account.proof = VIEW
    return browser


async def give(anna: Browser, code: str = "123456") -> Page:
    return await anna.submit(await anna.get(f"{PROOF}?next=/hr/"), PROOF, code=code)


async def test_the_page(anna: Browser) -> None:
    page = await anna.get(PROOF)
    assert page.status == 200
    for words in ("Confirm your new number", "•••• 67", 'autocomplete="one-time-code"',
                  "It has 6 digits"):  # fmt: skip
        assert words in page.text
    assert "Bekräfta ditt nya nummer" in (await anna.get(PROOF, **{"Accept-Language": "sv"})).text


async def test_the_right_code(anna: Browser) -> None:
    page = await give(anna)
    assert (page.status, page.location) == (303, f"{ACCOUNT}?next=/hr/&notice=updated")
    assert page.set_cookies()["gateway-errand"]["max-age"] == "0"
    assert anna.house.account.calls[0][:3] == ("proof", "p" * 43, "123456")


async def test_a_wrong_code(anna: Browser) -> None:
    anna.house.account.proven = WrongCode(3)
    page = await give(anna)
    assert page.status == 401
    assert "You have 3 tries left." in page.text
    anna.house.account.proven, anna.house.account.proof = WrongCode(0), None
    form = {**page.hidden(PROOF), "code": "1"}
    page = await anna.post(PROOF, form)
    assert (page.status, page.location) == (303, f"{ACCOUNT}?next=/hr/")


@pytest.mark.parametrize(
    ("outcome", "status"),
    [(LockedOut(60), 429), (ChallengeOver(), 303)],
)
async def test_what_ends_it(anna: Browser, outcome: object, status: int) -> None:
    anna.house.account.proven = anna.house.account.resent = outcome  # type: ignore[assignment]
    assert (await give(anna)).status == status
    page = await anna.submit(await anna.get(PROOF), RESEND)
    assert page.status == status


async def test_a_resend(anna: Browser) -> None:
    page = await anna.submit(await anna.get(PROOF), RESEND)
    assert page.location == f"{PROOF}?notice=resent"
    assert "has been sent once more" in (await anna.get(page.location)).text
    anna.house.account.resent = TooSoon(7)
    page = await anna.submit(await anna.get(PROOF), RESEND)
    assert (page.status, page.answer.headers["Retry-After"]) == (429, "7")
    anna.house.account.resent = NoMoreResends()
    anna.house.account.proof = replace(VIEW, resends_left=0)
    form = page.hidden(RESEND)
    page = await anna.post(RESEND, form)
    assert page.status == 409
    assert "No more messages can be sent for this number." in page.text
    assert (await anna.get(f"{RESEND}?next=/hr/")).location == f"{PROOF}?next=/hr/"


async def test_without_a_session_or_a_proof(anna: Browser) -> None:
    page = await anna.get(PROOF)
    form, resend = page.hidden(PROOF), page.hidden(RESEND)
    anna.house.account.proof = None
    anna.house.account.proven = anna.house.account.resent = ChallengeOver()
    assert (await anna.get(PROOF)).location == ACCOUNT
    del anna.cookies["gateway-errand"]
    assert (await anna.post(PROOF, {**form, "code": "1"})).location == ACCOUNT
    assert (await anna.post(RESEND, resend)).location == ACCOUNT
    anna.house.logon.sessions.clear()
    assert (await anna.get(PROOF)).location == f"/.gateway/logon?next={ACCOUNT}"
    assert (await anna.post(PROOF, {**form, "code": "1"})).location.startswith("/.gateway/logon")
    assert (await anna.post(RESEND, resend)).location.startswith("/.gateway/logon")
    assert denied(anna.house) == [(PROOF, "no-session"), (RESEND, "no-session")]
