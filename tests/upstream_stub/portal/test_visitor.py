"""Who the portal believes is asking."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from upstream_stub.portal.visitor import Visitor, fields_shown, visitor_of

ASA = {
    "X-Remote-User": "asa",
    "X-Remote-Name": "%C3%85sa%20Berg",
    "X-Remote-Email": "asa@securitas.se",
    "X-Remote-Groups": "hr,v%C3%A4ktare, ",
}


def asking(*pairs: tuple[str, str]):
    return make_mocked_request("GET", "/", headers=CIMultiDict(pairs))


def test_the_fields_are_believed_and_decoded():
    expected = Visitor("asa", "Åsa Berg", "asa@securitas.se", ("hr", "väktare"))
    assert visitor_of(asking(*ASA.items())) == expected


@pytest.mark.parametrize(
    ("name", "user", "shown", "initials"),
    [
        ("Åsa Berg", "asa", "Åsa Berg", "ÅB"),
        ("Åsa Maria af Berg", "asa", "Åsa Maria af Berg", "ÅB"),
        ("Åsa", "asa", "Åsa", "Å"),
        ("", "asa", "asa", "A"),
        ("", "", "Okänd besökare", "OB"),
    ],
)
def test_what_to_call_somebody(name, user, shown, initials):
    visitor = Visitor(user, name, "", ())
    assert (visitor.shown, visitor.initials) == (shown, initials)


@pytest.mark.parametrize("value", [b"%FF%FE", b"\xff\xfe"], ids=["encoded", "raw"])
@pytest.mark.asyncio
async def test_bytes_that_are_no_text_can_be_shown(portal, value):
    head = b"GET /mitt-securitas/vem-ar-jag HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    answer = await portal.send(head + b"X-Remote-Name: " + value + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert '<dd id="name">\ufffd\ufffd</dd>' in answer.decode()


def test_every_identity_field_is_shown_repeats_and_spellings_too():
    pairs = (("x-remote-user", "a"), ("X-REMOTE-USER", "b"), ("Accept", "*/*"))
    assert [field[:2] for field in fields_shown(asking(*pairs))] == [
        ("x-remote-user", "a"),
        ("X-REMOTE-USER", "b"),
    ]
