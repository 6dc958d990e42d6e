"""The signs that a password may be made of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.signs import parse_signs


@pytest.mark.parametrize(
    ("written", "inside", "outside", "spoken"),
    [
        ("A-Za-z0-9", "AZaz09", "åäö -_!\n", "A-Z a-z 0-9"),
        ("A-Za-z0-9ÅÄÖåäö", "ÅÖäaZ9", "é-", "A-Z a-z 0-9 Å Ä Ö å ä ö"),
        ("a-z-", "az-", "A0", "a-z -"),
        ("-a-z", "az-", "A0", "- a-z"),
        ("!--", "!#-", "./", "!--"),
        (" -~", " a~", "å\x7f", " -~"),
        ("abc", "abc", "d-", "a b c"),
        ("a-a", "a", "b-", "a-a"),
        ("*", "aÅ😀 *", "\n\0\u202e", ""),
        ("*a", "*a", "b", "* a"),
    ],
)
def test_what_a_class_holds(written, inside, outside, spoken):
    signs = parse_signs(written)
    assert signs.written == written
    assert [sign for sign in inside if sign not in signs] == []
    assert [sign for sign in outside if sign in signs] == []
    assert signs.spoken == spoken


@pytest.mark.parametrize("written", ["", "Z-A", "9-0", "a\nb", "\0-z", "!-\U0010ffff", "\ud800"])
def test_what_is_no_class(written):
    with pytest.raises(ValueError, match=r"signs of a password|ranges from"):
        parse_signs(written)


@pytest.mark.parametrize(
    ("written", "upper", "digit"), [("a-z", False, False), ("a-zA", True, False), ("*", True, True)]
)
def test_whether_a_sort_is_among_them(written, upper, digit):
    signs = parse_signs(written)
    assert (signs.has_one(str.isupper), signs.has_one(str.isdecimal)) == (upper, digit)


@given(st.text(max_size=12))
def test_any_text_is_a_class_or_a_value_error(text):
    try:
        signs = parse_signs(text)
    except ValueError:
        return
    assert text == "*" or all(sign in signs for sign in text if sign != "-")


def test_a_range_is_4096_signs_at_most():
    first = 0x4E00  # where thousands of signs in a row can be printed
    most = f"{chr(first)}-{chr(first + 4095)}"
    assert len(parse_signs(most).members) == 4096
    with pytest.raises(ValueError, match="ranges from the lower"):
        parse_signs(f"{chr(first)}-{chr(first + 4096)}")
    with pytest.raises(ValueError, match="ranges from the lower"):
        parse_signs("Z-A")
