"""What providers post to us of a message: which one, and whether it has arrived. Pure.

46elks posts `id` and `status` to its `whendelivered`, Twilio `MessageSid` and `MessageStatus` to
its `StatusCallback`; both post earlier states too, which tell nothing here. Of any other API the
form says how it is to tell, by `id` and `status`; Kannel gets the address with its own numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from gateway.auth.sms_ports import Receipt
from gateway.settings.phones import Dialect, HttpSms

CALLBACKS: Final = {Dialect.ELKS: "whendelivered", Dialect.TWILIO: "StatusCallback"}
"""The field of a message that says where its receipts go."""

_FIELDS: Final = {
    Dialect.ELKS: ("id", "status"),
    Dialect.TWILIO: ("MessageSid", "MessageStatus"),
    Dialect.PLAIN: ("id", "status"),
}
_STATES: Final = {"delivered": True, "read": True, "failed": False, "undelivered": False}
_KANNEL: Final = {"1": True, "2": False, "16": False}
"""What Kannel puts in the place of `%d`: delivered, not delivered, refused by the SMSC."""
_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}")


def told_to(way: HttpSms, url: str) -> list[tuple[str, str]]:
    """Return the fields to add to a message, so that its receipt comes to `url`."""
    return [(CALLBACKS[way.dialect], url)] if way.dialect in CALLBACKS else []


def receipt_of(way: HttpSms, fields: Mapping[str, str]) -> Receipt | None:
    """Return what a posted form says; None for a state that is not the last, or another form."""
    if not way.receipts:
        return None
    name, state = (fields.get(field, "") for field in _FIELDS[way.dialect])
    states = {**_STATES, **_KANNEL} if way.dialect is Dialect.PLAIN else _STATES
    arrived = states.get(state)
    if arrived is None or _ID.fullmatch(name) is None:
        return None
    return Receipt(way.name, name, arrived=arrived)
