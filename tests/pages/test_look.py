"""gateway/pages/look.py: a look belongs to its settings, and goes with them."""

from dataclasses import replace

from gateway.pages.look import Look
from gateway.settings.model import Settings
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
