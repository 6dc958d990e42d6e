from __future__ import annotations

import pytest

from policies.methods import METHODS, is_override, meant, overrides


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


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        (b"X-HTTP-Method-Override", True), (b"x-http-method-override", True), (b"X_HTTP_Method_Override", True),
        (b"X-Method-Override", True), (b"X-HTTP-Method", True), (b"x.http.method", True),
        (b"X-Method", False), (b"X-HTTP-Methods", False), (b"HTTP-Method", False), (b"", False),
    ],
)  # fmt: skip
def test_fields_that_frameworks_take_for_the_method(name: bytes, is_one: bool) -> None:
    assert is_override(name) is is_one
    assert overrides([(b"Accept", b"GET"), (name, b" delete ")]) == ((b"DELETE",) * is_one)


def test_each_method_is_told_in_its_order() -> None:
    fields = [(b"X-HTTP-Method", b"put"), (b"A", b"b"), (b"X-Method-Override", b"GET, DELETE")]
    assert overrides(fields) == (b"PUT", b"GET, DELETE")
