"""The portal's pages: they are all there, and show whoever the identity fields name."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime

import pytest

from tests.upstream_stub.conftest import ANNA
from upstream_stub.portal import pages

pytestmark = pytest.mark.asyncio

PAGES = {
    "/": "Hej, Anna!",
    "/nyheter/vinterschema": "Vinterschemat är klart",
    "/mitt-securitas": "Mina uppgifter",
    "/mitt-securitas/vem-ar-jag": "Vem är jag?",
    "/schema": "vecka",
    "/lon": "Lön",
    "/dokument": "Personalhandbok",
    "/hjalp": "Vanliga frågor",
    "/kontakta-oss": "Meddelande",
}
NOT_THERE = (
    "/nowhere", "/nyheter/nowhere", "/schema?vecka=54", "/schema?vecka=x", "/schema?ar=10000",
    "/schema?ar=9999&vecka=52", "/lon?manad=13", "/lon?manad=0", "/lon?ar=x", "/kontakta-oss/kvitto?nr=1",
)  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_is_there_in_swedish_and_needs_no_script(portal, path):
    page = await portal.get(path, headers=ANNA)
    assert page.status == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert '<html lang="sv">' in page.text
    assert "Medarbetarportalen</title>" in page.text
    assert PAGES[path] in page.text
    assert "Anna Åkesson" in page.text
    assert "<script" not in page.text
    assert " style=" not in page.text


async def test_every_link_leads_to_a_page_or_to_the_gateway(portal):
    seen, left, gateways = set(), ["/"], set()
    while left and len(seen) < 60:
        path = left.pop(0)
        if path in seen:
            continue
        seen.add(path)
        page = await portal.get(path)
        assert page.status == 200, path
        if not page.headers["Content-Type"].startswith("text/html"):
            continue
        for link in re.findall(r'(?:href|src|action)="([^"]+)"', html.unescape(page.text)):
            if link.startswith("/.gateway/"):
                gateways.add(link)
            elif link.startswith("/"):
                left.append(link)
            else:
                assert link.startswith(("#", "mailto:")), link
    assert set(PAGES) <= seen
    assert {"/static/portal.css", "/static/mark.svg"} <= seen
    assert gateways == {"/.gateway/account", "/.gateway/logout", "/.gateway/reset"}


@pytest.mark.parametrize("target", NOT_THERE)
async def test_what_is_not_there_is_404_on_a_page_of_the_portal(portal, target):
    page = await portal.get(target)
    assert page.status == 404
    assert "Sidan finns inte" in page.text


@pytest.mark.parametrize("path", ["/debug/nowhere", "/static/nowhere", "/static/../app.py"])
async def test_what_is_not_there_is_plainly_404_for_scripts(portal, path):
    page = await portal.get(path)
    assert page.status == 404
    assert "Sidan" not in page.text


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        (ANNA, {"name": "Anna Åkesson", "user": "anna", "email": "anna@example.com"}),
        ({"X-Remote-User": "bo"}, {"name": "–", "user": "bo", "email": "–"}),
        ({}, {"name": "–", "user": "–", "email": "–"}),
        ({"X-Remote-Name": "%3Cb%3E&amp;"}, {"name": "&lt;b&gt;&amp;amp;", "user": "–"}),
        ({"X-Remote-Name": "Åsa"}, {"name": "Åsa"}),
        ({"X-Remote-User": "%ff%C3"}, {"user": "\ufffd\ufffd"}),
    ],
    ids=["all", "user", "nobody", "markup", "raw UTF-8", "no UTF-8"],
)
async def test_who_am_i_shows_the_identity_fields_decoded(portal, fields, shown):
    page = await portal.get("/mitt-securitas/vem-ar-jag", headers=fields)
    for identity, text in shown.items():
        assert f'<dd id="{identity}">{text}</dd>' in page.text
    assert ("Portalen vet inte vem du är." in page.text) == (not fields)


async def test_who_am_i_shows_groups_and_every_field_as_sent(portal):
    twice = [*ANNA.items(), ("x-remote-user", "bo"), ("X-Gateway-Assertion", "a" * 100)]
    page = await portal.get("/mitt-securitas/vem-ar-jag", headers=twice)
    assert re.findall(r'class="tag">([^<]+)', page.text) == ["staff", "lön"]
    assert "<code>Anna %C3%85kesson</code></td><td>Anna Åkesson</td>" in page.text
    assert "<code>bo</code>" in page.text
    assert f"<code>{'a' * 77}…</code>" in page.text


@pytest.mark.parametrize(
    "target", ["/schema?vecka=47&fr%C3%A5n=%22%3E%3Cb%3E", "/lon?ar=2026&manad=3#x"]
)
async def test_a_page_shows_its_own_address_and_query(portal, target):
    page = await portal.get(target)
    sent = target.partition("#")[0].replace("&", "&amp;")
    assert f'<code id="adress">{sent}</code>' in page.text
    assert "<b>" not in page.text.split("Visas enligt länken")[1]


@pytest.mark.parametrize(
    ("year", "week", "monday", "before", "after"),
    [
        (2026, 47, "16 november", "ar=2026&amp;vecka=46", "ar=2026&amp;vecka=48"),
        (2026, 53, "28 december", "ar=2026&amp;vecka=52", "ar=2027&amp;vecka=1"),
        (2025, 1, "30 december", "ar=2024&amp;vecka=52", "ar=2025&amp;vecka=2"),
    ],
)
async def test_weeks_are_those_of_iso_8601(portal, year, week, monday, before, after):
    page = await portal.get(f"/schema?ar={year}&vecka={week}")
    assert f"Måndag <small>{monday}</small>" in page.text
    assert f"/schema?{before}" in page.text
    assert f"/schema?{after}" in page.text


async def test_without_a_week_it_is_this_one(portal, monkeypatch):
    moment = datetime(2027, 1, 2, tzinfo=UTC).timestamp()
    monkeypatch.setattr(pages, "now", lambda: moment)
    assert "vecka 53, 2026" in (await portal.get("/schema")).text


@pytest.mark.parametrize(
    ("query", "count"), [("", 8), ("sok=HANDBOK", 2), ("typ=Policy", None), ("sok=finns-ej", 0)]
)
async def test_documents_are_found_by_title_and_kind(portal, query, count):
    text = (await portal.get(f"/dokument?{query}")).text
    found = re.findall(r'class="tag">(\w+)</span><b>([^<]+)</b>', text)
    assert f"{len(found)} dokument" in text
    if count is None:
        assert {kind for kind, _ in found} == {"Policy"}
    else:
        assert len(found) == count


async def test_a_pay_slip_names_its_month(portal):
    assert "mars 2026" in (await portal.get("/lon?ar=2026&manad=3")).text
