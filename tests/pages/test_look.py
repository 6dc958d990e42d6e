"""gateway/pages/look.py: a look belongs to its settings, and goes with them."""

import re
from dataclasses import replace

from gateway.pages.look import Look
from gateway.settings.model import BrandFile, OwnLook, Settings
from gateway.texts.catalog import OwnText
from tests.pages.fakes import make_settings


def look_of(settings: Settings, before: Look | None = None) -> Look:
    return Look(settings.branding, settings.public_url, before)


def test_what_a_look_is_made_of() -> None:
    settings = make_settings()
    look = look_of(settings)
    assert look.is_of(replace(settings, state_dir=settings.state_dir / "x"))
    assert not look.is_of(make_settings(portal="Intranet"))
    assert not look.is_of(make_settings(https=True))


def test_each_shows_its_own_settings() -> None:
    values = {"logged_on": False, "here": "/", "name": "Anna", "token": str, "next": "/"}
    for name in ("Medarbetarportalen", "Intranet", "Medarbetarportalen"):
        look = look_of(make_settings(portal=name))
        page = look.render("logout.html", "en", values)
        assert name in page.partition("<h1>")[0]
        error = look.errors.render(
            404, language="en", reference="", here="/", reason=None, retry_after=None
        )
        assert name in error.decode()


def test_static_files_are_found_by_their_public_name() -> None:
    look = look_of(make_settings())
    found = look.find(look.files.url("portvakt.css").rpartition("/")[2])
    assert found is not None
    assert found.content_type.startswith("text/css")
    assert look.find("portvakt.css") is None


def own_settings(**more: object) -> Settings:
    settings = make_settings(organisation="Norrvakt")
    own = OwnLook(
        files=(BrandFile("logo.svg", b"<svg/>"), BrandFile("style.css", b"a{b:c}")),
        texts=(OwnText("en", ("Log off",), ("Sign <off> & go",)),),
    )
    return replace(settings, branding=replace(settings.branding, own=replace(own, **more)))


def test_what_a_directory_holds_is_shown() -> None:
    look = look_of(own_settings())
    values = {"logged_on": False, "here": "/", "name": "Anna", "token": str, "next": "/"}
    page = look.render("logout.html", "en", values | {"has_apps": False})
    logo = look.files.url("logo.svg")
    assert f'<img class="logo" src="{logo}" alt="Norrvakt">' in page
    assert "<h1>Sign &lt;off&gt; &amp; go</h1>" in page
    assert 'class="organisation"' not in page, "the logo says it"
    sheets = re.findall(r'rel="stylesheet" href="([^"]*)"', page)
    assert sheets == [look.files.url("portvakt.css"), look.files.url("style.css")]
    assert 'rel="icon" type="image/svg+xml"' in page
    icon = look_of(own_settings(files=(BrandFile("favicon.png", b"x"),)))
    assert f'type="image/png" href="{icon.files.url("favicon.png")}"' in icon.render(
        "logout.html", "en", values | {"has_apps": False}
    )


def test_pages_under_way_still_find_their_files() -> None:
    first = look_of(own_settings())
    second = look_of(own_settings(files=()), first)
    third = look_of(own_settings(texts=()), second)
    name = first.files.url("style.css").rpartition("/")[2]
    assert second.find(name) == first.find(name)
    assert second.find(name) is not None
    fourth = look_of(own_settings(files=()), third)
    assert look_of(own_settings(files=()), fourth).find(name) is None, "not for ever"
