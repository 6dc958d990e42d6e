"""gateway/pages/form_tokens.py: a token is good for what it was issued for, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.pages.form_tokens import LIFETIME_S, FormTokens, is_mark

NOW = 1_700_000_000.5
MARK, OTHER = "a" * 32, "b" * 32
TOKENS = FormTokens(b"0123456789abcdef")
TOKEN = TOKENS.issue(MARK, "session", "/.gateway/logout", NOW)


def is_valid(token: str = TOKEN, **changes: object) -> bool:
    facts = {"mark": MARK, "session": "session", "purpose": "/.gateway/logout", "now": NOW}
    return TOKENS.is_valid(token, **{**facts, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, True, id="as issued"),
        pytest.param({"now": NOW + LIFETIME_S}, True, id="at the end of its life"),
        pytest.param({"now": NOW + LIFETIME_S + 1}, False, id="after it"),
        pytest.param({"now": NOW - 1}, True, id="by a clock that was ahead"),
        pytest.param({"now": NOW - LIFETIME_S - 1}, False, id="by one that was far ahead"),
        pytest.param({"mark": OTHER}, False, id="another browser's"),
        pytest.param({"session": "other"}, False, id="another session's"),
        pytest.param({"session": ""}, False, id="no session any more"),
        pytest.param({"purpose": "/.gateway/logon"}, False, id="another form's"),
        pytest.param({"token": ""}, False, id="missing"),
        pytest.param({"token": TOKEN + "0"}, False, id="longer"),
        pytest.param({"token": TOKEN + "\n"}, False, id="line feed"),
        pytest.param({"token": TOKEN[:-1]}, False, id="shorter"),
        pytest.param({"token": TOKEN.upper()}, False, id="upper case"),
        pytest.param({"token": "9" + TOKEN}, False, id="another time"),
        pytest.param({"token": "0" + TOKEN}, True, id="the same time, another spelling"),
        pytest.param({"token": "١" * 10 + TOKEN[10:]}, False, id="Arabic digits"),
    ],
)
def test_validity(changes: dict[str, object], expected: bool) -> None:
    assert is_valid(**changes) is expected  # type: ignore[arg-type]


def test_life_is_two_hours() -> None:
    assert LIFETIME_S == 2 * 3600


def test_another_secret_makes_other_tokens() -> None:
    other = FormTokens(b"another secret !!")
    assert not is_valid(other.issue(MARK, "session", "/.gateway/logout", NOW))


def test_parts_cannot_flow_into_each_other() -> None:
    assert TOKENS.issue(MARK, "ab", "c", NOW) != TOKENS.issue(MARK, "a", "bc", NOW)
    assert TOKENS.issue(MARK, "", "x", NOW) != TOKENS.issue(MARK, "x", "", NOW)


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="128 bits"):
        FormTokens(b"short")


@given(st.text(max_size=100))
def test_no_text_is_a_token(text: str) -> None:
    assert not is_valid(text)


@given(st.text(max_size=40))
def test_marks(text: str) -> None:
    assert is_mark(text) == (len(text) == 32 and all(char in "0123456789abcdef" for char in text))
    assert not is_mark(None)
