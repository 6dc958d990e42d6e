"""Numbers of the query string: inside their bounds or 400."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from upstream_stub.portal.numbers import count_of, number_of


@pytest.mark.parametrize(
    ("query", "number"), [("", 3), ("n=0", 0), ("n=0.25", 0.25), ("n=10", 10), ("n=1&n=2", 1)]
)
def test_numbers(query, number):
    request = make_mocked_request("GET", f"/?{query}")
    assert number_of(request, "n", default=3, most=10) == number


@pytest.mark.parametrize("text", ["-1", "10.5", "nan", "inf", "-inf", "1e9", "x", "", "0x1"])
def test_what_is_no_number_or_too_much_is_refused(text):
    request = make_mocked_request("GET", f"/?n={text}")
    with pytest.raises(web.HTTPBadRequest):
        number_of(request, "n", default=3, most=10)
    with pytest.raises(web.HTTPBadRequest):
        count_of(request, "n", default=3, most=10)


def test_half_a_thing_cannot_be_counted():
    with pytest.raises(web.HTTPBadRequest):
        count_of(make_mocked_request("GET", "/?n=2.5"), "n", default=3, most=10)
    assert count_of(make_mocked_request("GET", "/?n=2"), "n", default=3, most=10) == 2
