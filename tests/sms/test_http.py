"""gateway/sms/http.py against a provider that keeps to nothing."""

import asyncio
import base64
import json
import logging
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from urllib.parse import parse_qsl

import pytest

from gateway.auth.ports import Unavailable
from gateway.auth.sms_ports import Taken
from gateway.settings.model import Secret
from gateway.settings.phones import HttpSms
from gateway.sms.http import HttpSender
from tests.fakes import FakeEntropy
from tests.sms.conftest import MOBILE, TEXT, Misbehaving

pytestmark = pytest.mark.asyncio


@asynccontextmanager
async def sender_of(settings: HttpSms) -> AsyncIterator[HttpSender]:
    sender = HttpSender(settings, FakeEntropy())
    try:
        yield sender
    finally:
        await sender.close()


async def test_a_form_is_filled_and_the_provider_named(server: Misbehaving) -> None:
    async with sender_of(server.settings("ok")) as sender:
        assert await sender.send(MOBILE, TEXT) == Taken("first")
    (_, headers, body) = server.seen[0]
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert parse_qsl(body.decode(), strict_parsing=True) == [
        ("from", "Portvakt"), ("to", MOBILE), ("message", TEXT),
    ]  # fmt: skip


async def test_a_form_in_the_query(server: Misbehaving) -> None:
    settings = server.settings("ok?key=a%2Fb", method="GET")
    async with sender_of(settings) as sender:
        assert await sender.send(MOBILE, TEXT) == Taken("first")
    (path, headers, body) = server.seen[0]
    query = path.removeprefix("/ok?")
    assert query.startswith("key=a%2Fb&")
    assert parse_qsl(query, strict_parsing=True)[1:] == [
        ("from", "Portvakt"), ("to", MOBILE), ("message", TEXT),
    ]  # fmt: skip
    assert body == b""
    assert "Content-Type" not in headers


async def test_json_is_filled_at_every_depth(server: Misbehaving) -> None:
    template = {"to": ["{mobile}"], "body": {"text": "{text}", "{text}": 1, "flash": False}}
    settings = server.settings("ok", form=None, json=template)
    async with sender_of(settings) as sender:
        await sender.send(MOBILE, TEXT)
    (_, headers, body) = server.seen[0]
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body) == {
        "to": [MOBILE], "body": {"text": TEXT, "{text}": 1, "flash": False},
    }  # fmt: skip


async def test_a_value_is_never_read_as_a_template(server: Misbehaving) -> None:
    settings = server.settings("ok", form=(("m", "{text}{mobile}{other}{text}"),))
    async with sender_of(settings) as sender:
        await sender.send("{text}", "{mobile}")
    assert parse_qsl(server.seen[0][2].decode()) == [("m", "{mobile}{text}{other}{mobile}")]


async def test_headers_and_basic_auth(server: Misbehaving) -> None:
    settings = server.settings(
        "ok", headers=(("X-Api-Key", Secret("k3y")),), username="ux", password=Secret("pång")
    )
    async with sender_of(settings) as sender:
        await sender.send(MOBILE, TEXT)
    headers = server.seen[0][1]
    assert headers["X-Api-Key"] == "k3y"
    assert base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode() == "ux:pång"
    assert "aiohttp" not in headers["User-Agent"]


async def test_a_header_may_name_its_own_media_type(server: Misbehaving) -> None:
    settings = server.settings(
        "ok", form=None, json={"t": "{text}"},
        headers=(("Content-Type", Secret("application/vnd.sms+json")),),
    )  # fmt: skip
    async with sender_of(settings) as sender:
        await sender.send(MOBILE, TEXT)
    assert server.seen[0][1]["Content-Type"] == "application/vnd.sms+json"


@pytest.mark.parametrize(
    ("path", "success_text"),
    [
        ("ok", None),
        ("ok", "created"),
        ("refused", None),  # told to go by the status alone
        ("huge", None),
        ("huge", "created"),
        ("hang-after-head", None),  # the status said yes
        ("closes-midway", None),
    ],
)
async def test_yes(server: Misbehaving, path: str, success_text: str | None) -> None:
    async with sender_of(server.settings(path, success_text=success_text)) as sender:
        assert await sender.send(MOBILE, TEXT) == Taken("first")
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("path", "success_text"),
    [
        ("refused", "created"),
        ("broken", None),
        ("broken", TEXT),  # the text of success in an error is no success
        ("redirect", None),
        ("hang", None),
        ("hang-after-head", "created"),
        ("huge", "not there"),
        ("late-success", "created"),  # beyond 64 KiB
        ("closes", None),
        ("closes-midway", "created"),
        ("garbage", None),
    ],
)
async def test_no(
    server: Misbehaving, path: str, success_text: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    settings = server.settings(
        path, success_text=success_text, timeout=timedelta(seconds=1), password=Secret("pw-canary")
    )
    async with sender_of(settings) as sender:
        with pytest.raises(Unavailable) as caught:
            await sender.send(MOBILE, TEXT)
    assert len(server.seen) == 1, "asked once, redirect not followed"
    told = caplog.text + "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert caught.value.what == "sms first"
    for canary in (MOBILE, "70123", TEXT, "123456", "pw-canary"):
        assert canary not in told


async def test_a_huge_answer_is_not_read_to_its_end(server: Misbehaving) -> None:
    async with sender_of(server.settings("huge", success_text="not there")) as sender:
        with pytest.raises(Unavailable):
            await sender.send(MOBILE, TEXT)
        await asyncio.wait_for(server.released.wait(), 5)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://[::1", "gopher://x/", "http://"])
async def test_nobody_there(server: Misbehaving, url: str) -> None:
    async with sender_of(server.settings("", url=url)) as sender:
        with pytest.raises(Unavailable):
            await sender.send(MOBILE, TEXT)


async def test_no_proxy_variable_is_obeyed(
    server: Misbehaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1/")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1/")
    async with sender_of(server.settings("ok")) as sender:
        assert await sender.send(MOBILE, TEXT) == Taken("first")


async def test_no_cookie_is_kept(server: Misbehaving) -> None:
    async with sender_of(server.settings("cookie")) as sender:
        await sender.send(MOBILE, TEXT)
        await sender.send(MOBILE, TEXT)
    assert all("Cookie" not in headers for _, headers, _ in server.seen)


async def test_closing_twice_or_unused_is_fine(server: Misbehaving) -> None:
    sender = HttpSender(server.settings("ok"), FakeEntropy())
    await sender.close()
    await sender.send(MOBILE, TEXT)
    await sender.close()
    await sender.close()


async def test_a_cancelled_call_leaves_nothing_open(server: Misbehaving) -> None:
    async with sender_of(server.settings("hang")) as sender:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(sender.send(MOBILE, TEXT), 0.2)
        assert await asyncio.wait_for(_second(server, sender), 5)


async def _second(server: Misbehaving, sender: HttpSender) -> bool:
    server.released.set()
    return await sender.send(MOBILE, TEXT) == Taken("first")
