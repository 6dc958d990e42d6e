"""What the pages say and look like under one `[branding]`: texts, templates, files, error pages.

A look is compiled from settings alone and holds no state of a request. Nothing of it is kept by a
module: when the settings change, the next page has the new look.
"""

from __future__ import annotations

from typing import Any, Final

from gateway.pages.error_pages import ErrorPages
from gateway.pages.static import Asset, Files
from gateway.pages.templating import Templates
from gateway.settings.model import Branding, PublicUrl, Settings
from gateway.texts.catalog import Texts, Words


class Look:
    """One look, and the files of the one before: pages under way still ask for them."""

    def __init__(
        self, branding: Branding, public_url: PublicUrl, before: Look | None = None
    ) -> None:
        self._made_of = (branding, public_url)
        self._texts = Texts(branding.own.texts)
        self.files: Final = Files(branding.own.files)
        self._earlier = None if before is None else before.files
        self._templates = Templates(branding, self._texts, self.files)
        self.errors: Final = ErrorPages(public_url, self._texts, self._templates)

    def is_of(self, settings: Settings) -> bool:
        """Return whether these settings would give the same look."""
        return self._made_of == (settings.branding, settings.public_url)

    def words(self, language: str) -> Words:
        """Return the words of a language."""
        return self._texts.of(language)

    def render(self, template: str, language: str, values: dict[str, Any]) -> str:
        """Return a page; raises jinja2.UndefinedError when a value is missing."""
        return self._templates.render(template, language, values)

    def find(self, public_name: str) -> Asset | None:
        """Return a static file, also one that only a page of the look before names."""
        found = self.files.find(public_name)
        if found is None and self._earlier is not None:
            return self._earlier.find(public_name)
        return found
