"""policies/gsm.py: the alphabet's places, as TS 23.038 gives them."""

import pytest

from policies import gsm


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("", b""),
        ("@", b"\x00"),
        ("ABCabc019", b"ABCabc019"),
        ("åäöÅÄÖ", bytes([0x0F, 0x7B, 0x7C, 0x0E, 0x5B, 0x5C])),
        ("ÆæßÉ", bytes([0x1C, 0x1D, 0x1E, 0x1F])),
        ("_§¿à", bytes([0x11, 0x5F, 0x60, 0x7F])),
        ("€[", bytes([0x1B, 0x65, 0x1B, 0x3C])),
        ("\n\n@portal #1", b"\n\n\x00portal #1"),
    ],
)
def test_places(text, octets):
    assert gsm.septets(text) == octets


@pytest.mark.parametrize("text", ["✓", "ç", "`", "\x1b", "\t"])
def test_what_is_not_in_it(text):
    with pytest.raises(ValueError, match="outside"):
        gsm.septets(f"a{text}")
    assert not {text} & (gsm.BASIC | gsm.EXTENSION)


def test_every_character_has_a_place_of_its_own():
    every = sorted(gsm.BASIC | gsm.EXTENSION)
    assert len(every) == 127 + 10
    assert len({gsm.septets(sign) for sign in every}) == len(every)
