"""The GSM 7 bit default alphabet (3GPP TS 23.038 section 6.2.1), a septet in an octet each.

National tables are not counted on. Imports nothing of the house.
"""

from __future__ import annotations

from typing import Final

_ESCAPE: Final = 0x1B
_TABLE: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = {
    "\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F,
    "[": 0x3C, "~": 0x3D, "]": 0x3E, "|": 0x40, "€": 0x65,
}  # fmt: skip

_SEPTETS: Final[dict[str, bytes]] = {
    **{sign: bytes([place]) for place, sign in enumerate(_TABLE) if place != _ESCAPE},
    **{sign: bytes([_ESCAPE, place]) for sign, place in _EXTENDED.items()},
}

BASIC: Final = frozenset(_TABLE) - {"\x1b"}
"""Characters of one septet."""
EXTENSION: Final = frozenset(_EXTENDED)
"""Characters that take an escape and so two septets."""


def septets(text: str) -> bytes:
    """Return a text in the alphabet. Raises ValueError for other characters."""
    try:
        return b"".join(_SEPTETS[sign] for sign in text)
    except KeyError:
        raise ValueError("a character outside the GSM alphabet") from None
