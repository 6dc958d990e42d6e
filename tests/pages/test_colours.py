"""gateway/pages/colours.py: a colour that cannot be read is warned of, in the window it is in."""

from __future__ import annotations

from pathlib import Path

import pytest
from tinycss2.color3 import parse_color

from gateway.pages.colours import PAIRS, contrast, dim_colours
from gateway.pages.static import shipped
from gateway.settings.model import BrandFile, OwnLook

LOOK = Path(__file__).parents[1] / "data" / "look"


def warned(text: str) -> list[tuple[int, str]]:
    own = OwnLook(Path("/etc/look"), (BrandFile("style.css", text.encode()),))
    found = dim_colours(own)
    assert {one.file for one in found} <= {"look/style.css"}
    assert all("contrast" in one.expected for one in found)
    return [(one.line, one.found) for one in found]


def test_ours_are_good_and_so_is_the_example() -> None:
    assert dim_colours(OwnLook()) == []
    assert warned(shipped("portvakt.css").decode()) == []
    assert warned((LOOK / "style.css").read_text()) == []


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (":root { --on-accent: #0f5f5c }", 1, "--on-accent #0f5f5c on --accent #0f5f5c in light"),
        (":root {\n --accent: yellow;\n}", 2, "--accent yellow on --ground #f6f5f1 in light"),
        (":root { --accent: #0a4644 }", 1, "--accent #0a4644 on --ground #101a1d in dark"),
        ("@media (prefers-color-scheme:dark) {\n:root{--ink:#333}}", 2, "--ink #333 on --ground"),
        (":root { --front: rgb(250, 250, 250) }", 1, "--on-front #f4f7f6 on --front rgb(250, 250, 250)"),
    ],
)  # fmt: skip
def test_what_can_hardly_be_read(text: str, line: int, words: str) -> None:
    found = warned(text)
    assert any(where == line and words in told for where, told in found), found


@pytest.mark.parametrize(
    "text",
    [
        "", "a{b:c}", ":root{--radius:0}", ":root{--accent:var(--x)}", ":root{--accent:#0f5f5c80}",
        ".front{--accent:yellow}", "@media print{:root{--ink:#fff}}",
        ":root{--accent:#0a4644}@media (prefers-color-scheme: dark){:root{--accent:#a5e2d9}}",
    ],
)  # fmt: skip
def test_what_is_not_judged_or_good(text: str) -> None:
    assert warned(text) == []


def test_contrast() -> None:
    black, white, grey = map(parse_color, ("#000", "#fff", "#767676"))
    assert contrast(black, white) == pytest.approx(21)
    assert contrast(white, white) == 1
    assert contrast(grey, white) == contrast(white, grey) == pytest.approx(4.54, abs=0.01)


def test_every_pair_is_of_colours_that_there_are() -> None:
    sheet = shipped("portvakt.css").decode()
    for name, ground, _ in PAIRS:
        assert f"  --{name}: #" in sheet
        assert f"  --{ground}: #" in sheet
