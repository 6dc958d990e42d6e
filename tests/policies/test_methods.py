from __future__ import annotations

import pytest

from policies.methods import METHODS, meant


@pytest.mark.parametrize(
    ("named", "means"),
    [
        ((), set()),
        (("GET",), {b"GET", b"HEAD"}),
        (("HEAD",), {b"HEAD"}),
        (("POST", "PUT"), {b"POST", b"PUT"}),
        (("POST", "GET"), {b"POST", b"GET", b"HEAD"}),
    ],
)
def test_who_may_get_may_head(named: tuple[str, ...], means: set[bytes]) -> None:
    assert meant(named) == means


def test_what_opens_a_tunnel_or_echoes_is_never_passed_on() -> None:
    assert METHODS.isdisjoint({b"CONNECT", b"TRACE", b"TRACK"})
