"""The rules of the SMS provider, and the inbox."""

from __future__ import annotations

import asyncio

import pytest

from upstream_stub.phone import messages
from upstream_stub.phone.messages import Inbox, Message, Refused, message_of, parts_of

FORM = {"from": "Portvakt", "to": "+46701234567", "message": "Hej"}


def message(to: str, text: str = "x") -> Message:
    return message_of({**FORM, "to": to, "message": text})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"from": ""}, "Missing key from"),
        ({"to": ""}, "Missing key to"),
        ({"message": ""}, "Missing key message"),
        *(
            ({"to": to}, "Invalid to number")
            for to in ("0701234567", "46701234567", "+0701234567", "+46 70 123", "+123", "+4670\n")
        ),
        *(({"from": name}, "Invalid from") for name in ("AB", "Å" * 4, "TwelveChars1", "1abc")),
    ],
)
def test_what_the_provider_refuses(change, reason):
    with pytest.raises(Refused, match=reason):
        message_of({**FORM, **change})


@pytest.mark.parametrize("name", ["Abc", "Portvakt", "ElevenChar1", "+46766861004"])
def test_who_may_be_the_sender(name):
    assert message_of({**FORM, "from": name}).sender == name


def test_the_answer_has_the_shape_of_the_provider():
    seen = message_of(FORM).as_json()
    assert seen.pop("id").startswith("s")
    assert len(seen.pop("created")) == len("2026-01-01T00:00:00.000000")
    assert seen == {
        "status": "created",
        "direction": "outgoing",
        "from": "Portvakt",
        "to": "+46701234567",
        "parts": 1,
        "cost": 3500,
        "message": "Hej",
    }


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("å" * 160, 1),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("•" * 70, 1),
        ("•" * 71, 2),
        ("👌" * 35, 1),
        ("👌" * 36, 2),
    ],
)
def test_how_many_parts_a_text_takes(text, parts):
    assert parts_of(text) == parts


@pytest.mark.asyncio
async def test_the_inbox_keeps_order_and_numbers_apart(monkeypatch):
    monkeypatch.setattr(messages, "KEPT", 3)
    inbox = Inbox()
    for to, text in (("+4670111111", "1"), ("+4670222222", "2"), ("+4670111111", "3")):
        await inbox.deliver(message(to, text))
    assert [one.text for one in inbox.of()] == ["1", "2", "3"]
    assert [one.text for one in inbox.of("+4670111111")] == ["1", "3"]
    assert inbox.of("+4670333333") == []
    assert inbox.numbers() == ["+4670111111", "+4670222222"]
    await inbox.deliver(message("+4670222222", "4"))
    assert [one.text for one in inbox.of()] == ["2", "3", "4"]
    assert (inbox.count, inbox.numbers()) == (4, ["+4670222222", "+4670111111"])


@pytest.mark.asyncio
async def test_every_reader_is_woken_by_the_next_message():
    inbox = Inbox()
    readers = [asyncio.ensure_future(inbox.wait_beyond(0)) for _ in range(3)]
    await asyncio.sleep(0)
    assert not any(reader.done() for reader in readers)
    await inbox.deliver(message("+4670111111"))
    assert await asyncio.wait_for(asyncio.gather(*readers), 5) == [1, 1, 1]
    assert await inbox.wait_beyond(0) == 1
