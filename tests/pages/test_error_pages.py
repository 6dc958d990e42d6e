"""gateway/pages/error_pages.py: a calm page for every status, quick enough for an attack."""

import time

import pytest

from gateway.pages.look import Look
from policies.decision import Reason
from tests.pages.fakes import make_settings

STATUSES = [400, 403, 404, 405, 408, 413, 414, 415, 429, 431, 500, 502, 503, 504]
SETTINGS = make_settings()
PAGES = Look(SETTINGS.branding, SETTINGS.public_url).errors


def render(
    status: int, language: str = "en", reference: str = "R-1",
    reason: Reason | None = None, retry_after: int | None = None, here: str = "/",
) -> str:  # fmt: skip
    return PAGES.render(
        status, language=language, reference=reference, here=here, reason=reason,
        retry_after=retry_after,
    ).decode("utf-8")  # fmt: skip


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("language", ["en", "sv"])
def test_every_status(status: int, language: str) -> None:
    page = render(status, language)
    assert page.startswith("<!doctype html>")
    assert f'<html lang="{language}">' in page
    assert "<code>R-1</code>" in page
    assert "medarbetare@securitas.se" in page
    assert 'href="/"' in page
    assert str(status) not in page.partition("<main")[2], "no number in the face of an employee"
    assert "\ue000" not in page
    assert "\ue001" not in page


def test_the_languages_differ_and_the_statuses_too() -> None:
    english = {render(status).partition("<main")[2] for status in STATUSES}
    assert len(english) >= len(STATUSES) - 1
    assert english.isdisjoint({render(status, "sv").partition("<main")[2] for status in STATUSES})


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason(reason: Reason) -> None:
    for status in (400, 403, 404):
        page = render(status, reason=reason)
        assert reason.value not in page.partition("<main")[2].replace("group", "")
        assert "<h1>" in page


def test_a_host_that_is_not_ours_gets_a_page_that_needs_no_other_file() -> None:
    page = render(400, reason=Reason.UNKNOWN_HOST)
    assert "We do not know this address." in page
    assert 'href="http://localhost:8080/"' in page
    assert "/.gateway/" not in page
    assert "<svg" not in page


def test_a_missing_group_is_said_in_plain_words() -> None:
    assert "your account is in no group that may open this page" in render(
        403, reason=Reason.GROUP_MISSING
    )
    assert "ditt konto är inte med i någon grupp" in render(403, "sv", reason=Reason.GROUP_MISSING)


@pytest.mark.parametrize(("status", "title"), [(418, 400), (499, 400), (501, 500), (599, 500)])
def test_a_status_without_words_speaks_as_its_kind(status: int, title: int) -> None:
    assert render(status) == render(title)


@pytest.mark.parametrize(
    ("language", "other", "name"), [("en", "sv", "Svenska"), ("sv", "en", "English")]
)
def test_the_language_can_be_switched_where_one_is(language: str, other: str, name: str) -> None:
    for here in ("/hr/%3Fa%3Db", "/x"):
        page = render(403, language, here=here)
        assert (
            f'<a href="/.gateway/language?to={other}&amp;next={here}" '
            f'lang="{other}" hreflang="{other}" rel="nofollow">{name}</a>'
        ) in page
        assert "\ue002" not in page


@pytest.mark.parametrize(
    ("retry_after", "words"), [(5, "5 seconds"), (0, "1 second"), (600, "10 minutes")]
)
def test_when_to_try_again(retry_after: int, words: str) -> None:
    assert f"Try again in {words}." in render(503, retry_after=retry_after)
    assert "Try again in" not in render(404)


def test_one_rendering_serves_many_references() -> None:
    assert "<code>A</code>" in render(404, reference="A")
    page = render(404, reference="B")
    assert "<code>B</code>" in page
    assert "<code>A</code>" not in page
    assert "&lt;script&gt;" in render(404, reference="<script>")
    assert "reference" not in render(404, reference="").partition("<main")[2]


def test_a_refused_form_leads_back() -> None:
    page = PAGES.form_refused(language="sv", reference="<R>", here="/x", again='/x?next="').decode()
    assert 'href="/x?next=&#34;">Försök igen</a>' in page
    assert "&lt;R&gt;" in page


def test_it_comes_with_its_fields() -> None:
    assert dict(PAGES.fields)["Content-Type"] == "text/html; charset=utf-8"
    assert "frame-ancestors 'none'" in dict(PAGES.fields)["Content-Security-Policy"]


def test_an_error_is_cheap() -> None:
    render(404, reference="warm")
    before = time.process_time()
    for number in range(1000):
        render(404, reference=str(number))
    assert (time.process_time() - before) / 1000 < 200e-6
