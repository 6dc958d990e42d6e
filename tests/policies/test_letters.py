"""The plain letters of a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.letters import fold, spelt_out

ANY = st.text(st.characters(), max_size=60)


@pytest.mark.parametrize(
    ("written", "plain", "spelt"),
    [
        ("Anna", "anna", "anna"),
        ("Åkesson", "akesson", "aakesson"),
        ("A\u030akesson", "akesson", "aakesson"),
        ("BJÖRN", "bjorn", "bjoern"),
        ("Hämäläinen", "hamalainen", "haemaelaeinen"),
        ("Müller", "muller", "mueller"),
        ("Søren", "soren", "soeren"),
        ("Bræk", "brak", "braek"),
        ("Łódź", "lodz", "lodz"),
        ("Strauß", "strauss", "strauss"),
        ("Þór", "thor", "thor"),
        ("José-María", "jose-maria", "jose-maria"),
        ("Ａｎｎａ", "anna", "anna"),
        ("\u0130stanbul", "istanbul", "istanbul"),
        ("Анна", "анна", "анна"),
        ("", "", ""),
        ("a1 b2", "a1 b2", "a1 b2"),
    ],
)
def test_both_spellings(written, plain, spelt):
    assert (fold(written), spelt_out(written)) == (plain, spelt)


@given(ANY)
def test_folding_is_idempotent_and_case_does_not_count(text):
    assert fold(fold(text)) == fold(text)
    assert fold(text.upper().lower()) == fold(text.upper())


@given(st.text(st.characters(codec="ascii")))
def test_ascii_is_only_put_into_lower_case(text):
    assert fold(text) == spelt_out(text) == text.lower()
