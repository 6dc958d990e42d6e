"""gateway/settings/sms_mail.py: server, addresses and the template of the recipient."""

from __future__ import annotations

import pytest

from gateway.settings.phones import SmtpTls
from tests.settings.samples import SMALL, judge, read

MAIL = "[[sms]]\nkind = 'smtp'\nhost = 'mail.example.se'\nfrom = 'a@example.se'\n"
TO = "to = '{mobile}@sms.example.se'\n"
CASES = [
    (MAIL, 0, "sms[1].to", "nothing", "{mobile}@"),
    (MAIL + "to = 'a@example.se'", 4, "sms[1].to", "neither", "{digits}"),
    (MAIL + "to = '{mobile} <a>@example.se'", 4, "sms[1].to", "<a>", "e-mail address"),
    (MAIL + "to = '{mobile}@a b'", 4, "sms[1].to", "@a b", "e-mail address"),
    (MAIL + "to = '{text}@example.se'", 4, "sms[1].to", "{text}", "{mobile}"),
    (MAIL + 'to = "{mobile}@a.se\\r\\nBcc: b"', 4, "sms[1].to", "Bcc", "one line"),
    (MAIL + TO + 'subject = "a\\nBcc: b"', 5, "sms[1].subject", "Bcc", "one line"),
    (MAIL + TO + "subject = '{text}'", 5, "sms[1].subject", "{text}", "{mobile}"),
    (MAIL + TO + "username = 'u'", 5, "sms[1].username", "alone", "together"),
    (MAIL + TO + "tls = 'ssl'", 5, "sms[1].tls", '"ssl"', '"starttls"'),
    (MAIL + TO + "port = 0", 5, "sms[1].port", "0", "65535"),
    (MAIL + TO + "tls_ca = 'none.pem'", 5, "sms[1].tls_ca", "no such file", "readable file"),
    (MAIL.replace("a@ex", "a, b@ex") + TO, 3, "sms[1].from", "a, b@", "e-mail address"),
    (MAIL.replace("mail.", "smtp://mail.") + TO, 2, "sms[1].host", "smtp://", "host name"),
]


@pytest.mark.parametrize("case", CASES, ids=[f"{n}-{case[2]}" for n, case in enumerate(CASES)])
def test_what_is_refused(tmp_path, case):
    judge(tmp_path, case)


@pytest.mark.parametrize(
    ("tls", "port", "expected"),
    [
        ("", "", (SmtpTls.STARTTLS, 587)),
        ("tls = 'tls'\n", "", (SmtpTls.TLS, 465)),
        ("tls = 'none'\n", "", (SmtpTls.NONE, 25)),
        ("tls = 'none'\n", "port = 2525\n", (SmtpTls.NONE, 2525)),
    ],
)
def test_ports_follow_the_way_of_encryption(tmp_path, tls, port, expected):
    (way,) = read(tmp_path, SMALL + MAIL + TO + tls + port).sms
    assert (way.tls, way.port) == expected
    assert (way.recipient, way.subject) == ("{mobile}@sms.example.se", "")
