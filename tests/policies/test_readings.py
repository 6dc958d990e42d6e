"""What a person reads in a password, on a handful of words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.readings import is_made_of, is_row_of, letters, plain, undisguised

WORDS = frozenset({"sommar", "katt", "katten", "hej", "min", "hund", "en", "stuga", "q"})
ANY = st.text(st.characters(), max_size=40)


@pytest.mark.parametrize(
    ("text", "with_digits", "bare"),
    [
        ("Sommar2026", "sommar2026", "sommar"),
        ("20 Som-26 mår!", "20som26mar", "sommar"),
        ("Ｓ７", "s7", "s"),
        ("٣a²", "a2", "a"),
        ("", "", ""),
    ],
)
def test_letters_and_digits(text, with_digits, bare):
    assert (plain(text), letters(text)) == (with_digits, bare)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("S0mmar26", "sommar"),
        ("s0mm4r", "sommar"),
        ("5ommar", "sommar"),
        ("5ommar2026", "sommar"),
        ("Ka77", "katt"),
        ("Ka77en99", "katten"),
        ("5tug4", "stuga"),
        ("$ommar7", "sommar"),
        ("S0mm@r", "sommar"),
        ("1ampa", "lampa"),
        ("B1l", "bil"),
        ("Fotbo11", "fotboll"),
    ],
)
def test_digits_that_stand_for_letters(text, word):
    assert word in undisguised(text)


@pytest.mark.parametrize("text", ["Sommar2026", "sommar", "1999", "", "6Kvx92"])
def test_where_no_digit_need_be_a_letter_the_plain_reading_is_not_repeated(text):
    assert letters(text) not in undisguised(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sommar", True),
        ("sommarkatt", True),
        ("minkatt", True),
        ("minhund", True),
        ("hejhej", True),
        ("hejhejhej", True),
        ("hejmin", False),
        ("en", True),
        ("q", False),
        ("enkatt", False),
        ("sommarx", False),
        ("xsommar", False),
        ("sommarxkatt", False),
        ("kattenstuga", True),
        ("kattstuga", True),
        ("hejx", False),
        ("", False),
    ],
)
def test_made_of_words(text, expected):
    assert is_made_of(text, WORDS) is expected


def test_own_words_may_stand_among_others():
    assert is_made_of("bokatten", WORDS, {"bo"})
    assert not is_made_of("bokatten", WORDS)
    assert not is_made_of("bobo", WORDS, {"bo"})


@pytest.mark.parametrize(
    ("text", "least", "expected"),
    [("boek", 2, True), ("bobo", 2, True), ("boe", 2, False), ("boek", 3, False), ("", 2, False)],
)
def test_a_row_of_words(text, least, expected):
    assert is_row_of(text, {"bo", "ek"}, least) is expected


@given(ANY)
def test_any_text_has_few_readings_of_letters_alone(text):
    found = undisguised(text)
    assert len(found) <= 8
    assert all(reading == "" or reading.isalpha() for reading in {*found, letters(text)})


@given(st.lists(st.sampled_from(sorted(WORDS - {"q", "en"})), min_size=1, max_size=5))
def test_words_in_a_row_are_found_in_any_case_and_with_digits_between(words):
    text = "7".join(word.title() for word in words) + "99"
    good = len(words) == 1 or max(map(len, words)) >= 4 or len(set(words)) == 1
    assert is_made_of(letters(text), WORDS) is good
