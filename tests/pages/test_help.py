"""gateway/pages/help.py: the steps of the instructions, in both languages, without any store."""

from dataclasses import replace

import pytest

from tests.pages.fakes import Browser, make_snapshot

pytestmark = pytest.mark.asyncio
HELP = "/.gateway/help"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["The first time you log on to Medarbetarportalen you must use a computer that is connected to the Securitas network.",
                "Type its 6 digits", "medarbetare@securitas.se", "only user name and password are needed",
                "must have at least 7 characters", "Mina uppgifter"]),
        ("sv", ["Första gången du loggar in på Medarbetarportalen måste det ske på en dator som är ansluten till",
                "En engångskod skickas till din telefon.", "Har du glömt ditt lösenord?", "typ 0701234567",
                "krävs endast användarnamn och lösenord", "medarbetare@securitas.se", "Mitt Securitas"]),
    ],
)  # fmt: skip
async def test_words(browser: Browser, language: str, words: list[str]) -> None:
    browser.house.logon.away = True
    page = await browser.get(HELP, **{"Accept-Language": language})
    assert page.status == 200
    for text in words:
        assert text in page.text


async def test_the_names_are_those_of_the_branding(browser: Browser) -> None:
    browser.house.snapshot = make_snapshot(
        organisation="Väktarna <AB>",
        portal="Intranätet",
        support_email="hjalp@vakt.example",
        content_email="fraga@vakt.example",
    )
    page = await browser.get(HELP)
    assert "Securitas" not in page.text
    assert "Medarbetarportalen" not in page.text
    assert "Väktarna &lt;AB&gt;" in page.text
    assert 'href="mailto:hjalp@vakt.example"' in page.text
    assert 'If you are unsure, ask <a href="mailto:fraga@vakt.example">' in page.text


async def test_the_password_rules_are_those_of_the_settings(browser: Browser) -> None:
    settings = browser.house.snapshot.settings
    rules = replace(settings.password, min_length=12, forbid=())
    browser.house.snapshot.settings = replace(settings, password=rules)
    page = await browser.get(HELP)
    assert "must have at least 12 characters" in page.text
    assert "Swedish words" not in page.text


@pytest.mark.parametrize("logged_on", [True, False])
async def test_the_way_out_is_there_for_who_is_in(browser: Browser, logged_on: bool) -> None:
    if logged_on:
        browser.cookies["gateway"] = "x"
    assert ('href="/.gateway/logout"' in (await browser.get(HELP)).text) is logged_on


async def test_the_number_shown_is_one_of_the_region(browser: Browser) -> None:
    settings = browser.house.snapshot.settings
    abroad = replace(settings.self_service, region="NO")
    browser.house.snapshot.settings = replace(settings, self_service=abroad)
    assert "as in 40612345," in (await browser.get(HELP)).text
