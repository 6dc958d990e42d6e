"""The SMS API and the phone's page, over HTTP."""

from __future__ import annotations

import asyncio
import json
import re

import aiohttp
import pytest

from tests.upstream_stub.served import served
from upstream_stub import make_phone

ANNA, BO = "+46701234567", "+46737654321"
TEXT = "482913 is your one-time password for Securitas.\n\n@localhost #482913"


def form(to: str = ANNA, text: str = TEXT) -> dict[str, str]:
    return {"from": "Portvakt", "to": to, "message": text}


async def texts(phone, query: str = "") -> list[str]:
    return [m["message"] for m in (await phone.json(f"/messages.json{query}"))["messages"]]


@pytest.mark.asyncio
async def test_a_message_is_taken_and_shown(phone):
    status, text = await phone.post("/a1/sms", form())
    assert status == 200
    sent = json.loads(text)
    assert (sent["status"], sent["to"], sent["message"]) == ("created", ANNA, TEXT)
    assert await phone.json("/messages.json") == {"messages": [sent]}
    _, page = await phone.get("/")
    assert re.findall(r'<strong class="code">(.*?)</strong>', page) == ["482913"]
    assert "@localhost #482913" in page
    assert 'lang="en"' in page
    assert re.search(r"<noscript><meta http-equiv=.refresh. content=.\d+.></noscript>", page)


@pytest.mark.parametrize("missing", ["from", "to", "message"])
@pytest.mark.asyncio
async def test_a_missing_field_is_named_in_one_line(phone, missing):
    answer = await phone.post("/a1/sms", {k: v for k, v in form().items() if k != missing})
    assert answer == (400, f"Missing key {missing}")
    assert await texts(phone) == []


@pytest.mark.asyncio
async def test_json_is_no_form(phone):
    assert await phone.post("/a1/sms", json=form()) == (400, "Missing key from")


@pytest.mark.asyncio
async def test_credentials_where_they_are_wanted():
    async with served(make_phone(credentials=("user", "påss:word"))) as phone:
        right = aiohttp.encode_basic_auth("user", "påss:word", "utf-8")
        for given, status in (
            ({}, 401),
            ({"Authorization": "Basic !!!"}, 401),
            ({"Authorization": "Bearer x"}, 401),
            ({"Authorization": aiohttp.encode_basic_auth("user", "wrong")}, 401),
            ({"Authorization": right}, 200),
        ):
            assert (await phone.post("/a1/sms", form(), headers=given))[0] == status, given
        assert await texts(phone) == [TEXT]


@pytest.mark.asyncio
async def test_numbers_are_phones_of_their_own_newest_last(phone):
    for to, text in ((ANNA, "first"), (BO, "other"), (ANNA, "second")):
        await phone.post("/a1/sms", form(to, text))
    assert await texts(phone, "?to=%2B46701234567") == ["first", "second"]
    _, page = await phone.get("/")
    assert re.findall(r"<p>(first|second|other)</p>", page) == ["first", "second"]
    assert re.search(r'id="newest">\s*<p>second</p>', page)
    _, page = await phone.get("/?to=%2B46737654321")
    assert re.findall(r"<p>(first|second|other)</p>", page) == ["other"]
    assert re.findall(r'href="/\?to=(.*?)"', page) == ["%2B46701234567", "%2B46737654321"]
    _, page = await phone.get("/?to=%2B46700000000")
    assert "No messages yet." in page


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Din kod är 555123.", ["555123"]),
        ("1234 or 12345678", ["1234", "12345678"]),
        ("@host #123456", []),
        ("room 123, call 0701234567, a1234", []),
    ],
)
@pytest.mark.asyncio
async def test_codes_stand_out(phone, text, codes):
    await phone.post("/a1/sms", form(text=text))
    _, page = await phone.get("/")
    assert re.findall(r'<strong class="code">(.*?)</strong>', page) == codes


@pytest.mark.asyncio
async def test_a_message_is_text_and_never_markup(phone):
    await phone.post("/a1/sms", form(text="<script>alert(1)</script> & 123456"))
    _, page = await phone.get("/?to=%22%3E%3Cscript%3E")
    assert "<script>" not in page
    _, page = await phone.get("/")
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; " in page


@pytest.mark.asyncio
async def test_events_tell_the_count_now_and_with_each_message(phone):
    await phone.post("/a1/sms", form())
    async with phone.session.get(phone.url("/events")) as stream:
        for count in (1, 2, 3):
            event = await asyncio.wait_for(stream.content.readuntil(b"\n\n"), 5)
            assert event == f"event: messages\ndata: {count}\n\n".encode()
            _, page = await phone.get("/")
            assert f'data-count="{count}"' in page
            await phone.post("/a1/sms", form())


@pytest.mark.parametrize(("mode", "status"), [("fail", 500), ("garble", 200)])
@pytest.mark.asyncio
async def test_faults_deliver_nothing_and_pass(phone, mode, status):
    answer = await phone.post("/fail", {"mode": mode, "count": "2"})
    assert answer == (200, json.dumps({"mode": mode, "count": 2}))
    for _ in range(2):
        async with phone.session.post(phone.url("/a1/sms"), data=form()) as answer:
            assert answer.status == status
            assert b"created" not in await answer.read()
    assert await texts(phone) == []
    assert (await phone.post("/a1/sms", form()))[0] == 200


@pytest.mark.asyncio
async def test_a_hanging_send_does_not_hold_up_the_others(phone):
    await phone.post("/fail", {"mode": "hang", "count": "1"})
    with pytest.raises(TimeoutError):
        await phone.post("/a1/sms", form(), timeout=aiohttp.ClientTimeout(total=0.1))
    assert (await phone.post("/a1/sms", form()))[0] == 200
    assert await texts(phone) == [TEXT]


@pytest.mark.parametrize(
    "order", [{"mode": "explode"}, {"count": "many"}, {"count": "-1"}, {"count": "10001"}]
)
@pytest.mark.asyncio
async def test_an_order_that_makes_no_sense_is_refused(phone, order):
    assert (await phone.post("/fail", order))[0] == 400
    assert (await phone.post("/a1/sms", form()))[0] == 200


@pytest.mark.parametrize("name", ["phone.css", "phone.js", "phone.svg"])
@pytest.mark.asyncio
async def test_the_look_is_served(phone, name):
    assert (await phone.get(f"/static/{name}"))[0] == 200
