"""The languages we speak, and which of them a browser is answered in.

RFC 9110 section 12.5.4 (Accept-Language) with the lookup of RFC 4647 section 3.4, cut down to what
a list of two or three languages needs. The work is bounded whatever a stranger sends. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

LANGUAGES: Final = ("en", "sv")
"""What pages and messages speak, as lower-case tags; the first is that of the source."""

NAMES: Final = {"en": "English", "sv": "Svenska"}
"""What each language calls itself."""

_MAX_LENGTH: Final = 1024
_MAX_RANGES: Final = 32
_RANGE: Final = re.compile(
    r"[ \t]*(\*|[a-z]{1,8}(?:-[a-z0-9]{1,8}){0,8})"
    r"[ \t]*(?:;[ \t]*q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)[ \t]*)?",
    re.IGNORECASE | re.ASCII,
)


def language_of(remembered: str | None, accept_language: str, default: str) -> str:
    """Return the language of an answer: what the person chose, else what the browser asks for.

    `remembered` is the value of our cookie; one that names none of LANGUAGES counts as absent.
    """
    if remembered in LANGUAGES:
        return str(remembered)
    return choose(accept_language, LANGUAGES, default)


def choose(accept_language: str, available: Sequence[str], default: str) -> str:
    """Return the language of `available` that the field value likes best, else `default`.

    `available` holds lower-case tags ("en", "sv"). A more special range finds the more general
    language ("sv-FI" finds "sv"); equal weights go by order; weight 0 means "not this one"; a
    range that is not of the grammar counts as absent.
    """
    liked: list[tuple[float, str]] = []
    refused: set[str] = set()
    for tag, weight in _ranges(accept_language):
        if weight == 0:
            refused.add(tag)
        else:
            liked.append((weight, tag))
    # sorted() is stable, so ranges of one weight stay in the order of the field.
    for _, tag in sorted(liked, key=lambda pair: -pair[0]):
        found = _lookup(tag, available, default, refused)
        if found is not None:
            return found
    return default


def _ranges(text: str) -> Iterator[tuple[str, float]]:
    """Yield (lower-case range, weight) of the first ranges of a field value."""
    for part in text[:_MAX_LENGTH].split(",", _MAX_RANGES)[:_MAX_RANGES]:
        found = _RANGE.fullmatch(part)
        if found is not None:
            yield found[1].lower(), float(found[2] or 1)


def _lookup(tag: str, available: Sequence[str], default: str, refused: set[str]) -> str | None:
    """Return the available language that the range `tag` finds, or None."""
    if tag == "*":
        return next((name for name in (default, *available) if name not in refused), None)
    while tag:
        if tag in available and tag not in refused:
            return tag
        tag = tag.rpartition("-")[0]
    return None
