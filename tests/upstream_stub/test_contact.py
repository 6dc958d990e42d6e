"""Kontakta oss: a form that posts, and a receipt for its sender alone."""

from __future__ import annotations

import pytest

from tests.upstream_stub.conftest import ANNA

pytestmark = pytest.mark.asyncio

BOB = {"X-Remote-User": "bob"}


async def send(portal, fields: dict[str, str], who: dict[str, str] = ANNA):
    return await portal.request("POST", "/kontakta-oss", data=fields, headers=who)


async def test_a_message_leads_to_a_receipt_that_only_its_sender_reads(portal):
    form = await portal.get("/kontakta-oss", headers=ANNA)
    assert 'method="post"' in form.text
    assert "svaret kommer till anna@example.com" in form.text
    sent = await send(portal, {"amne": "Lön", "meddelande": " <b>Fel</b> på OB & natt "})
    assert sent.status == 303
    receipt = await portal.get(sent.headers["Location"], headers=ANNA)
    assert receipt.status == 200
    assert sent.headers["Location"].removeprefix("/kontakta-oss/kvitto?nr=") in receipt.text
    assert "&lt;b&gt;Fel&lt;/b&gt; på OB &amp; natt</dd>" in receipt.text
    for other in (BOB, {}):
        assert (await portal.get(sent.headers["Location"], headers=other)).status == 404


async def test_each_message_has_its_own_number(portal):
    fields = {"amne": "Annat", "meddelande": "Hej"}
    numbers = {(await send(portal, fields)).headers["Location"] for _ in range(3)}
    assert len(numbers) == 3


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"amne": "Lön", "meddelande": "  "},
        {"amne": "Annat ämne", "meddelande": "Behåll mig"},
        {"amne": "Lön", "meddelande": "Behåll mig" + "a" * 4000},
    ],
    ids=["nothing", "no message", "no such subject", "too long"],
)
async def test_a_form_not_filled_in_comes_back_as_it_was(portal, fields):
    page = await send(portal, fields)
    assert page.status == 422
    assert 'role="alert"' in page.text
    assert ("Behåll mig" in page.text) == ("Behåll mig" in fields.get("meddelande", ""))
