"""gateway/sms/http_receipts.py: the forms that 46elks and Twilio post."""

import pytest

from gateway.auth.sms_ports import Receipt
from gateway.settings.phones import Dialect, HttpSms
from gateway.sms.http_receipts import receipt_of

ELKS, TWILIO, PLAIN = (
    HttpSms(name=dialect.value, url="http://x/", dialect=dialect, receipts=True)
    for dialect in (Dialect.ELKS, Dialect.TWILIO, Dialect.PLAIN)
)


@pytest.mark.parametrize(
    ("way", "fields", "arrived"),
    [
        (ELKS, {"id": "s1", "status": "delivered", "delivered": "2026-11-22T12:04:03"}, True),
        (ELKS, {"id": "s1", "status": "failed"}, False),
        (TWILIO, {"MessageSid": "s1", "MessageStatus": "delivered", "To": "+46701234567"}, True),
        (TWILIO, {"MessageSid": "s1", "MessageStatus": "undelivered", "ErrorCode": "30003"}, False),
        (PLAIN, {"id": "s1", "status": "delivered"}, True),
        (PLAIN, {"id": "s1", "status": "1"}, True),
        (PLAIN, {"id": "s1", "status": "2"}, False),
        (PLAIN, {"id": "s1", "status": "16"}, False),
    ],
)
def test_last_states(way, fields, arrived):
    assert receipt_of(way, fields) == Receipt(way.name, "s1", arrived=arrived)


@pytest.mark.parametrize(
    ("way", "fields"),
    [
        (ELKS, {"id": "s1", "status": "sent"}),
        (ELKS, {"status": "delivered"}),
        (ELKS, {"id": "a b", "status": "delivered"}),
        (ELKS, {"id": "x" * 129, "status": "delivered"}),
        (ELKS, {"MessageSid": "s1", "MessageStatus": "delivered"}),
        (TWILIO, {"MessageSid": "s1", "MessageStatus": "queued"}),
        (TWILIO, {}),
        (PLAIN, {"id": "s1", "status": "8"}),
        (ELKS, {"id": "s1", "status": "1"}),
        (HttpSms(name="silent", url="http://x/"), {"id": "s1", "status": "delivered"}),
    ],
)
def test_everything_else(way, fields):
    assert receipt_of(way, fields) is None
