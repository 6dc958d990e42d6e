"""policies/return_paths.py: hostile rows of tests/data/return_paths.txt, and two URL parsers."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from yarl import URL

from policies.return_paths import LONGEST, START, carried, own_path, safe_return_path

OWN = ("http://localhost:8080", "https://portal.example.se")
ROWS = Path(__file__).parents[1] / "data" / "return_paths.txt"
LOOPS = ("/.gateway/logon", "/.gateway/otp", "/.gateway/logout")


def rows() -> list[tuple[str, str]]:
    found = []
    for line in ROWS.read_text().splitlines():
        if line.startswith("# ") or not line:
            continue
        text, _, result = line.partition(" -> ")
        text = text.encode().decode("unicode_escape")
        found.append((text, text if result == "=" else result))
    return found


@pytest.mark.parametrize(("text", "result"), rows(), ids=repr)
def test_row(text: str, result: str) -> None:
    assert safe_return_path(text, OWN) == result


def test_there_are_many_rows() -> None:
    assert len(rows()) > 120


def test_length_is_bounded() -> None:
    assert safe_return_path("/" + "a" * (LONGEST - 1), OWN) == "/" + "a" * (LONGEST - 1)
    assert safe_return_path("/" + "a" * LONGEST, OWN) == START


def whatwg_origin(base: str, location: str) -> str:
    """Return where a browser goes: the relative-URL states of the WHATWG URL Standard."""
    text = re.sub(r"[\t\n\r]", "", location.strip("".join(map(chr, range(33)))))
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", text):
        return "another scheme or authority"
    if re.match(r"[/\\]{2}", text):
        return "another authority"
    return base


pieces = st.sampled_from(
    [
        "/",
        "//",
        "\\",
        ".",
        "..",
        "%2e",
        "%2f",
        "%5c",
        "%252f",
        "%09",
        "%0a",
        "\t",
        "\n",
        "\r",
        "\x00",
        "?",
        "#",
        "@",
        ":",
        ";",
        "a",
        "evil.example",
        ".gateway",
        "logon",
        "logout",
        "otp",
        "http:",
        "https:",
        "javascript:",
        "localhost:8080",
        "http://localhost:8080",
        "\u2028",
        "／",
        "%",
    ]
)
hostile = st.one_of(st.text(max_size=40), st.lists(pieces, max_size=12).map("".join))


@given(hostile)
@example("/%")
@example("/\t/evil.example")
def test_whatever_the_input_every_parser_stays_on_our_origin(text: str) -> None:
    result = safe_return_path(text, OWN)
    assert re.fullmatch(r"/(?![/\\])[!-\[\]-~]*", result)
    assert "#" not in result
    for origin in OWN:
        joined = urlsplit(urljoin(origin + "/x/y", result))
        assert f"{joined.scheme}://{joined.netloc}" == origin
        assert str(URL(origin + "/x/y").join(URL(result)).origin()) == origin
        assert whatwg_origin(origin, result) == origin


@given(hostile)
def test_no_reading_of_the_result_loops_or_starts_with_two_slashes(text: str) -> None:
    reading = safe_return_path(text, OWN).partition("?")[0]
    for _ in range(4):
        path = urlsplit("http://h" + reading.replace("#", "%23").replace("?", "%3f")).path
        assert not path.startswith("//")
        assert not any(path == loop or path.startswith(loop + "/") for loop in LOOPS)
        reading = unquote(reading)


@given(hostile)
def test_it_is_stable(text: str) -> None:
    once = safe_return_path(text, OWN)
    assert safe_return_path(once, OWN) == once
    for origin in OWN:
        assert safe_return_path(origin + once, OWN) == once


@pytest.mark.parametrize("loop", LOOPS)
def test_somebody_can_stay_on_a_page_that_no_way_leads_back_to(loop: str) -> None:
    assert own_path(f"{loop}?next=/x", OWN) == f"{loop}?next=/x"
    assert safe_return_path(f"{loop}?next=/x", OWN) == START


@given(hostile)
def test_staying_leads_nowhere_else_either(text: str) -> None:
    result, on = own_path(text, OWN), safe_return_path(text, OWN)
    assert on in {result, START}
    for origin in OWN:
        assert str(URL(origin + "/x/y").join(URL(result)).origin()) == origin
        assert whatwg_origin(origin, result) == origin


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=3000))
def test_a_target_survives_a_query(text: str) -> None:
    target = "/" + text.replace("#", "")
    value = carried(target.encode())
    assert re.fullmatch(r"[A-Za-z0-9._~/%-]+", value)
    assert unquote(value) == (target if len(target) <= 2048 else unquote(value))
    assert unquote(value) in {target, target.partition("?")[0], START}


@pytest.mark.parametrize(
    ("target", "value"),
    [
        (b"/a/b?c=d&e=/f", "/a/b%3Fc%3Dd%26e%3D/f"),
        (b"/" + b"x" * 2047, "/" + "x" * 2047),
        (b"/a?" + b"x" * 2046, "/a"),
        (b"/a?b?" + b"x" * 2048, "/a"),
        (b"/" + b"x" * 2047 + b"?a", "/" + "x" * 2047),
        (b"/" + b"x" * 2048, "/"),
        (b"/" + b"x" * 2048 + b"?a", "/"),
    ],
)
def test_a_long_target_leads_to_its_path_or_to_the_start(target: bytes, value: str) -> None:
    assert carried(target) == value
