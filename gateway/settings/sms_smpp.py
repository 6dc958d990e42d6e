"""`[[sms]] kind = "smpp"`: an SMSC, and as whom we bind to it."""

from __future__ import annotations

import re
from typing import Final

from gateway.settings import shapes
from gateway.settings.credentials import secret
from gateway.settings.model import Secret
from gateway.settings.phones import SmppSms
from gateway.settings.reading import Shaped, Table, Value, shaped
from gateway.settings.sms_common import read_common
from gateway.settings.sms_mail import host_name
from gateway.settings.values import one_of, text, whole

_MOST: Final = 65535
_PORT: Final = 2775
_TLS_PORT: Final = 3550
_LONGEST_NAME: Final = 15  # SMPP 3.4 section 5.2.1; section 5.2.2 and 5.2.3 for the next two
_LONGEST_PASSWORD: Final = 8
_LONGEST_TYPE: Final = 12
_SENDER: Final = re.compile(r"\+?[0-9]{3,15}|[A-Za-z0-9][A-Za-z0-9 ]{0,10}")


def read_smpp(table: Table, name: str) -> SmppSms:
    """Read a table of kind "smpp"."""
    tls = table.read("tls", "tls", one_of("tls", "none")) == "tls"
    way = SmppSms(
        name=name,
        host=table.need("host", "", host_name, '"smsc.example.se"'),
        port=table.read("port", None, whole(1, _MOST)) or (_TLS_PORT if tls else _PORT),
        tls=tls,
        username=table.need("username", "", _ascii(_LONGEST_NAME), '"portal", the system_id'),
        password=table.need("password", Secret(""), secret, '{ env = "SMS_PASSWORD" }'),
        system_type=table.read("system_type", "", _ascii(_LONGEST_TYPE)),
        sender=table.need("from", "", _sender, '"Portal"'),
        **read_common(table),
    )
    password = way.password.reveal()
    if len(password) > _LONGEST_PASSWORD or not password.isascii():
        words = f"at most {_LONGEST_PASSWORD} ASCII characters (SMPP 3.4 section 5.2.2)"
        table.tell("password", "a longer secret, or other characters", words)
    return way


def _ascii(most: int) -> Shaped[str]:
    @shaped(shapes.TEXT)
    def parse(value: Value) -> str:
        written = text(value)
        if len(written) > most or not written.isascii():
            raise value.refusal(f"at most {most} ASCII characters")
        return written

    return parse


@shaped(shapes.TEXT)
def _sender(value: Value) -> str:
    written = text(value)
    if _SENDER.fullmatch(written) is None:
        raise value.refusal("a number, or a name of at most 11 letters, digits and blanks")
    return written
