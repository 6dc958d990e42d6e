"""The words of pages and messages: English in the source, other languages from gettext catalogs.

Catalogs are compiled in memory from the `.po` files beside this module, so that neither an install
nor a first run needs a build step. What an organisation says in its own words is laid over them.
Imports policies only.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final, NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from policies.languages import LANGUAGES

SOURCE: Final = LANGUAGES[0]
"""The language that the texts are written in."""

Words = gettext.NullTranslations
"""One language: `gettext(text)` and `ngettext(one, many, number)`; an unknown text is its own."""


class OwnText(NamedTuple):
    """What an organisation says in place of one text of ours.

    `source` is the English text, or two of them where the number counts; `says` as many.
    """

    language: str
    source: tuple[str, ...]
    says: tuple[str, ...]


def N_(message: str) -> str:  # noqa: N802 - the name gettext tools look for
    """Mark a text for the catalogs where it stands; it is translated where it is shown."""
    return message


class Texts:
    """The words of every language with an organisation's own laid over them. Immutable."""

    __slots__ = ("_words",)

    def __init__(self, own: Iterable[OwnText] = ()) -> None:
        listed = tuple(own)
        self._words = {language: _words(language, listed) for language in LANGUAGES}

    def of(self, language: str) -> Words:
        """Return the words of one of LANGUAGES; those of an unknown language are the source's."""
        return self._words.get(language) or self._words[SOURCE]


@cache
def shipped(language: str) -> Catalog:
    """Return the catalog that comes with us, as it is in the package; SOURCE has an empty one."""
    if language == SOURCE:
        return Catalog(locale=language)
    place = files("gateway.texts") / "locales" / language / "LC_MESSAGES" / "portvakt.po"
    return read_po(io.BytesIO(place.read_bytes()), locale=language)


@cache
def sources() -> tuple[tuple[str, ...], ...]:
    """Return every text that is translated, in the order of the catalogs, as `OwnText.source`."""
    return tuple(parts(message.id) for message in shipped(LANGUAGES[-1]) if message.id)


def parts(text: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    """Return what babel gives for a text, one or several, as a tuple; nothing is an empty one."""
    return tuple(text) if isinstance(text, (list, tuple)) else (text or "",)


@lru_cache(maxsize=16)
def _words(language: str, own: tuple[OwnText, ...]) -> Words:
    """Return the words of a language; what is kept belongs to these very texts."""
    says = {parts(one.id): parts(one.string) for one in shipped(language) if one.id}
    says |= {text.source: text.says for text in own if text.language == language}
    merged = Catalog(locale=language)
    for source, words in says.items():
        if len(source) > 1:
            merged.add(source, words)
        else:
            merged.add(source[0], words[0])
    compiled = io.BytesIO()
    write_mo(compiled, merged)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
