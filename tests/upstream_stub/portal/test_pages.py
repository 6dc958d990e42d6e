"""The portal's pages: in Swedish, whole, and true to their address."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from upstream_stub.portal import pages

PAGES = (
    "/",
    "/nyheter/vinterschema",
    "/mitt-securitas",
    "/mitt-securitas/vem-ar-jag",
    "/schema",
    "/schema?ar=2026&vecka=53",
    "/lon",
    "/lon?ar=2026&manad=9",
    "/dokument",
    "/dokument?sok=hand&typ=Handbok",
    "/hjalp",
    "/kontakta-oss",
)
ASA = {"X-Remote-User": "asa", "X-Remote-Name": "%C3%85sa%20Berg", "X-Remote-Groups": "hr,it"}


class Outline(HTMLParser):
    """Opening tags, links and headings of a page, and whether every tag is closed."""

    EMPTY = frozenset({"meta", "link", "img", "input", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.mark.parametrize("target", [*PAGES, "/finns/inte"])
@pytest.mark.asyncio
async def test_every_page_is_whole_swedish_and_shows_its_address(portal, target):
    status, text = await portal.get(target, **ASA)
    assert status == (404 if target == "/finns/inte" else 200)
    outline = Outline(text)
    assert outline.open == []
    assert outline.all("html") == [{"lang": "sv"}]
    assert len(outline.all("h1")) == 1
    assert not outline.all("script")
    assert "Medarbetarportalen" in text
    assert f'<code id="adress">{html.escape(target)}</code>' in text
    ids = [attributes["id"] for _, attributes in outline.tags if "id" in attributes]
    assert len(set(ids)) == len(ids)


@pytest.mark.asyncio
async def test_links_lead_to_pages(portal):
    links = set()
    for target in PAGES:
        _, text = await portal.get(target, **ASA)
        links |= {a["href"] for a in Outline(text).all("a")}
    own = {link for link in links if link.startswith("/") and not link.startswith("/.gateway/")}
    assert set(PAGES) - {"/schema?ar=2026&vecka=53", "/dokument?sok=hand&typ=Handbok"} <= own | {
        "/lon?ar=2026&manad=9"
    }
    for link in own:
        assert (await portal.get(link))[0] == 200, link
    assert links - own == {
        "#innehall",
        "/.gateway/account",
        "/.gateway/logout",
        "/.gateway/reset",
        "mailto:marknad@securitas.se",
        "mailto:medarbetare@securitas.se",
    }


@pytest.mark.asyncio
async def test_the_menus_of_the_instructions(portal):
    _, text = await portal.get("/")
    menus = re.findall(r"<summary.*?</summary>.*?</ul>", text, re.DOTALL)
    help_menu = next(menu for menu in menus if ">?<" in menu)
    assert re.findall(r'href="(.*?)"><b>(.*?)</b>', help_menu) == [
        ("/hjalp", "Hjälp"),
        ("/kontakta-oss", "Kontakta oss"),
    ]
    mine = next(menu for menu in menus if ">Mitt Securitas<" in menu)
    assert ("/.gateway/account", "Mina uppgifter") in re.findall(r'href="(.*?)"><b>(.*?)</b>', mine)


@pytest.mark.asyncio
async def test_the_page_that_says_who_you_are(portal):
    _, text = await portal.get("/mitt-securitas/vem-ar-jag", **ASA)
    assert '<dd id="name">Åsa Berg</dd>' in text
    assert '<dd id="user">asa</dd>' in text
    assert re.search(r'<dd id="groups">.*hr.*it', text)
    assert "<code>%C3%85sa%20Berg</code>" in text
    _, text = await portal.get("/mitt-securitas/vem-ar-jag")
    assert "Portalen vet inte vem du är" in text


@pytest.mark.asyncio
async def test_nothing_that_is_sent_becomes_markup(portal):
    evil = "%3Cscript%3Ealert(1)%3C/script%3E"
    fields = {"X-Remote-Name": evil, "X-Remote-User": evil, "X-Remote-Groups": evil}
    for target in (*PAGES, f"/dokument?sok={evil}", "/finns/inte?<script>"):
        _, text = await portal.get(target.replace("<script>", evil), **fields)
        assert "<script" not in text


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("/schema?ar=2026&vecka=53", ["vecka 53, 2026", "28 december", "vecka=1"]),
        ("/lon?ar=2025&manad=12", ["december 2025", "<dt>manad</dt><dd>12</dd>"]),
        ("/dokument?sok=hand", ["2 dokument", 'value="hand"', "<dt>sok</dt><dd>hand</dd>"]),
        ("/dokument?sok=&typ=Policy", ["2 dokument", "<option selected>Policy</option>"]),
        ("/nyheter/vinterschema", ["Vinterschemat är klart", "vecka 46"]),
    ],
)
@pytest.mark.asyncio
async def test_a_deep_link_is_kept_to(portal, target, words):
    _, text = await portal.get(target)
    for word in words:
        assert word in text


@pytest.mark.parametrize(
    "target",
    [
        "/schema?vecka=54",
        "/schema?ar=99999",
        "/schema?vecka=x",
        "/schema?ar=1&vecka=1",
        "/schema?ar=9999&vecka=52",
        "/lon?manad=13",
        "/lon?ar=x",
        "/nyheter/",
        "/nyheter/nej",
        "/.gateway/account",
    ],
)
@pytest.mark.asyncio
async def test_what_is_not_there_is_the_portals_404(portal, target):
    status, text = await portal.get(target)
    assert (status, "Sidan finns inte" in text) == (404, True)


@pytest.mark.asyncio
async def test_fields_of_a_page(portal):
    async with portal.session.get(portal.url("/")) as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    for name in ("portal.css", "mark.svg"):
        assert (await portal.get(f"/static/{name}"))[0] == 200
    assert (await portal.get("/static/../portal.css"))[0] == 404


@pytest.mark.parametrize(
    ("year", "week", "monday", "before", "after"),
    [
        (2026, 47, "16 november", "ar=2026&amp;vecka=46", "ar=2026&amp;vecka=48"),
        (2026, 53, "28 december", "ar=2026&amp;vecka=52", "ar=2027&amp;vecka=1"),
        (2025, 1, "30 december", "ar=2024&amp;vecka=52", "ar=2025&amp;vecka=2"),
    ],
)
@pytest.mark.asyncio
async def test_weeks_are_those_of_iso_8601(portal, year, week, monday, before, after):
    _, text = await portal.get(f"/schema?ar={year}&vecka={week}")
    assert f"Måndag <small>{monday}</small>" in text
    assert f"/schema?{before}" in text
    assert f"/schema?{after}" in text


@pytest.mark.asyncio
async def test_without_a_week_it_is_this_one(portal, monkeypatch):
    moment = datetime(2027, 1, 2, tzinfo=UTC).timestamp()
    monkeypatch.setattr(pages, "now", lambda: moment)
    assert "vecka 53, 2026" in (await portal.get("/schema"))[1]
