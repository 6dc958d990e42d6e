"""What each `[[sms]]` says: one class a sort of provider, beside `model`. Imports that only.

A `Way` is any of them. The kinds "46elks" and "twilio" are `HttpSms` with a form and an answer
that are known.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from gateway.settings.model import Secret

TIMEOUT: Final = timedelta(seconds=9)
"""For one call: all that a message has."""


class Dialect(enum.Enum):
    """How an HTTP API says yes, and what it calls a message."""

    PLAIN = "http"
    ELKS = "46elks"
    TWILIO = "twilio"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """What every way has. `countries` are regions (ISO 3166-1) it is for; () for every number."""

    name: str
    countries: tuple[str, ...] = ()
    timeout: timedelta = TIMEOUT


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSms(_Named):
    """`[[sms]] kind = "http"`, "46elks" or "twilio": one HTTP call a message.

    `form` or `json` (never both) hold templates with {mobile} and {text}, a form {receipt} and {id}
    too. Success is a 2xx
    status, and where `success_text` is set, that text in the answer as well.
    `method` is "POST", or "GET" for a form in the query. `receipts`: the provider is asked to tell
    what became of each message (PLAIN: where the form has a place for it).
    """

    url: str
    form: tuple[tuple[str, str], ...] | None = None
    json: object | None = None
    headers: tuple[tuple[str, Secret], ...] = ()
    username: str | None = None
    password: Secret | None = None
    success_text: str | None = None
    dialect: Dialect = Dialect.PLAIN
    receipts: bool = False
    method: str = "POST"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxSms(_Named):
    """`[[sms]] kind = "outbox"`: a file of JSON lines, for development."""

    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSms(_Named):
    """`[[sms]] kind = "smtp"`: an e-mail a message, to whoever makes an SMS of it.

    `recipient` and `subject` are templates with {mobile} (E.164) and {digits} (without the "+").
    """

    host: str
    port: int
    tls: SmtpTls
    tls_ca: Path | None
    username: str | None
    password: Secret | None
    sender: str
    recipient: str
    subject: str


class SmtpTls(enum.Enum):
    """How the way to a mail server is encrypted; there is no falling back from the first two."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"

    @property
    def port(self) -> int:
        """The port it is usually spoken on (RFC 6409, RFC 8314)."""
        return {SmtpTls.STARTTLS: 587, SmtpTls.TLS: 465, SmtpTls.NONE: 25}[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class SmppSms(_Named):
    """`[[sms]] kind = "smpp"`: an SMSC, bound to as a transceiver. `username` is its system_id."""

    host: str
    port: int
    tls: bool
    username: str
    password: Secret
    system_type: str
    sender: str


Way = HttpSms | OutboxSms | SmtpSms | SmppSms
