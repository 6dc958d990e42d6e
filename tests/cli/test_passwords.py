"""How a command words the rules; that it keeps them is told in test_user.py."""

from __future__ import annotations

import pytest

from gateway.auth.model import Person
from gateway.cli.output import No
from gateway.cli.passwords import faults_of, require_good
from policies.passwords import Forbidden, PasswordRules, Reason, Sort
from policies.signs import parse_signs

RULES = PasswordRules(
    min_length=9,
    require=frozenset(Sort),
    allowed=parse_signs("A-Za-z0-9"),
    forbid=frozenset(Forbidden),
    words=frozenset({"sommar"}),
    context=frozenset({"securitas"}),
    common=frozenset({"qwerty"}),
)
ANNA = Person("annan", "Anna Ek", "anna@example.se", None, (), enabled=True)


@pytest.mark.parametrize(
    ("password", "faults"),
    [
        ("Kvx7Torp2", []),
        ("", ["fewer than 9", "lower-case", "upper-case", "no digit"]),
        ("Kv7Xp2å", ["fewer than 9", "allowed are A-Z a-z 0-9"]),
        ("Annan7kvx", ["user's name", "holds the user name"]),
        ("Sommar2026", ["ordinary Swedish words"]),
        ("Securitas7", ["organisation"]),
        ("Qwerty2026", ["often guessed"]),
        ("x7X" * 400, ["more than 1024"]),
    ],
)
def test_every_fault_is_one_sentence(password, faults):
    found = faults_of(password, ANNA, RULES)
    assert len(found) == len(faults)
    for sentence, words in zip(found, faults, strict=True):
        assert words in sentence
        assert "{" not in sentence


def test_nobody_has_no_name():
    assert faults_of("Annan7kvx", None, RULES) == []


def test_a_refusal_lists_all_faults_and_not_the_password():
    with pytest.raises(No) as refused:
        require_good("sommar", ANNA, RULES)
    text = refused.value.format_message()
    assert text.splitlines()[0] == "The password is refused:"
    assert text.count("\n- ") == 4
    assert "sommar" not in text
    require_good("Kvx7Torp2", ANNA, RULES)


def test_every_reason_has_a_sentence():
    from gateway.cli import passwords

    assert set(passwords._SENTENCES) == set(Reason)
