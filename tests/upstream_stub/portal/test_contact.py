"""The contact form, and the receipt that is its sender's alone."""

from __future__ import annotations

import re

import pytest

from upstream_stub.portal import contact
from upstream_stub.portal.contact import Case, Cases

ASA, BO = {"X-Remote-User": "asa"}, {"X-Remote-User": "bo"}
FORM = {"amne": "Lön", "meddelande": "Räksmörgås?\r\n<b>Hej</b>"}


@pytest.mark.asyncio
async def test_a_message_gets_a_receipt(portal):
    async with portal.session.post(
        portal.url("/kontakta-oss"), data=FORM, headers=ASA, allow_redirects=False
    ) as answer:
        assert answer.status == 303
        location = answer.headers["Location"]
    assert re.fullmatch(r"/kontakta-oss/kvitto\?nr=MP-\d+", location)
    status, text = await portal.get(location, **ASA)
    assert status == 200
    assert f'<strong id="arende">{location.partition("=")[2]}</strong>' in text
    assert "<dd>Lön</dd>" in text
    assert "&lt;b&gt;Hej&lt;/b&gt;" in text
    assert (await portal.get(location, **BO))[0] == 404
    assert (await portal.get(location))[0] == 404


@pytest.mark.parametrize(
    "change",
    [{"amne": ""}, {"amne": "Nej"}, {"meddelande": " \r\n"}, {"meddelande": "x" * 4001}],
    ids=["no subject", "another subject", "blank", "too long"],
)
@pytest.mark.asyncio
async def test_a_form_that_says_nothing_comes_back_with_what_was_written(portal, change):
    status, text = await portal.post("/kontakta-oss", {**FORM, **change}, headers=ASA)
    assert status == 422
    assert 'role="alert"' in text
    if change.get("amne") is not None:
        assert "Räksmörgås?" in text
    else:
        assert "<option selected>Lön</option>" in text


@pytest.mark.asyncio
async def test_a_post_without_a_form_is_no_error(portal):
    assert (await portal.post("/kontakta-oss"))[0] == 422
    assert (await portal.get("/kontakta-oss/kvitto"))[0] == 404


def test_old_messages_are_let_go(monkeypatch):
    monkeypatch.setattr(contact, "_KEPT", 2)
    cases = Cases()
    numbers = [cases.file(Case("asa", "Lön", str(n))) for n in range(3)]
    assert len(set(numbers)) == 3
    assert [cases.of(number, "asa") is not None for number in numbers] == [False, True, True]
    assert cases.of(numbers[2], "bo") is None
