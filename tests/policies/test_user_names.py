from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.user_names import LONGEST, canonical, is_possible


@pytest.mark.parametrize(
    "spelling",
    [
        "anna",
        "ANNA",
        "Anna",
        " anna",
        "anna ",
        "\u00a0anna\u3000",
        "ａｎｎａ",
        "ＡＮＮＡ",
        "ａnna",
        "𝐚nna",
    ],
)
def test_every_spelling_of_one_name_is_one(spelling: str) -> None:
    assert canonical(spelling) == "anna"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("åsa", "a\u030asa"),  # composed and decomposed
        ("ÅSA", "åsa"),
        ("STRASSE", "straße"),
        ("ﬁlip", "filip"),
        ("anna²", "anna2"),
        ("ΣΟΦΟΣ", "σοφος"),  # final sigma
    ],
)
def test_what_unicode_calls_the_same_is_the_same(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


def test_the_turkish_dotted_capital_is_not_a_plain_i() -> None:
    assert canonical("İ") != canonical("i")


@pytest.mark.parametrize(
    "name", ["a", "anna", "anna.andersson", "anna_a-b", "anna@securitas.se", "åsa", "7", "a" * 64]
)
def test_names_that_may_be(name: str) -> None:
    assert is_possible(canonical(name))


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("", id="empty"),
        pytest.param("   ", id="blank"),
        pytest.param("anna andersson", id="space inside"),
        pytest.param("anna\0", id="NUL"),
        pytest.param("anna\n", id="line feed at the end"),
        pytest.param("\tanna", id="tab before"),
        pytest.param("an\x1b[2Jna", id="escape"),
        pytest.param("an\u200bna", id="zero width space"),
        pytest.param("an\u00adna", id="soft hyphen"),
        pytest.param("\u202eanna", id="right-to-left override"),
        pytest.param("anna\u2028", id="line separator"),
        pytest.param("q\u0308anna", id="mark that composes with nothing"),
        pytest.param("anna\ud800", id="lone surrogate"),
        pytest.param("anna,bo", id="comma"),
        pytest.param("anna/bo", id="slash"),
        pytest.param("anna'--", id="quote"),
        pytest.param("anna*", id="star"),
        pytest.param("a" * 65, id="65 characters"),
        pytest.param("\ufdfa" * 10, id="64 only before normalising"),
        pytest.param(" " * 5000 + "anna", id="too much to read"),
        pytest.param("anna" + " " * 600 + "x", id="more behind what is read"),
    ],
)
def test_names_that_cannot_be(name: str) -> None:
    assert not is_possible(canonical(name))


@given(st.text(alphabet=st.characters(codec=None, exclude_categories=()), max_size=200))
def test_the_canonical_spelling_is_stable_short_and_printable(text: str) -> None:
    name = canonical(text)
    assert canonical(name) == name
    assert len(name) <= LONGEST + 1
    name.encode()
    assert not any(unicodedata.category(c) == "Cc" for c in name)


@given(st.text(max_size=100))
def test_case_width_and_blanks_never_make_another_name(text: str) -> None:
    if any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in text):
        return
    assert (
        canonical(f" {text} ") == canonical(text) == canonical(unicodedata.normalize("NFKC", text))
    )


def test_every_character_that_folds_settles_in_one_go() -> None:
    folding = [
        point
        for point in range(sys.maxunicode + 1)
        if unicodedata.normalize("NFKC", chr(point).casefold()) != chr(point)
    ]
    assert len(folding) > 5000
    unstable = [
        hex(point)
        for point in folding
        if canonical(once := canonical(f"a{chr(point)}\u0301")) != once
    ]
    assert unstable == []


def test_reading_a_huge_name_is_cut_short() -> None:
    assert canonical("Å" * LONGEST) == "å" * LONGEST
    assert canonical("Å" * (LONGEST + 1)) == "å" * LONGEST + "…"
    assert canonical("A" * 10_000_000) == "a" * LONGEST + "…"
    assert canonical("a" * 600 + "x") == canonical("a" * 600 + "y")


@pytest.mark.parametrize(
    ("name", "may_be"),
    [
        ("a", True), ("", False), ("a" * LONGEST, True), ("a" * (LONGEST + 1), False),
        ("å", True), ("å" * LONGEST, True), ("å" * (LONGEST + 1), False),
    ],
)  # fmt: skip
def test_how_long_a_name_may_be(name: str, may_be: bool) -> None:
    assert is_possible(name) is may_be
