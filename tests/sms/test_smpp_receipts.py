"""gateway/sms/smpp_receipts.py: text or optional parameters; only last states; nothing odd."""

from dataclasses import dataclass, field
from typing import NamedTuple

import pytest

from gateway.auth.sms_ports import Receipt
from gateway.sms.smpp_receipts import receipt_of


class Tlv(NamedTuple):
    tag: int
    value: bytes


@dataclass
class Event:
    short_message: bytes = b""
    tlvs: list[Tlv] = field(default_factory=list)
    esm_class: int = 0x04


TEXT = b"id:%s sub:001 dlvrd:001 submit date:2611221204 done date:2611221204 stat:%s err:000 text:"
NAME, STATE = 0x1E, 0x427


@pytest.mark.parametrize(
    ("event", "name", "arrived"),
    [
        (Event(TEXT % (b"0a1b-2", b"DELIVRD")), "0a1b-2", True),
        (Event(TEXT % (b"77", b"EXPIRED")), "77", False),
        (Event(TEXT % (b"77", b"UNDELIV")), "77", False),
        (Event(b"ID: 77 stat:REJECTD"), "77", False),
        (Event(tlvs=[Tlv(NAME, b"abc\0"), Tlv(STATE, b"\x02")]), "abc", True),
        (Event(tlvs=[Tlv(NAME, b"abc"), Tlv(STATE, b"\x05")]), "abc", False),
        (Event(TEXT % (b"77", b"DELIVRD"), [Tlv(NAME, b"78\0")]), "78", True),
        (Event(TEXT % (b"77", b"DELIVRD"), esm_class=0x44), "77", True),
    ],
)
def test_last_states(event, name, arrived):
    assert receipt_of("smsc", event) == Receipt("smsc", name, arrived=arrived)


@pytest.mark.parametrize(
    "event",
    [
        Event(TEXT % (b"77", b"DELIVRD"), esm_class=0),  # somebody sends us an SMS
        Event(TEXT % (b"77", b"DELIVRD"), esm_class=0x20),
        Event(TEXT % (b"77", b"ACCEPTD")),
        Event(TEXT % (b"77", b"ENROUTE")),
        Event(tlvs=[Tlv(NAME, b"abc\0"), Tlv(STATE, b"\x01")]),
        Event(tlvs=[Tlv(NAME, b"a\0b\0"), Tlv(STATE, b"\x02")]),
        Event(tlvs=[Tlv(NAME, b"\xc3\xa5"), Tlv(STATE, b"\x02")]),
        Event(tlvs=[Tlv(NAME, b"x" * 66), Tlv(STATE, b"\x02")]),
        Event(tlvs=[Tlv(STATE, b"\x02")]),
        Event(tlvs=[Tlv(NAME, b"a"), Tlv(STATE, b"")]),
        Event(b"stat:DELIVRD"),
        Event(b""),
    ],
)
def test_everything_else(event):
    assert receipt_of("smsc", event) is None
