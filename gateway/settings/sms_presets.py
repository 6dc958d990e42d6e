"""`[[sms]]` of kind "46elks" and "twilio": `HttpSms` with the form that the API wants."""

from __future__ import annotations

import re
from typing import Final

from gateway.settings import shapes
from gateway.settings.credentials import secret
from gateway.settings.model import Secret
from gateway.settings.phones import Dialect, HttpSms
from gateway.settings.reading import Shaped, Table, Value, shaped
from gateway.settings.sms_common import read_common
from gateway.settings.sms_http import call_url, user_name
from gateway.settings.values import flag, text

ELKS_URL: Final = "https://api.46elks.com/a1/sms"
TWILIO_URL: Final = "https://api.twilio.com/2010-04-01/Accounts/{}/Messages.json"

_NUMBER: Final = r"\+[1-9][0-9]{6,14}"
_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9 ]{0,10}"
_SERVICE: Final = r"MG[0-9a-f]{32}"
_ACCOUNT: Final = r"AC[0-9a-f]{32}"


def read_elks(table: Table, name: str) -> HttpSms:
    """Read a table of kind "46elks"."""
    sender = table.need("from", "", _matching(f"{_NUMBER}|{_NAME}", _SENDER), '"Portal"')
    return HttpSms(
        name=name,
        url=table.read("url", ELKS_URL, call_url),
        form=(("from", sender), ("to", "{mobile}"), ("message", "{text}")),
        username=table.need("username", "", user_name, '"u…", the API username'),
        password=_password(table),
        dialect=Dialect.ELKS,
        receipts=table.read("receipts", default=False, parse=flag),
        **read_common(table),
    )


def read_twilio(table: Table, name: str) -> HttpSms:
    """Read a table of kind "twilio"."""
    words = f'{_SENDER}, or a messaging service "MG…"'
    allowed = f"{_NUMBER}|{_SERVICE}|{_NAME}"
    sender = table.need("from", "", _matching(allowed, words), '"+46…" or "MG…"')
    account = table.need(
        "account", "", _matching(_ACCOUNT, 'the account SID: "AC" and 32 hex digits'), '"AC…"'
    )
    key = "MessagingServiceSid" if re.fullmatch(_SERVICE, sender) else "From"
    return HttpSms(
        name=name,
        url=table.read("url", TWILIO_URL.format(account), call_url),
        form=((key, sender), ("To", "{mobile}"), ("Body", "{text}")),
        # An API key and its secret, or the account itself with its token.
        username=table.read("username", account, user_name),
        password=_password(table),
        dialect=Dialect.TWILIO,
        receipts=table.read("receipts", default=False, parse=flag),
        **read_common(table),
    )


_SENDER: Final = 'a number ("+46…") or a name of at most 11 letters, digits and blanks'


def _password(table: Table) -> Secret:
    return table.need("password", Secret(""), secret, '{ env = "SMS_PASSWORD" }')


def _matching(pattern: str, words: str) -> Shaped[str]:
    @shaped(shapes.TEXT)  # other kinds give the same key other forms
    def parse(value: Value) -> str:
        written = text(value)
        if re.fullmatch(pattern, written) is None:
            raise value.refusal(words)
        return written

    return parse
