"""Jinja2, once a language: autoescape always on, an unknown name is an error. Pure rendering."""

from __future__ import annotations

from functools import cache, partial
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from gateway.pages import static
from gateway.pages.texts import duration, translations

_PACKAGE: Final = "gateway.pages"


@cache
def environment(language: str) -> Environment:
    """Return the templates in one language."""
    made = Environment(
        loader=PackageLoader(_PACKAGE),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    words = translations(language)
    # The i18n extension adds this method; newstyle escapes what is put into a translated text.
    made.install_gettext_callables(  # type: ignore[attr-defined]  # added by the extension
        words.gettext, words.ngettext, newstyle=True
    )
    made.globals.update(
        language=language, static=static.url, duration=partial(duration, language=language)
    )
    return made


def render(template: str, language: str, values: dict[str, Any]) -> str:
    """Return the page; raises jinja2.UndefinedError when a value is missing."""
    return environment(language).get_template(template).render(values)
