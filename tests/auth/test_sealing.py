"""gateway/auth/sealing.py: tokens, hidden names, sealed records."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.auth.sealing import Sealer, encode_token, key_name, parse_token
from tests.auth.support import SECRET
from tests.fakes import FakeEntropy

TOKEN = encode_token(bytes(range(32))).encode()
OTHER = encode_token(bytes(range(1, 33))).encode()


def sealer(secret: bytes = SECRET) -> Sealer:
    return Sealer(secret, FakeEntropy())


@given(st.binary(min_size=32, max_size=32))
def test_every_token_is_parsed(raw: bytes) -> None:
    token = encode_token(raw).encode()
    assert parse_token(token) == token
    assert base64.urlsafe_b64decode(token + b"=") == raw


@pytest.mark.parametrize(
    "value",
    [
        b"",
        TOKEN[:-1],
        TOKEN + b"A",
        TOKEN + b"=",
        TOKEN + b"\n",
        b" " + TOKEN[1:],
        TOKEN[:-1] + b"B",  # another spelling of the same 256 bits
        TOKEN[:-1] + b"+",
        b"/" + TOKEN[1:],
        b"\xc3" + TOKEN[1:],
        b"\x00" * 43,
    ],
)
def test_anything_else_is_not(value: bytes) -> None:
    assert parse_token(value) is None


@given(st.binary(max_size=200))
def test_sealed_opens_with_the_same_token_only(plain: bytes) -> None:
    one = sealer()
    sealed = one.seal("session", TOKEN, plain)
    assert one.unseal("session", TOKEN, sealed) == plain
    assert one.unseal("session", OTHER, sealed) is None
    assert one.unseal("challenge", TOKEN, sealed) is None
    assert sealer(SECRET[::-1]).unseal("session", TOKEN, sealed) is None
    assert plain not in sealed or len(plain) < 4


@given(st.binary(min_size=1, max_size=40), st.data())
def test_a_changed_record_does_not_open(plain: bytes, data: st.DataObject) -> None:
    sealed = bytearray(sealer().seal("session", TOKEN, plain))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    assert sealer().unseal("session", TOKEN, bytes(sealed)) is None
    assert sealer().unseal("session", TOKEN, bytes(sealed[:place])) is None


@given(st.lists(st.text(), max_size=3), st.lists(st.text(), max_size=3))
def test_a_mac_tells_its_parts_apart(one: list[str], two: list[str]) -> None:
    assert (sealer().mac("p", *one) == sealer().mac("p", *two)) == (one == two)
    assert sealer().mac("p", *one) != sealer().mac("q", *one)


@pytest.mark.parametrize("secret", [b"", b"short", b"x" * 15])
def test_a_short_secret_is_refused(secret: bytes) -> None:
    with pytest.raises(ValueError, match="at least 16 bytes"):
        Sealer(secret, FakeEntropy())


def test_tokens_do_not_repeat() -> None:
    one = sealer()
    assert len({one.new_token() for _ in range(1000)}) == 1000
    assert len({key_name(one.new_token().encode()) for _ in range(1000)}) == 1000
