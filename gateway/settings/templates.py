"""Templates with {places}: which may stand in a text, and which do. Fills nothing in."""

from __future__ import annotations

import re
from typing import Final

from gateway.settings.reading import Value

_PLACE: Final = re.compile(r"\{([^{}]*)\}")
_WORD: Final = re.compile(r"\{([A-Za-z_]+)\}")


def places_of(value: Value, template: str, known: tuple[str, ...]) -> set[str]:
    """Return the {places} of a template. Raises Refused for unknown ones and for stray braces."""
    places = _PLACE.findall(template)
    for place in places:
        if place not in known:
            raise value.refusal(_only(known), f"{{{place[:40]}}}")
    if "{" in _PLACE.sub("", template) or "}" in _PLACE.sub("", template):
        raise value.refusal(_only(known), "a brace that stands alone")
    return set(places)


def words_of(value: Value, template: str, known: tuple[str, ...]) -> set[str]:
    """Return the {places} of a template in which other braces are plain text (JSON, say)."""
    places = _WORD.findall(template)
    for place in places:
        if place not in known:
            raise value.refusal(_only(known), f"{{{place[:40]}}}")
    return set(places)


def _only(known: tuple[str, ...]) -> str:
    return "only " + ", ".join(f"{{{place}}}" for place in known) + " in braces"
