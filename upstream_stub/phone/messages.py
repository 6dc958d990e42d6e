"""The messages of the stub phone, and the rules of 46elks' `POST /a1/sms` that it keeps to.

Shapes after https://46elks.se/docs/send-sms: the answer is JSON, a refusal is one line of text.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from upstream_stub.clock import as_iso, now

KEPT: Final = 2000
_COST: Final = 3500  # ten thousandths of a krona a part
_NUMBER: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)  # E.164
_SENDER: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{2,10}", re.ASCII)
_GSM: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWICE: Final = frozenset("^{}\\[~]|€\f")


class Refused(Exception):
    """The provider does not take this message; the text says why."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message that reached a phone; `created` is seconds since the epoch."""

    id: str
    sender: str
    to: str
    text: str
    created: float
    parts: int
    whendelivered: str = ""

    def as_json(self) -> dict[str, object]:
        """Return the provider's view of the message."""
        return {
            "status": "created",
            "direction": "outgoing",
            "from": self.sender,
            "created": as_iso(self.created),
            "parts": self.parts,
            "to": self.to,
            "cost": self.parts * _COST,
            "message": self.text,
            "id": self.id,
        } | ({"whendelivered": self.whendelivered} if self.whendelivered else {})


def message_of(form: Mapping[str, str]) -> Message:
    """Return the message that a form asks for. Raises Refused."""
    for name in ("from", "to", "message"):
        if not form.get(name):
            raise Refused(f"Missing key {name}")
    if not _NUMBER.fullmatch(form["to"]):
        raise Refused("Invalid to number, E.164 is wanted")
    if not (_SENDER.fullmatch(form["from"]) or _NUMBER.fullmatch(form["from"])):
        raise Refused("Invalid from, 3 to 11 letters and digits or E.164 are wanted")
    text = form["message"]
    return Message(
        f"s{secrets.token_hex(16)}",
        form["from"],
        form["to"],
        text,
        now(),
        parts_of(text),
        form.get("whendelivered", ""),
    )


def parts_of(text: str) -> int:
    """Return how many SMS carry this text (3GPP TS 23.038: GSM 7 bit, else UCS-2)."""
    if all(letter in _GSM or letter in _GSM_TWICE for letter in text):
        length, single, several = sum(1 + (letter in _GSM_TWICE) for letter in text), 160, 153
    else:
        length, single, several = len(text.encode("utf-16-be")) // 2, 70, 67
    return 1 if length <= single else -(-length // several)


class Inbox:
    """The last messages of all numbers; readers can wait for the next one."""

    def __init__(self) -> None:
        self._messages: deque[Message] = deque(maxlen=KEPT)
        self._count = 0
        self._arrived = asyncio.Condition()

    @property
    def count(self) -> int:
        """How many messages have ever arrived."""
        return self._count

    async def deliver(self, message: Message) -> None:
        """Keep a message and wake the readers."""
        async with self._arrived:
            self._messages.append(message)
            self._count += 1
            self._arrived.notify_all()

    async def wait_beyond(self, count: int) -> int:
        """Return the new count as soon as it is above `count`."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: self._count > count)
            return self._count

    def of(self, number: str | None = None) -> list[Message]:
        """Return the messages, of one number or of all, oldest first."""
        return [message for message in self._messages if number in {None, message.to}]

    def numbers(self) -> list[str]:
        """Return the numbers that have messages, the one with the newest first."""
        return list(dict.fromkeys(message.to for message in reversed(self._messages)))
