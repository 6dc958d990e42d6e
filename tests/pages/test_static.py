"""gateway/pages/static.py: only what is there, for ever, under a name that changes with it."""

import re
from importlib.resources import files

import pytest

from gateway.pages.static import PREFIX, Files
from gateway.settings.model import BrandFile
from tests.pages.fakes import Browser

asyncio = pytest.mark.asyncio
FILES = Files()


@asyncio
@pytest.mark.parametrize("name", sorted(FILES.names()))
async def test_served(browser: Browser, name: str) -> None:
    page = await browser.get(FILES.url(name))
    assert page.status == 200
    assert page.answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert page.answer.headers["X-Content-Type-Options"] == "nosniff"
    kind = "text/css" if name.endswith(".css") else "image/svg+xml"
    assert page.answer.headers["Content-Type"] == f"{kind}; charset=utf-8"
    assert re.fullmatch(r"/\.gateway/static/[a-z]+\.[0-9a-f]{12}\.(css|svg)", FILES.url(name))


@asyncio
async def test_the_style_sheet_calls_only_what_is_there(browser: Browser) -> None:
    sheet = (await browser.get(FILES.url("portvakt.css"))).text
    called = re.findall(r'url\("([^"]+)"\)', sheet)
    assert called
    for name in called:
        assert (await browser.get(PREFIX + name)).status == 200
    assert "@import" not in sheet
    assert "http" not in sheet


@asyncio
@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "portvakt.css", "../../etc/passwd", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "..%5cx",
     "/etc/passwd", "//etc/passwd", "C:\\", "%00", "portvakt.css.gz", "portvakt.000000000000.css",
     "../templates/base.html", "..%2ftemplates%2fbase.html", "static.py"],
)  # fmt: skip
async def test_not_served(browser: Browser, name: str) -> None:
    page = await browser.get(PREFIX + name)
    assert page.status == 404
    assert page.answer.headers["Cache-Control"] == "no-store"


def test_every_file_is_served_or_known() -> None:
    names = {place.name for place in (files("gateway.pages") / "static").iterdir()}
    assert names == set(FILES.names())


def variables(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


SHEET = FILES.find(FILES.url("portvakt.css").removeprefix(PREFIX)).body.decode()
LIGHT = variables(SHEET.split("@media (prefers-color-scheme: dark)")[0])
DARK = LIGHT | variables(SHEET.split("@media (prefers-color-scheme: dark)")[1].split("}\n}")[0])


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "ground", "least"),
    [
        ("ink", "ground", 7), ("ink", "sheet", 7), ("ink-soft", "ground", 4.5),
        ("ink", "quiet", 7), ("ink", "quiet-strong", 7),
        ("accent", "ground", 4.5), ("accent-strong", "ground", 4.5),
        ("on-accent", "accent", 4.5), ("on-accent", "accent-strong", 4.5),
        ("problem", "problem-ground", 4.5), ("news", "news-ground", 4.5),
        ("on-front", "front", 7), ("on-front-soft", "front", 4.5), ("light", "front", 3),
        ("line-strong", "ground", 3), ("line-strong", "sheet", 3), ("focus", "ground", 3),
        ("focus", "sheet", 3), ("problem", "ground", 3),
    ],
)  # fmt: skip
def test_contrast(scheme: dict[str, str], ink: str, ground: str, least: float) -> None:
    """WCAG 2.2, 1.4.3 and 1.4.11: 4.5 for text, 3 for what must be seen; 7 where we read long."""
    assert contrast(scheme[ink], scheme[ground]) >= least


SVG = BrandFile("logo.svg", b"<svg/>")
SHEET_OF_OWN = BrandFile(
    "style.css", b".a{background:url(logo.svg)} .b{background:URL( 'arches.svg' )} .c{d:url(x.svg)}"
)


def test_an_own_style_calls_pictures_by_their_public_names() -> None:
    own = Files([SHEET_OF_OWN, SVG])
    asset = own.find(own.url("style.css").removeprefix(PREFIX))
    assert asset is not None
    called = [own.url(name).removeprefix(PREFIX) for name in ("logo.svg", "arches.svg")]
    assert re.findall(rb'url\("([^"]+)"\)', asset.body) == [name.encode() for name in called]
    assert b"url(x.svg)" in asset.body
    assert own.url("portvakt.css") == FILES.url("portvakt.css")
    assert own.first("logo.png", "logo.svg") == own.find(called[0])
    assert FILES.first("logo.png", "logo.svg") is None


@asyncio
async def test_a_picture_that_is_opened_by_itself_may_do_nothing(browser: Browser) -> None:
    picture = await browser.get(FILES.url("arches.svg"))
    assert picture.answer.headers.getall("Content-Security-Policy") == [
        "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    ]
    sheet = await browser.get(FILES.url("portvakt.css"))
    assert "sandbox" not in sheet.answer.headers["Content-Security-Policy"]
