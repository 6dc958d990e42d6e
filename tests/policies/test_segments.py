"""One text, so many messages: both alphabets, at their edges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.segments import segments, split, strange_characters


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("åäöÅÄÖéÆ@£Δ_" * 13, 1),
        ("€" * 80, 1),
        ("€" + "a" * 159, 2),
        ("a" * 152 + "€" + "a" * 152, 3),  # an escape and its character stay together
        ("[" * 80 + "a", 2),
        ("á" * 70, 1),
        ("á" + "a" * 70, 2),
        ("”" + "a" * 133, 2),
        ("”" + "a" * 134, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("\U00010000" * 36, 2),  # the first pair
        ("\uffff" * 70, 1),  # the last single
        ("😀" * 67, 3),  # 33 to a part: a pair is not cut
        ("tab\t" + "a" * 67, 2),
    ],
)
def test_the_count(text, count):
    assert segments(text) == count


def test_what_makes_a_text_ucs_2():
    assert strange_characters("Hej á ” á €") == "á”"


@given(st.text(max_size=400), st.characters(exclude_categories=["Cs"]))
def test_a_longer_text_never_takes_fewer(text, sign):
    assert 1 <= segments(text) <= segments(text + sign)


@given(st.text(st.sampled_from("aå€”😀\n"), max_size=400))
def test_the_messages_are_the_text(text):
    assert "".join(split(text)) == text


def test_where_a_text_is_cut():
    assert split("ab" * 100) == ("ab" * 76 + "a", "b" + "ab" * 23)
    assert split("”" + "a" * 70) == ("”" + "a" * 66, "aaaa")
