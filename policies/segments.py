"""How many messages one SMS text is paid and sent as (3GPP TS 23.038, 23.040 section 9.2.3.24.1).

A text in the GSM 7 bit default alphabet has 160 septets in one message, 153 in each of several;
any other goes as UCS-2, with 70 and 67 code units of 16 bits. National tables are not counted on.
"""

from __future__ import annotations

from typing import Final

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION: Final = frozenset("\f^{}\\[~]|€")
"""Characters that take an escape and so two septets."""

_SEPTETS: Final = (160, 153)
_UNITS: Final = (70, 67)


def segments(text: str) -> int:
    """Return how many messages a text takes; 1 for an empty one."""
    strange = strange_characters(text)
    if strange:
        sizes, (whole, part) = [2 if ord(sign) > 0xFFFF else 1 for sign in text], _UNITS  # noqa: PLR2004 - the basic plane
    else:
        sizes, (whole, part) = [1 + (sign in _EXTENSION) for sign in text], _SEPTETS
    if sum(sizes) <= whole:
        return 1
    return _parts(sizes, part)


def strange_characters(text: str) -> str:
    """Return the characters that make a text UCS-2, each once, in their order."""
    return "".join(dict.fromkeys(s for s in text if s not in _BASIC and s not in _EXTENSION))


def _parts(sizes: list[int], most: int) -> int:
    """Return how many parts it takes when no character is cut in two."""
    parts, used = 1, 0
    for size in sizes:
        if used + size > most:
            parts, used = parts + 1, 0
        used += size
    return parts
