"""What an HTTP API meant: yes, no to this message, or no to everything. Pure.

46elks: 200 with JSON, `status` not "failed", `id` (https://46elks.se/docs/send-sms). Twilio: 201
with JSON, `status` not "failed", "undelivered" or "canceled", `sid`; errors are JSON with a number
`code` (https://www.twilio.com/docs/messaging/api/message-resource). Anything else as configured.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from gateway.settings.phones import Dialect, HttpSms

MAX_ANSWER: Final = 64 * 1024
"""Bytes of an answer that are looked at; the connection of a longer one is closed."""

_HTTP_OK: Final = range(200, 300)
_OF_MESSAGE: Final = frozenset({400, 422})
"""Statuses that say no to what was asked, not to who asks."""
_FAILED: Final = frozenset({"failed", "undelivered", "canceled"})
_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}")


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of an API; at most MAX_ANSWER bytes of its body, none where nobody looks at it."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """What it meant. `id` is what the provider calls the message, `error` its own error number."""

    yes: bool
    id: str = ""
    error: str = ""
    of_message: bool = False


def reads_body(settings: HttpSms, status: int) -> bool:
    """Whether more than the status is looked at."""
    if settings.dialect is not Dialect.PLAIN:
        return True
    return status in _HTTP_OK and settings.success_text is not None


def judge(settings: HttpSms, answer: Answer) -> Verdict:
    """Return what an answer meant."""
    has_worked = answer.status in _HTTP_OK
    declined = Verdict(yes=False, of_message=answer.status in _OF_MESSAGE)
    if settings.dialect is Dialect.PLAIN:
        wanted = settings.success_text
        if has_worked and (wanted is None or wanted.encode() in answer.body):
            return Verdict(yes=True)
        return declined
    document = _document(answer.body)
    if not has_worked:
        return Verdict(yes=False, error=_number(document), of_message=declined.of_message)
    name = _text(document, "sid" if settings.dialect is Dialect.TWILIO else "id")
    if _text(document, "status") in _FAILED:
        return Verdict(yes=False, error=_number(document), of_message=True)
    # A 2xx answer that names no message is none of this API: a captive portal, a wrong url.
    return Verdict(yes=True, id=name) if _ID.fullmatch(name) else Verdict(yes=False)


def _document(body: bytes) -> dict[str, object]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(document: dict[str, object], name: str) -> str:
    value = document.get(name)
    return value if isinstance(value, str) else ""


def _number(document: dict[str, object]) -> str:
    """Return the error's number; its words may quote the number that was called."""
    value = document.get("code") or document.get("error_code")
    return str(value) if isinstance(value, int) and 0 < value < 10**6 else ""
