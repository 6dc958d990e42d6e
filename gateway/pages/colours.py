"""Whether words can be read in an organisation's own colours (WCAG 2.2, 1.4.3 and 1.4.11).

The colours of the pages are variables (docs/branding.md), with a value for light and one for dark
windows; what an own style sheet says comes after ours, so a value given once holds in both. Only
plain colours are judged: not those that are calculated or see-through.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import tinycss2
from tinycss2.color3 import RGBA, parse_color

from gateway.pages.static import shipped
from gateway.settings.branding import STYLE
from gateway.settings.model import OwnLook
from gateway.settings.problems import Problem

WORDS: Final = 4.5
SHAPES: Final = 3.0
PAIRS: Final = (
    ("ink", "ground", WORDS), ("ink", "sheet", WORDS), ("ink", "quiet", WORDS),
    ("ink", "quiet-strong", WORDS), ("ink-soft", "ground", WORDS), ("accent", "ground", WORDS),
    ("accent-strong", "ground", WORDS), ("on-accent", "accent", WORDS),
    ("on-accent", "accent-strong", WORDS), ("problem", "ground", WORDS),
    ("problem", "problem-ground", WORDS), ("news", "news-ground", WORDS),
    ("on-front", "front", WORDS), ("on-front", "front-deep", WORDS),
    ("on-front-soft", "front", WORDS), ("on-front-soft", "front-deep", WORDS),
    ("line-strong", "ground", SHAPES), ("line-strong", "sheet", SHAPES),
    ("focus", "ground", SHAPES), ("focus", "sheet", SHAPES), ("light", "front", SHAPES),
)  # fmt: skip
"""What stands on what, and the least contrast."""


class Colour(NamedTuple):
    """A variable's value: as it is written, as light, and its line."""

    written: str
    rgb: RGBA
    line: int


def dim_colours(own: OwnLook) -> list[Problem]:
    """Return the pairs that an own style sheet makes hard to read, by line; none without one."""
    sheet = next((one.content for one in own.files if one.name == STYLE), None)
    if sheet is None or own.directory is None:
        return []
    ours, theirs = _colours(shipped("portvakt.css")), _colours(sheet)
    windows = {
        "light": (ours[0], theirs[0]),
        "dark": (ours[0] | ours[1], theirs[0] | theirs[1]),
    }
    file = f"{own.directory.name}/{STYLE}"
    found = [
        Problem(line, "", words, f"colours with a contrast of {least} to 1 at least", file)
        for window, (usual, changed) in windows.items()
        for line, words, least in _dim(usual | changed, changed, window)
    ]
    return sorted(found, key=lambda problem: problem.line)


def _dim(
    all_of_them: dict[str, Colour], changed: dict[str, Colour], window: str
) -> Iterator[tuple[int, str, float]]:
    for name, ground, least in PAIRS:
        one, other = all_of_them[name], all_of_them[ground]
        ratio = contrast(one.rgb, other.rgb)
        own = [changed[key].line for key in (name, ground) if key in changed]
        if own and ratio < least:
            words = (
                f"--{name} {one.written} on --{ground} {other.written} in {window} windows, "
                f"{ratio:.1f} to 1"
            )
            yield max(own), words, least


def contrast(one: RGBA, other: RGBA) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: RGBA) -> float:
    parts = (colour.red, colour.green, colour.blue)
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - sRGB
        for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _colours(sheet: bytes) -> tuple[dict[str, Colour], dict[str, Colour]]:
    """Return the variables of `:root`, those of any window and those of a dark one."""
    usual: dict[str, Colour] = {}
    dark: dict[str, Colour] = {}
    rules = tinycss2.parse_stylesheet(
        sheet.decode("utf-8-sig"), skip_comments=True, skip_whitespace=True
    )
    for rule in rules:
        if rule.type == "qualified-rule":
            usual |= _variables(rule)
        elif rule.type == "at-rule" and rule.content is not None and _is_of_dark(rule):
            for inner in tinycss2.parse_blocks_contents(rule.content):
                if inner.type == "qualified-rule":
                    dark |= _variables(inner)
    return usual, dark


def _is_of_dark(rule: Any) -> bool:
    words = tinycss2.serialize(rule.prelude).replace(" ", "").lower()
    return bool(rule.lower_at_keyword == "media" and "prefers-color-scheme:dark" in words)


def _variables(rule: Any) -> dict[str, Colour]:
    if tinycss2.serialize(rule.prelude).strip() != ":root":
        return {}
    found: dict[str, Colour] = {}
    for node in tinycss2.parse_blocks_contents(rule.content):
        if node.type == "declaration" and node.name.startswith("--"):
            written = tinycss2.serialize(node.value).strip()
            rgb = parse_color(written)
            if isinstance(rgb, RGBA) and rgb.alpha == 1:
                found[node.name.removeprefix("--")] = Colour(written, rgb, node.source_line)
    return found
