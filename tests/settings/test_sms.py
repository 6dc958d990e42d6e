"""[[sms]]: one body, both places, names and header fields.

A case is what stands at the end of a small valid file: how many lines down the problem is, its key,
words of what was found and of what to write.
"""

from __future__ import annotations

import pytest

from tests.settings.samples import FORM, HTTP, SMALL, judge, read

ELKS = "[[sms]]\nkind = '46elks'\nusername = 'u'\npassword = 'p'\n"
TWILIO = "[[sms]]\nkind = 'twilio'\npassword = 'p'\n"
CASES = [
    ("[[sms]]\nurl = 'x'", 0, "sms[1].kind", "nothing", "http"),
    ("[[sms]]\nkind = 'htpp'", 1, "sms[1].kind", '"htpp"', '"http"'),
    (HTTP, 0, "sms[1].form", "neither", "{mobile}"),
    (HTTP + FORM + "json = { to = '{mobile}', m = '{text}' }", 4, "sms[1].json", "both", "one of"),
    (HTTP + "form = { to = '{mobile}' }", 3, "sms[1].form", "no {text}", "{text}"),
    (HTTP + "json = { m = '{text}' }", 3, "sms[1].json", "no {mobile}", "{mobile}"),
    (HTTP + "form = { to = '{mobile} {text} {phone}' }", 3, "sms[1].form.to", "{phone}", "{mobile}"),
    (HTTP + "form = { to = '{mobile} {text}', n = 1 }", 3, "sms[1].form.n", "1", "text"),
    (HTTP + "json = { to = '{mobile} {text}', d = 2026-01-01 }", 3, "sms[1].json.d", "a date", "JSON"),
    (HTTP + "json = { to = '{mobile} {text}', d = nan }", 3, "sms[1].json.d", "NaN", "JSON"),
    (HTTP + "method = 'GET'\njson = { to = '{mobile}', m = '{text}' }", 4, "sms[1].json", "GET", "a form"),
    (HTTP + FORM + "method = 'PUT'", 4, "sms[1].method", '"PUT"', '"POST"'),
    (HTTP + "json = 'x'", 3, "sms[1].json", '"x"', "a table"),
    (HTTP + FORM + "username = 'u'", 4, "sms[1].username", "alone", "password"),
    (HTTP + FORM + "username = 'u:v'\npassword = 'p'", 4, "sms[1].username", "colon", "without"),
    (HTTP + FORM + "headers = { Host = 'x' }", 4, "sms[1].headers.Host", '"Host"', "header field"),
    (HTTP + FORM + 'headers = { "X Y" = "x" }', 4, 'sms[1].headers."X Y"', '"X Y"', "header field"),
    (HTTP + FORM + 'headers = { X = "x\\r\\ny" }', 4, "sms[1].headers.X", "line ends", "one line"),
    (HTTP + FORM + "headers = { X = 'å' }", 4, "sms[1].headers.X", "other characters", "ASCII"),
    (HTTP + FORM + "timeout = '2m'", 4, "sms[1].timeout", '"2m"', '"1m"'),
    (HTTP + FORM + "path = 'x'", 4, "sms[1].path", "unknown key", "one of"),
    ("[[sms]]\nkind = 'http'\nurl = 'ftp://a/b'\n" + FORM, 2, "sms[1].url", "a text of", "http or https"),
    ("[[sms]]\nkind = 'outbox'\nname = 'a'\n[[sms]]\nkind = 'outbox'\nname = 'a'", 5, "sms[2].name", "twice", "its own"),
    (HTTP + FORM + "countries = ['SE', 'XX']", 4, "sms[1].countries[2]", '"XX"', "ISO 3166"),
    (HTTP + FORM + "countries = 'SE'", 4, "sms[1].countries", '"SE"', "a list"),
    (ELKS + "from = 'Säkerhet AB'", 4, "sms[1].from", "kerhet", "at most 11"),
    (ELKS + "form = { a = 'b' }\nfrom = 'A'", 4, "sms[1].form", "unknown key", "from"),
    (ELKS, 0, "sms[1].from", "nothing", "Portal"),
    (TWILIO + "from = 'A'", 0, "sms[1].account", "nothing", "AC"),
    (TWILIO + "account = 'AC1'\nfrom = 'A'", 3, "sms[1].account", '"AC1"', "32 hex"),
    ("[sms]\nkind = 'http'", 0, "sms", "a table", "[[sms]]"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[f"{n}-{case[2]}" for n, case in enumerate(CASES)])
def test_what_is_refused(tmp_path, case):
    judge(tmp_path, case)


def test_the_presets_know_their_forms(tmp_path):
    sid = "AC" + "0" * 32
    toml = f"""{ELKS}from = 'Portal'
    {TWILIO}account = '{sid}'\nfrom = '+46701234567'
    {TWILIO}account = '{sid}'\nfrom = 'MG{"a" * 32}'\nusername = 'SK1'\ncountries = ['NO']
    """
    elks, twilio, service = read(tmp_path, SMALL + toml).sms
    assert (elks.name, elks.url) == ("46elks-1", "https://api.46elks.com/a1/sms")
    assert dict(elks.form) == {"from": "Portal", "to": "{mobile}", "message": "{text}"}
    assert twilio.url == f"https://api.twilio.com/2010-04-01/Accounts/{sid}/Messages.json"
    assert dict(twilio.form) == {"From": "+46701234567", "To": "{mobile}", "Body": "{text}"}
    assert (twilio.username, twilio.countries) == (sid, ())
    assert dict(service.form)["MessagingServiceSid"] == "MG" + "a" * 32
    assert (service.username, service.countries, service.name) == ("SK1", ("NO",), "twilio-2")
