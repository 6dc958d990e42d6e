"""gateway/texts/template.py: every text once, with what we say beside it, and nothing filled in."""

import pytest

from gateway.texts.catalog import Texts, sources
from gateway.texts.template import template
from policies.languages import LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_stands_in_it_once(language: str) -> None:
    text = template(language)
    assert text.count("\nmsgid ") == len(sources()) + 1
    assert text.count('msgstr ""\n') + text.count('msgstr[0] ""\n') == len(sources()) + 1
    assert f'"Language: {language}\\n"' in text
    assert "\n\n\n" not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_we_say_stands_beside_it(language: str) -> None:
    says = Texts().of(language).gettext
    for text in ("Welcome", "Try again in %(wait)s.", "Was it not you? Contact {support} at once."):
        assert f'\n#. {says(text)}\nmsgid "{text}"\nmsgstr ""\n' in template(language)


def test_it_is_the_same_every_time() -> None:
    assert template("sv") == template("sv")
