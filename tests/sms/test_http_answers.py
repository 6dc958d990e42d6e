"""gateway/sms/http_answers.py: what each API means by its answers."""

import json

import pytest

from gateway.settings.phones import Dialect, HttpSms
from gateway.sms.http_answers import Answer, Verdict, judge

YES = {"status": "created", "id": "s70df59406a1b4643b96f3f91e0bfb7b0", "cost": 3500}
QUEUED = {"status": "queued", "sid": "SM" + "0" * 32, "error_code": None}

NO = Verdict(yes=False)
DECLINED = Verdict(yes=False, of_message=True)


@pytest.mark.parametrize(
    ("dialect", "status", "body", "verdict"),
    [
        (Dialect.ELKS, 200, YES, Verdict(yes=True, id=YES["id"])),
        (Dialect.ELKS, 200, {**YES, "status": "failed"}, DECLINED),
        (Dialect.ELKS, 200, {"status": "created"}, NO),
        (Dialect.ELKS, 200, {**YES, "id": "a b"}, NO),
        (Dialect.ELKS, 200, "<html>Welcome to our WLAN</html>", NO),
        (Dialect.ELKS, 200, [YES], NO),
        (Dialect.ELKS, 200, "[" * 60_000, NO),
        (Dialect.ELKS, 400, "Invalid to number", DECLINED),
        (Dialect.ELKS, 401, "Authorization required", NO),
        (Dialect.ELKS, 402, "Not enough credits", NO),
        (Dialect.ELKS, 500, "", NO),
        (Dialect.TWILIO, 201, QUEUED, Verdict(yes=True, id=QUEUED["sid"])),
        (Dialect.TWILIO, 201, {**QUEUED, "status": "undelivered", "error_code": 30003},
         Verdict(yes=False, error="30003", of_message=True)),
        (Dialect.TWILIO, 201, YES, NO),
        (Dialect.TWILIO, 400, {"code": 21211, "message": "+46 is not a phone number"},
         Verdict(yes=False, error="21211", of_message=True)),
        (Dialect.TWILIO, 401, {"code": 20003}, Verdict(yes=False, error="20003")),
        (Dialect.TWILIO, 429, {"code": 10**9}, NO),
        (Dialect.TWILIO, 429, {"code": "20429"}, NO),
        (Dialect.PLAIN, 204, "", Verdict(yes=True)),
        (Dialect.PLAIN, 422, "", DECLINED),
        (Dialect.PLAIN, 302, "", NO),
    ],
)  # fmt: skip
def test_verdicts(dialect, status, body, verdict):
    content = body if isinstance(body, str) else json.dumps(body)
    settings = HttpSms(name="x", url="http://x/", dialect=dialect)
    assert judge(settings, Answer(status, content.encode())) == verdict


def test_the_text_of_success():
    settings = HttpSms(name="x", url="http://x/", success_text="ok")
    assert judge(settings, Answer(200, b"all ok")) == Verdict(yes=True)
    assert judge(settings, Answer(200, b"no")) == NO
    assert judge(settings, Answer(400, b"ok")) == DECLINED
