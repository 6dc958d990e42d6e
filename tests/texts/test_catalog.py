"""gateway/texts/catalog.py: every text has a whole translation, with the same gaps to be filled."""

import re
from importlib.resources import files
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from gateway.texts.catalog import OwnText, Texts, sources
from policies.languages import LANGUAGES

HOUSE = Path(str(files("gateway")))
GAP = re.compile(r"%\([a-z_]+\)[sd]|\{[a-z_]+\}")
Id = str | tuple[str, ...]


def texts_of_the_house() -> dict[Id, str]:
    """Every text in templates and code, and where it stands first."""
    found: dict[Id, str] = {}
    for name, line, message, *_ in extract_from_dir(
        str(HOUSE),
        method_map=[("pages/templates/**.html", "jinja2"), ("**.py", "python")],
        keywords={"_": None, "gettext": None, "ngettext": (1, 2), "N_": None},
    ):
        key = (message,) if isinstance(message, str) else tuple(message)
        found.setdefault(key if len(key) > 1 else key[0], f"{name}:{line}")
    return found


def catalog(language: str):
    with (HOUSE / "texts" / "locales" / language / "LC_MESSAGES" / "portvakt.po").open(
        "rb"
    ) as file:
        return read_po(file, locale=language, abort_invalid=True)


OTHERS = LANGUAGES[1:]
TEXTS = texts_of_the_house()


def test_there_are_texts() -> None:
    assert len(TEXTS) > 100


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_in_the_catalog_and_no_other(language: str) -> None:
    there = {message.id for message in catalog(language) if message.id}
    missing = {text: place for text, place in TEXTS.items() if text not in there}
    assert not missing
    assert not there - set(TEXTS), "left over"


@pytest.mark.parametrize("language", OTHERS)
def test_every_entry_is_whole(language: str) -> None:
    for message in catalog(language):
        if not message.id:
            continue
        ids = message.id if isinstance(message.id, (tuple, list)) else (message.id,)
        strings = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
        assert not message.fuzzy, message.id
        assert len(ids) == len(strings)
        for text, translated in zip(ids, strings, strict=True):
            assert translated.strip(), text
            assert sorted(GAP.findall(text)) == sorted(GAP.findall(translated)), text
            assert text.endswith((".", ":", "?")) == translated.endswith(
                (".", ":", "?")
            ) or "!" in (translated), text


def test_no_template_says_anything_untranslated() -> None:
    """Outside of translated texts a template holds no words of a page."""
    for place in (HOUSE / "pages" / "templates").iterdir():
        bare = re.sub(
            r"\{% block width %\}.*?\{% endblock %\}|\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>",
            " ",
            place.read_text(),
            flags=re.DOTALL,
        )
        assert not re.findall(r"[A-Za-zåäö]{2,}", bare), place.name
        assert not re.findall(
            r'(?:aria-label|alt|placeholder|title)="(?!\{\{)[^"]*[a-z]', place.read_text()
        ), place.name


def test_an_unknown_language_reads_the_source() -> None:
    for language in ("de", "../../etc", ""):
        assert Texts().of(language).gettext("Welcome") == "Welcome"
    assert Texts().of("sv").gettext("Welcome") == "Välkommen"


OWN = (
    OwnText("sv", ("Welcome",), ("Hej",)),
    OwnText("en", ("Log On",), ("Sign in",)),
    OwnText("sv", ("%(num)d second", "%(num)d seconds"), ("%(num)d s", "%(num)d s.")),
    OwnText("en", ("%(num)d hour", "%(num)d hours"), ("%(num)d h", "%(num)d hs")),
)


def test_what_an_organisation_says_comes_before_what_we_say() -> None:
    texts = Texts(OWN)
    english, swedish = texts.of("en"), texts.of("sv")
    assert [swedish.gettext(text) for text in ("Welcome", "Log On")] == ["Hej", "Logga in"]
    assert [english.gettext(text) for text in ("Welcome", "Log On")] == ["Welcome", "Sign in"]
    seconds = ("%(num)d second", "%(num)d seconds")
    assert [swedish.ngettext(*seconds, number) for number in (1, 2)] == ["%(num)d s", "%(num)d s."]
    assert [english.ngettext(*seconds, number) for number in (1, 2)] == list(seconds)
    hours = ("%(num)d hour", "%(num)d hours")
    assert [english.ngettext(*hours, number) for number in (1, 2)] == ["%(num)d h", "%(num)d hs"]


def test_nothing_of_it_stays_behind() -> None:
    assert Texts(OWN).of("sv").gettext("Welcome") == "Hej"
    assert Texts().of("sv").gettext("Welcome") == "Välkommen"


def test_the_sources_are_all_texts() -> None:
    assert set(sources()) == {(text,) if isinstance(text, str) else text for text in TEXTS}
