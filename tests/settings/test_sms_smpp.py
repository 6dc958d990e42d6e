"""gateway/settings/sms_smpp.py: the lengths of the protocol, and ports by TLS."""

from __future__ import annotations

import pytest

from tests.settings.samples import SMALL, judge, read

SMSC = "[[sms]]\nkind = 'smpp'\nhost = 'smsc.example.se'\nusername = 'esme'\nfrom = 'Portal'\n"
PASSWORD = "password = 'pw'\n"
CASES = [
    (SMSC, 0, "sms[1].password", "nothing", "SMS_PASSWORD"),
    (SMSC + "password = 'ninechars'", 5, "sms[1].password", "longer", "8 ASCII"),
    (SMSC + PASSWORD + "system_type = 'thirteenchars'", 6, "sms[1].system_type", "thirteen", "12"),
    (
        SMSC.replace("'esme'", "'sixteencharacter'") + PASSWORD,
        3,
        "sms[1].username",
        "sixteen",
        "15",
    ),
    (SMSC.replace("'Portal'", "'Hejsan & Co'") + PASSWORD, 4, "sms[1].from", "&", "11 letters"),
    (SMSC + PASSWORD + "tls = 'starttls'", 6, "sms[1].tls", "starttls", '"tls"'),
    (SMSC + PASSWORD + "tls_ca = 'ca.pem'", 6, "sms[1].tls_ca", "unknown key", "tls"),
]


@pytest.mark.parametrize("case", CASES, ids=[f"{n}-{case[2]}" for n, case in enumerate(CASES)])
def test_what_is_refused(tmp_path, case):
    judge(tmp_path, case)


@pytest.mark.parametrize(
    ("tls", "expected"),
    [("", (True, 3550)), ("tls = 'none'\n", (False, 2775)), ("port = 99\n", (True, 99))],
)
def test_ports_follow_tls(tmp_path, tls, expected):
    (way,) = read(tmp_path, SMALL + SMSC + PASSWORD + tls).sms
    assert (way.tls, way.port) == expected
