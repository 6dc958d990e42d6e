"""`[[sms]] kind = "smtp"`: a mail server, and the address that makes an SMS of an e-mail."""

from __future__ import annotations

import re
from typing import Final

from gateway.settings import shapes
from gateway.settings.addresses import parse_host
from gateway.settings.credentials import secret
from gateway.settings.phones import SmtpSms, SmtpTls
from gateway.settings.reading import Table, Value, shaped
from gateway.settings.sms_common import read_common
from gateway.settings.templates import places_of
from gateway.settings.values import existing_file, one_of, text, whole, worded

_NUMBER: Final = ("mobile", "digits")
_LOCAL: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}")  # RFC 5322 section 3.4.1
_ADDRESS: Final = 'an e-mail address, as "portal@example.se"'
_MOST: Final = 65535


def read_smtp(table: Table, name: str) -> SmtpSms:
    """Read a table of kind "smtp"."""
    tls = SmtpTls(table.read("tls", "starttls", one_of(*(mode.value for mode in SmtpTls))))
    way = SmtpSms(
        name=name,
        host=table.need("host", "", host_name, '"mail.example.se"'),
        port=table.read("port", None, whole(1, _MOST)) or tls.port,
        tls=tls,
        tls_ca=table.read("tls_ca", None, existing_file),
        username=table.read("username", None, text),
        password=table.read("password", None, secret),
        sender=table.need("from", "", _sender, '"portal@example.se"'),
        recipient=table.need("to", "", _recipient, '"{mobile}@sms.example.se"'),
        subject=table.read("subject", "", _subject),
        **read_common(table),
    )
    if table.has("username") != table.has("password"):
        given = "username" if table.has("username") else "password"
        table.tell(given, f"{given} alone", "username and password together")
    if way.tls_ca is not None and tls is SmtpTls.NONE:
        table.tell("tls_ca", 'a tls_ca, with tls = "none"', 'tls = "starttls" or "tls"')
    return way


@shaped(shapes.TEXT)
def host_name(value: Value) -> str:
    """Read a host without scheme and port; an IPv6 address loses its brackets."""
    return worded(value, parse_host).strip("[]")


@shaped(shapes.TEXT)
def _sender(value: Value) -> str:
    return _judged(value, text(value))


@shaped(shapes.TEXT)
def _recipient(value: Value) -> str:
    written = text(value)
    if not places_of(value, written, _NUMBER):
        raise value.refusal("{mobile} in it, or {digits}: the number without +", "neither")
    _judged(value, written.format(mobile="+46701234567", digits="46701234567"))
    return written


@shaped(shapes.TEXT)
def _subject(value: Value) -> str:
    written = text(value)
    places_of(value, written, _NUMBER)
    return written


def _judged(value: Value, address: str) -> str:
    local, _, domain = address.rpartition("@")
    try:
        parse_host(domain)
    except ValueError:
        raise value.refusal(_ADDRESS) from None
    if _LOCAL.fullmatch(local) is None:
        raise value.refusal(_ADDRESS)
    return address
