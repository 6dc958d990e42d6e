"""gateway/pages/texts.py: every text has a whole translation, with the same gaps to be filled."""

import re
from importlib.resources import files
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from gateway.pages.texts import LANGUAGES, duration, translations

PAGES = Path(str(files("gateway.pages")))
GAP = re.compile(r"%\([a-z]+\)[sd]")
Id = str | tuple[str, ...]


def texts_of_the_house() -> dict[Id, str]:
    """Every text in templates and code, and where it stands first."""
    found: dict[Id, str] = {}
    for name, line, message, *_ in extract_from_dir(
        str(PAGES),
        method_map=[("templates/**.html", "jinja2"), ("**.py", "python")],
        keywords={"_": None, "gettext": None, "ngettext": (1, 2), "words": (1, 2), "N_": None},
    ):
        key = (message,) if isinstance(message, str) else tuple(message)
        found.setdefault(key if len(key) > 1 else key[0], f"{name}:{line}")
    return found


def catalog(language: str):
    with (PAGES / "locales" / language / "LC_MESSAGES" / "portvakt.po").open("rb") as file:
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
    for place in (PAGES / "templates").iterdir():
        bare = re.sub(
            r"\{% block width %\}.*?\{% endblock %\}|\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>",
            " ",
            place.read_text(),
            flags=re.DOTALL,
        )
        assert not re.findall(r"[A-Za-zåäö]{2,}", bare), place.name


@pytest.mark.parametrize(
    ("seconds", "english", "swedish"),
    [
        (-5, "1 second", "1 sekund"),
        (0, "1 second", "1 sekund"),
        (1, "1 second", "1 sekund"),
        (89, "89 seconds", "89 sekunder"),
        (90, "2 minutes", "2 minuter"),
        (121, "3 minutes", "3 minuter"),
        (5399, "90 minutes", "90 minuter"),
        (5400, "2 hours", "2 timmar"),
        (86_400, "24 hours", "24 timmar"),
    ],
)
def test_durations(seconds: int, english: str, swedish: str) -> None:
    assert duration(seconds, "en") == english
    assert duration(seconds, "sv") == swedish


def test_an_unknown_language_reads_the_source() -> None:
    for language in ("de", "../../etc", ""):
        assert translations(language).gettext("Welcome") == "Welcome"
    assert translations("sv").gettext("Welcome") == "Välkommen"
