"""gateway/pages/desk.py: addresses of our pages and the field that says when to come again."""

from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from gateway.pages.desk import LOGON, link, wait_field


@pytest.mark.parametrize(
    ("way_back", "fields", "expected"),
    [
        ("/", {}, LOGON),
        ("/hr/", {}, f"{LOGON}?next=/hr/"),
        ("/a?b=c&d=%2F+", {}, f"{LOGON}?next=/a%3Fb%3Dc%26d%3D%252F%2B"),
        ("/", {"notice": "logged-off"}, f"{LOGON}?notice=logged-off"),
        ("/x", {"notice": "y"}, f"{LOGON}?next=/x&notice=y"),
    ],
)
def test_link(way_back: str, fields: dict[str, str], expected: str) -> None:
    assert link(LOGON, way_back, **fields) == expected


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1))
def test_the_way_back_survives_the_way(text: str) -> None:
    parts = urlsplit(link(LOGON, "/x" + text))
    assert parts.path == LOGON
    assert parse_qs(parts.query, strict_parsing=True) == {"next": ["/x" + text]}


@pytest.mark.parametrize(("seconds", "field"), [(30, "30"), (0, "1"), (-4, "1")])
def test_wait_field(seconds: int, field: str) -> None:
    assert wait_field(web.Response(), seconds).headers["Retry-After"] == field
