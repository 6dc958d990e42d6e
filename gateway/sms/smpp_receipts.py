"""What a deliver_sm says of an earlier message (SMPP 3.4 section 5.3.2.12, 5.3.2.35, appendix B).

By optional parameters where they are there, else by the text `id:… stat:…`. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Protocol

from gateway.auth.sms_ports import Receipt

_MESSAGE_ID: Final = 0x001E
_MESSAGE_STATE: Final = 0x0427
_KIND: Final = 0x3C
_RECEIPT: Final = 0x04
_STATES: Final = {2: True, 3: False, 4: False, 5: False, 8: False}
_WORDS: Final = {
    b"DELIVRD": True, b"EXPIRED": False, b"DELETED": False, b"UNDELIV": False, b"REJECTD": False,
}  # fmt: skip
_ID: Final = re.compile(rb"\bid:\s*([!-~]{1,65})", re.IGNORECASE)
_STAT: Final = re.compile(rb"\bstat:\s*([A-Z]{7})")
_SAFE: Final = re.compile(rb"[!-~]{1,65}")


class Parameter(Protocol):
    """An optional parameter."""

    @property
    def tag(self) -> int:
        """Which one."""
        ...

    @property
    def value(self) -> bytes:
        """Its bytes."""
        ...


class Delivered(Protocol):
    """A deliver_sm, as far as it is looked at."""

    @property
    def esm_class(self) -> int:
        """What sort of message it is."""
        ...

    @property
    def short_message(self) -> bytes:
        """Its text."""
        ...

    @property
    def tlvs(self) -> Sequence[Parameter]:
        """Its optional parameters."""
        ...


def receipt_of(provider: str, event: Delivered) -> Receipt | None:
    """Return the receipt, or None for anything else, and for a state that is not the last one."""
    if event.esm_class & _KIND != _RECEIPT:
        return None
    given = {one.tag: one.value for one in event.tlvs}
    name = given.get(_MESSAGE_ID, b"").rstrip(b"\0")
    if not name:
        found = _ID.search(event.short_message)
        name = found[1] if found else b""
    state = given.get(_MESSAGE_STATE, b"")
    if state:
        arrived = _STATES.get(state[0])
    else:
        said = _STAT.search(event.short_message)
        arrived = _WORDS.get(said[1]) if said else None
    if arrived is None or _SAFE.fullmatch(name) is None:
        return None
    return Receipt(provider, name.decode("ascii"), arrived=arrived)
