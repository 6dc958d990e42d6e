"""gateway/wire/fields.py: what all heads have in common."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.errors import BadMessage
from gateway.wire.fields import Roles, check_section, content_length, tokens

TOKENS = {
    b"": [],
    b",": [],
    b" , ,": [],
    b"close": [b"close"],
    b"Keep-Alive, Upgrade": [b"keep-alive", b"upgrade"],
    b"a,b ,\tc\t,": [b"a", b"b", b"c"],
    b"a b, c": [b"a b", b"c"],
}


@pytest.mark.parametrize("value", TOKENS, ids=repr)
def test_tokens(value: bytes) -> None:
    assert tokens(value) == TOKENS[value]


@given(
    st.lists(st.from_regex(rb"[!-+\--~]{1,8}", fullmatch=True)),
    st.sampled_from([b",", b", ", b" ,\t", b",,"]),
)
def test_tokens_are_what_was_joined(members: list[bytes], comma: bytes) -> None:
    assert tokens(comma.join(members)) == [member.lower() for member in members]


def test_blanks_inside_a_list_cost_in_proportion() -> None:
    """A regular expression that splits at `[ \\t]*,` needs 2e9 steps for this; it runs out of time."""
    for blank in (b" ", b"\t"):
        assert tokens(b"a" + blank * 60_000 + b"b") == [b"a" + blank * 60_000 + b"b"]
    assert len(tokens(b"a ," * 20_000)) == 20_000


@pytest.mark.parametrize(("text", "number"), [(b"0", 0), (b"5", 5), (b"9" * 18, 10**18 - 1)])
def test_content_length(text: bytes, number: int) -> None:
    assert content_length(text) == number


@pytest.mark.parametrize(
    "text", [b"", b" 5", b"5 ", b"05", b"00", b"+5", b"-0", b"5,5", b"0x5", b"5.0", b"1_0", b"9" * 19, b"\xd9\xa5", b"5\n"]
)  # fmt: skip
def test_not_one_plain_number(text: bytes) -> None:
    with pytest.raises(BadMessage):
        content_length(text)


def test_names_are_remembered_within_bounds() -> None:
    asked: list[bytes] = []

    def judge(name: bytes) -> str:
        asked.append(name)
        return ""

    roles = Roles(judge)
    for n in range(10_000):
        roles.learn(b"X-%d" % n)
    assert len(roles.known) <= 4096
    for n in range(200):
        roles.learn(b"X" * 60_000 + b"%d" % n)  # 12 MB of names
    assert max(map(len, roles.known)) <= 64
    assert asked[0] == b"x-0"


@pytest.mark.parametrize("lines", [0, 1, 5])
def test_the_limit_of_fields_is_exact(lines: int) -> None:
    section = b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * lines + b"\r\n"
    check_section(section, lines)
    if lines:
        with pytest.raises(BadMessage) as error:
            check_section(section, lines - 1)
        assert error.value.status == 431
