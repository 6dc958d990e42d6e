"""policies/languages.py: the choice by weight and order, and that no text can make it work hard."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.languages import LANGUAGES, NAMES, choose, language_of

AVAILABLE = ("en", "sv")


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        pytest.param("", "en", id="absent: the default"),
        pytest.param("sv", "sv", id="plain"),
        pytest.param("SV", "sv", id="case does not matter"),
        pytest.param("sv-SE,sv;q=0.9,en-US;q=0.8,en;q=0.7", "sv", id="Chrome in Sweden"),
        pytest.param("sv-FI", "sv", id="a region finds its language"),
        pytest.param("en-GB,sv;q=0.9", "en", id="order of weights"),
        pytest.param("en;q=0.5, sv;q=0.8", "sv", id="weight before order"),
        pytest.param("sv, en", "sv", id="equal weights: first wins"),
        pytest.param("de, fr;q=0.9, sv;q=0.1", "sv", id="any of ours is better than none"),
        pytest.param("de, fr", "en", id="none of ours"),
        pytest.param("*", "en", id="anything: the default"),
        pytest.param("en;q=0, *", "sv", id="anything but the default"),
        pytest.param("en;q=0", "en", id="only a refusal: the default all the same"),
        pytest.param("sv;q=0", "en", id="weight nought refuses"),
        pytest.param("sv;q=0, sv-SE", "en", id="a refused language is not found by its region"),
        pytest.param("sv ; q=0.5 ,\ten;q=0.4", "sv", id="optional white space"),
        pytest.param("sv;q=1.5", "en", id="weight out of range: not of the grammar"),
        pytest.param("sv;q=0.1234", "en", id="four decimals: not of the grammar"),
        pytest.param("sv;level=1", "en", id="no such parameter"),
        pytest.param("s v, en", "en", id="blank inside"),
        pytest.param("svenska", "en", id="not a prefix match"),
        pytest.param("sv\n", "en", id="line feed"),
        pytest.param("ſv, sv", "sv", id="long s is no s"),
        pytest.param("," * 20 + "sv", "sv", id="empty elements"),
        pytest.param("," * 40 + "sv", "en", id="after the last range that is read"),
        pytest.param("sv" + "," * 40, "sv", id="before more ranges than are read"),
        pytest.param("en;q=1, sv", "en", id="no weight is the weight 1"),
        pytest.param("en;q=0, sv;q=0, *", "en", id="anything but all of ours: the default"),
    ],
)
def test_choice(accept: str, expected: str) -> None:
    assert choose(accept, AVAILABLE, "en") == expected


def test_the_default_is_the_callers() -> None:
    assert choose("de", AVAILABLE, "sv") == "sv"


@given(st.text(max_size=300))
def test_any_text_gives_one_of_ours(accept: str) -> None:
    assert choose(accept, AVAILABLE, "en") in AVAILABLE


@given(
    st.lists(
        st.tuples(st.sampled_from(["en", "sv", "sv-SE", "en-GB", "de", "*"]), st.integers(0, 1000)),
        max_size=8,
    )
)
def test_what_is_liked_best_and_ours_wins(ranges: list[tuple[str, int]]) -> None:
    text = ", ".join(f"{tag};q={weight / 1000:.3f}" for tag, weight in ranges)
    ours = [(weight, tag.partition("-")[0]) for tag, weight in ranges if weight]
    named = [pair for pair in ours if pair[1] in AVAILABLE]
    refused = {tag for tag, weight in ranges if not weight}
    if len(named) != len(ours) or refused or not named:
        return
    best = max(weight for weight, _ in named)
    assert choose(text, AVAILABLE, "en") == next(tag for weight, tag in named if weight == best)


@pytest.mark.parametrize(
    "hostile",
    ["sv-" * 500_000, "a," * 500_000, " " * 1_000_000, "sv;q=" + "0" * 1_000_000, "-" * 1_000_000],
    ids=["subtags", "ranges", "blanks", "digits", "hyphens"],
)
def test_hostile_text_is_cheap(hostile: str) -> None:
    before = time.process_time()
    assert choose(hostile, AVAILABLE, "en") in AVAILABLE
    assert time.process_time() - before < 0.05


@pytest.mark.parametrize(
    ("remembered", "accept", "expected"),
    [
        (None, "sv", "sv"),
        (None, "", "en"),
        ("sv", "en", "sv"),
        ("en", "sv", "en"),
        ("", "sv", "sv"),
        ("SV", "sv", "sv"),
        ("de", "", "en"),
        ("sv\n", "", "en"),
        ("\0", "", "en"),
    ],
)
def test_what_was_chosen_comes_before_what_the_browser_asks(remembered, accept, expected) -> None:
    assert language_of(remembered, accept, "en") == expected


def test_every_language_has_a_name_of_its_own() -> None:
    assert tuple(NAMES) == LANGUAGES
    assert len(set(NAMES.values())) == len(LANGUAGES)
