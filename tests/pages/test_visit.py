"""gateway/pages/visit.py: reading a request never fails, and doubt means outside."""

import pytest

from gateway.pages.visit import Visit, read_visit
from policies.factors import SecondFactor
from tests.pages.fakes import House, make_snapshot


def visit(house: House | None = None, **fields: str) -> Visit:
    headers = {name.replace("_", "-"): value for name, value in fields.items()}
    return read_visit("/", headers, (house or House()).services())


def test_what_the_front_door_wrote() -> None:
    client = visit(
        X_Gateway_Client="2001:db8::1", X_Gateway_Network="corporate", X_Gateway_Request_Id="R",
        Accept_Language="sv",
    ).client  # fmt: skip
    assert (client.address, client.network) == ("2001:db8::1", "corporate")
    assert (client.request_id, client.language) == ("R", "sv")


def test_nothing_at_all() -> None:
    empty = visit()
    assert (empty.client.address, empty.client.network) == ("", "internet")
    assert (empty.session, empty.challenge, empty.host) == (None, None, "")
    assert empty.mark_is_new
    assert len(empty.mark) == 32


def test_cookies_are_those_of_the_scheme() -> None:
    plain, pinned = House(), House(snapshot=make_snapshot(https=True))
    cookie = "gateway=a; __Host-gateway=b; gateway-challenge=c; __Host-gateway-challenge=d"
    assert (visit(plain, Cookie=cookie).session, visit(plain, Cookie=cookie).challenge) == (
        "a",
        "c",
    )
    assert (visit(pinned, Cookie=cookie).session, visit(pinned, Cookie=cookie).challenge) == (
        "b", "d",
    )  # fmt: skip


def test_a_known_mark_is_kept() -> None:
    known = visit(Cookie=f"gateway-form={'a' * 32}")
    assert (known.mark, known.mark_is_new) == ("a" * 32, False)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "/"),
        ({"next": "/hr/?a"}, "/hr/?a"),
        ({"next": "//evil"}, "/"),
        ({"next": "http://localhost:8080/x"}, "/x"),
    ],
)
def test_the_way_back(fields: dict[str, str], expected: str) -> None:
    assert visit().way_back(fields) == expected


@pytest.mark.parametrize(
    ("host", "target", "expected"),
    [
        ("localhost", "/vault/", SecondFactor.ALWAYS),
        ("localhost", "/news/", SecondFactor.NEVER),
        ("localhost", "/", SecondFactor.OUTSIDE_CORPORATE),
        ("elsewhere", "/news/", SecondFactor.OUTSIDE_CORPORATE),
        ("", "/news/", SecondFactor.OUTSIDE_CORPORATE),
        ("localhost", "/.gateway/help", SecondFactor.OUTSIDE_CORPORATE),
    ],
)
def test_the_factor_of_a_way_back(host: str, target: str, expected: SecondFactor) -> None:
    assert visit(X_Gateway_Host=host).second_factor(target) is expected


@pytest.mark.parametrize(
    ("cookie", "accept", "expected"),
    [
        ("", "", "en"),
        ("", "sv", "sv"),
        ("gateway-language=sv", "", "sv"),
        ("gateway-language=sv", "en", "sv"),
        ("a=b; gateway-language=en", "sv", "en"),
        ("gateway-language=SV", "", "en"),
        ("gateway-language=de", "sv", "sv"),
        ("gateway-language=", "sv", "sv"),
        ("gateway-language=sv; gateway-language=en", "sv", "sv"),
        ("__Host-gateway-language=en", "sv", "sv"),
        ("gateway-language=../../etc", "", "en"),
        ("gateway-language=" + "sv" * 4000, "", "en"),
        ("gateway-language=\udcff", "", "en"),
    ],
)
def test_the_language_that_was_chosen_comes_first(cookie: str, accept: str, expected: str) -> None:
    one = visit(Cookie=cookie, Accept_Language=accept)
    assert (one.language, one.client.language) == (expected, expected)
    assert one.words.gettext("Welcome") == {"en": "Welcome", "sv": "Välkommen"}[expected]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/.gateway/logon", "/.gateway/logon"),
        ("/.gateway/logon?next=/a%3Fb&c=d", "/.gateway/logon%3Fnext%3D/a%253Fb%26c%3Dd"),
        ("/.gateway/otp?next=/" + "a" * 2100, "/.gateway/otp"),
        ('/.gateway/"><x>', "/.gateway/%22%3E%3Cx%3E"),
    ],
)
def test_its_own_address(target: str, expected: str) -> None:
    assert read_visit(target, {}, House().services()).address == expected
