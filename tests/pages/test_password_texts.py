"""gateway/pages/password_texts.py: every reason has its words, as rule and as fault."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.pages.password_texts import manager_hint, password_rules, reasons_in_words
from gateway.settings.model import Password
from gateway.texts.catalog import Texts
from policies.passwords import Reason
from policies.signs import parse_signs

USUAL = Password()
TEXTS = Texts()
ENGLISH, SWEDISH = TEXTS.of("en"), TEXTS.of("sv")


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_words_in_both_languages(reason: Reason) -> None:
    ((english,), (swedish,)) = (
        reasons_in_words([reason], USUAL, one) for one in (ENGLISH, SWEDISH)
    )
    assert english != swedish
    assert english.startswith(("must ", "may "))
    assert swedish.startswith(("måste ", "får "))
    assert "%(" not in english + swedish


def test_the_order_is_that_of_the_rules() -> None:
    assert password_rules(USUAL, SWEDISH)[:5] == [
        "måste bestå av minst 7 tecken",
        "måste innehålla minst en gemen (liten bokstav)",
        "måste innehålla minst en versal (stor bokstav)",
        "måste innehålla minst en siffra",
        "får bara innehålla tecknen A\u2011Z a\u2011z 0\u20119, alltså inte å, ä, ö eller andra specialtecken",
    ]


def test_what_is_not_asked_is_not_told() -> None:
    least = Password(min_length=1, require=(), allowed=parse_signs("*"), forbid=())
    assert password_rules(least, ENGLISH) == ["must have at least 1 characters"]
    listed = replace(least, forbidden_file=Path("x"))
    assert password_rules(listed, ENGLISH)[1:] == [
        "must not be one of those that are often guessed"
    ]


def test_swedish_letters_are_not_refused_where_they_are_allowed() -> None:
    allowed = replace(USUAL, allowed=parse_signs("a-zå"))
    assert "may only hold the signs a\u2011z å" in password_rules(allowed, ENGLISH)


def test_the_hint_for_password_managers() -> None:
    assert manager_hint(USUAL).startswith("minlength: 7; required: lower; required: upper;")
