"""The picture of a run is well-formed, complete, and true to scale."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.claims import Claim
from bench.plot import svg

SVG = "{http://www.w3.org/2000/svg}"


def bars(text: str) -> list[ET.Element]:
    root = ET.fromstring(text)
    return [one for one in root.iter(f"{SVG}rect") if one.get("class") in {"within", "over"}]


def test_a_bar_is_as_long_as_its_share_of_the_bound():
    claims = [
        Claim("half", 2.0, (1.0,)),
        Claim("all of it", 10.0, (10.0,), "ms"),
        Claim("too much", 1.0, (1.2,)),
        Claim("far too much", 1.0, (9.0, 10.0, 11.0)),
    ]
    text = svg(claims, "A & B")
    found = bars(text)
    assert [one.get("class") for one in found] == ["within", "within", "over", "over"]
    half, whole, more, most = (float(one.get("width")) for one in found)
    assert (half / whole, more / whole) == pytest.approx((0.5, 1.2), abs=0.01)
    assert most / whole == pytest.approx(1.5, abs=0.01)  # cut
    assert text.count("▸") == 1
    assert "A &amp; B: 2 of 4 bounds kept" in text
    assert "prefers-color-scheme: dark" in text


@given(
    st.lists(
        st.builds(
            Claim,
            st.text("<&'\"aå ", max_size=20),
            st.floats(0.01, 1000),
            st.lists(st.floats(0, 1e6), min_size=1, max_size=5).map(tuple),
            st.sampled_from(("x", "ms", "KB")),
        ),
        max_size=20,
    )
)
def test_any_claims_make_a_picture(claims):
    found = bars(svg(claims, "any"))
    assert len(found) == len(claims)
    assert all(0 <= float(one.get("x")) + float(one.get("width")) <= 900 for one in found)
