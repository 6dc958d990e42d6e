"""How many messages one SMS text is paid and sent as (3GPP TS 23.038, 23.040 section 9.2.3.24.1).

A text in the GSM 7 bit default alphabet has 160 septets in one message, 153 in each of several;
any other goes as UCS-2, with 70 and 67 code units of 16 bits. National tables are not counted on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies import gsm

_SEPTETS: Final = (160, 153)
_UNITS: Final = (70, 67)


def segments(text: str) -> int:
    """Return how many messages a text takes; 1 for an empty one."""
    return len(split(text))


def split(text: str) -> tuple[str, ...]:
    """Return the text of each message; ("",) for an empty one. No character is cut in two."""
    if strange_characters(text):
        sizes, (whole, part) = [2 if ord(sign) > 0xFFFF else 1 for sign in text], _UNITS  # noqa: PLR2004 - the basic plane
    else:
        sizes, (whole, part) = [1 + (sign in gsm.EXTENSION) for sign in text], _SEPTETS
    if sum(sizes) <= whole:
        return (text,)
    return tuple(_parts(text, sizes, part))


def strange_characters(text: str) -> str:
    """Return the characters that make a text UCS-2, each once, in their order."""
    known = gsm.BASIC | gsm.EXTENSION
    return "".join(dict.fromkeys(sign for sign in text if sign not in known))


def _parts(text: str, sizes: list[int], most: int) -> Iterator[str]:
    begin, used = 0, 0
    for place, size in enumerate(sizes):
        if used + size > most:
            yield text[begin:place]
            begin, used = place, 0
        used += size
    yield text[begin:]
