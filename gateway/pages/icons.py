"""The pictures of systems: the one place that turns an icon's name into something to show.

They are drawn in `icons/`, read once, and put into the page, where they take the colour of the
text around them. They say nothing that the title beside them does not say.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

from markupsafe import Markup

from policies.apps import ICONS

_DECORATION: Final = '<svg class="icon" aria-hidden="true" focusable="false" '


@cache
def pictures() -> dict[str, Markup]:
    """Return every picture by its name, as SVG to stand in a page."""
    drawn = files("gateway.pages") / "icons"
    return {name: _picture((drawn / f"{name}.svg").read_text("utf-8")) for name in ICONS}


def initial(title: str) -> str:
    """Return the sign that stands in for a picture: the first letter or digit of the title."""
    return next((sign for sign in title if sign.isalnum()), title[0]).upper()


def _picture(drawing: str) -> Markup:
    return Markup(drawing.replace("<svg ", _DECORATION, 1).strip())  # noqa: S704 - our own file
