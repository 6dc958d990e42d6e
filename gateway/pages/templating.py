"""Jinja2, once a language: autoescape always on, an unknown name is an error. Pure rendering."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from gateway.pages.static import PREFIX, Files
from gateway.pages.texts import duration
from gateway.settings.branding import ICONS, LOGOS, STYLE
from gateway.settings.model import Branding
from gateway.texts.catalog import Texts, Words
from policies.languages import LANGUAGES, NAMES

_PACKAGE: Final = "gateway.pages"


class Templates:
    """The templates in every language, under one look."""

    __slots__ = ("_environments",)

    def __init__(self, branding: Branding, texts: Texts, files: Files) -> None:
        self._environments = {
            language: _environment(language, texts.of(language), branding, files)
            for language in LANGUAGES
        }

    def render(self, template: str, language: str, values: dict[str, Any]) -> str:
        """Return the page; raises jinja2.UndefinedError when a value is missing."""
        return self.environment(language).get_template(template).render(values)

    def environment(self, language: str) -> Environment:
        """Return the templates in one of LANGUAGES."""
        return self._environments[language]


def _environment(language: str, words: Words, branding: Branding, files: Files) -> Environment:
    made = Environment(
        loader=PackageLoader(_PACKAGE),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    # The i18n extension adds this method; newstyle escapes what is put into a translated text. The
    # text itself is escaped here: an organisation writes its own as words, not as HTML.
    made.install_gettext_callables(  # type: ignore[attr-defined]  # added by the extension
        partial(_escaped, words.gettext), partial(_escaped, words.ngettext), newstyle=True
    )
    made.globals.update(
        brand=branding,
        duration=partial(duration, words=words),
        icon=_picture(files, *ICONS) or _picture(files, "mark.svg"),
        language=language,
        logo=_picture(files, *LOGOS),
        other_languages=[(tag, name) for tag, name in NAMES.items() if tag != language],
        sheets=[files.url(name) for name in ("portvakt.css", STYLE) if files.first(name)],
    )
    return made


def _picture(files: Files, *names: str) -> tuple[str, str] | None:
    """Return address and media type of the first picture that there is."""
    found = files.first(*names)
    if found is None:
        return None
    return PREFIX + found.public_name, found.content_type.partition(";")[0]


def _escaped(translate: Any, *texts: Any) -> Markup:
    return escape(translate(*texts))
