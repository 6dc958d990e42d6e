"""gateway/pages/icons.py: every name is drawn, alike, and with nothing in it but lines."""

import re
from importlib.resources import files
from xml.etree import ElementTree as ET

import pytest

from gateway.pages.icons import initial, pictures
from policies.apps import ICONS

DRAWN = files("gateway.pages") / "icons"
SVG = "{http://www.w3.org/2000/svg}"


def test_every_name_is_drawn_and_no_other() -> None:
    assert {place.name for place in DRAWN.iterdir()} == {f"{name}.svg" for name in ICONS}
    assert list(ICONS) == sorted(set(ICONS)), "as the refusal and the documents list them"
    assert len(set(pictures().values())) == len(ICONS)


@pytest.mark.parametrize("name", ICONS)
def test_a_drawing(name: str) -> None:
    root = ET.fromstring((DRAWN / f"{name}.svg").read_text("utf-8"))
    assert (root.tag, root.attrib["viewBox"]) == (f"{SVG}svg", "0 0 24 24")
    assert (root.attrib["stroke"], root.attrib["fill"]) == ("currentColor", "none")
    assert {one.tag for one in root} <= {f"{SVG}path", f"{SVG}rect", f"{SVG}circle"}
    for one in root:
        plain = {"d", "x", "y", "width", "height", "rx", "cx", "cy", "r", "fill", "fill-opacity"}
        assert set(one.attrib) <= plain


@pytest.mark.parametrize("name", ICONS)
def test_a_picture_says_nothing_to_a_screen_reader(name: str) -> None:
    picture = str(pictures()[name])
    assert picture.startswith('<svg class="icon" aria-hidden="true" focusable="false" ')
    assert re.search(r"style|script|href|on[a-z]+=", picture) is None


@pytest.mark.parametrize(
    ("title", "sign"),
    [("Lön", "L"), ("ärenden", "Ä"), ("«Tid»", "T"), ("3 val", "3"), ("<b>", "B"), ("&", "&"), ("工資", "工")],
)  # fmt: skip
def test_what_stands_in_for_a_picture(title: str, sign: str) -> None:
    assert initial(title) == sign
