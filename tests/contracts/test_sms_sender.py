"""SmsSender: what every way to a phone must do, each against a real peer of its kind."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from gateway.auth.ports import Unavailable
from gateway.auth.sms_ports import Taken
from gateway.settings.model import Secret
from gateway.settings.phones import (
    Dialect,
    HttpSms,
    OutboxSms,
    SmppSms,
    SmtpSms,
    SmtpTls,
    Way,
)
from gateway.sms.making import Around, make_provider
from gateway.sms.provider import Provider
from gateway.system import SystemClock, SystemEntropy
from tests.sms.mail_server import MailServer
from tests.sms.smsc import Smsc

pytestmark = pytest.mark.asyncio

MOBILE = "+46701234567"
TEXT = "123456 är din kod ✓\n\n@portal.example.se #123456"
FORM = (("from", "Portal"), ("to", "{mobile}"), ("message", "{text}"))


@dataclass
class Phone:
    """A sender and its peer: what has arrived, and how the peer refuses or goes away."""

    provider: Provider
    arrived: Callable[[], list[str]]
    refuse: Callable[[], Any]


async def over_http(way: HttpSms, stack: AsyncExitStack) -> tuple[Way, Callable, Callable]:
    """An API that answers as 46elks and Twilio both do."""
    texts: list[str] = []
    refusing = []

    async def answer(request: web.Request) -> web.Response:
        if refusing:
            return web.json_response({"code": 20003, "message": f"no {MOBILE}"}, status=401)
        texts.append((await request.post())["message"])
        body = {"status": "created", "id": "i1", "sid": "i1"}
        return web.json_response(body, status=201)

    app = web.Application()
    app.router.add_post("/", answer)
    server = await stack.enter_async_context(TestServer(app, host="127.0.0.1"))
    return replace(way, url=str(server.make_url("/"))), lambda: texts, lambda: refusing.append(1)


async def over_smpp(stack: AsyncExitStack) -> tuple[Way, Callable, Callable]:
    smsc = await stack.enter_async_context(Smsc())
    way = SmppSms(
        name="x", host="127.0.0.1", port=smsc.port, tls=False, username="u",
        password=Secret("pw"), system_type="", sender="Portal",
    )  # fmt: skip

    def texts() -> list[str]:
        return [one.message.decode("utf-16-be") for one in smsc.submitted]

    def refuse() -> None:
        smsc.status = 0x14  # the queue is full
        smsc.submitted.clear()

    return way, texts, refuse


async def over_smtp(stack: AsyncExitStack) -> tuple[Way, Callable, Callable]:
    server = await stack.enter_async_context(MailServer())
    way = SmtpSms(
        name="x", host="127.0.0.1", port=server.port, tls=SmtpTls.NONE, tls_ca=None, username=None,
        password=None, sender="a@example.se", recipient="{mobile}@example.se", subject="",
    )  # fmt: skip

    def texts() -> list[str]:
        bodies = [one.get_content() for one in server.messages()]
        return [body.replace("\r\n", "\n").rstrip("\n") for body in bodies]

    return way, texts, lambda: server.answers.update(DATA="451 later")


def over_files(tmp_path: Path) -> tuple[Way, Callable, Callable]:
    outbox = tmp_path / "outbox.jsonl"

    def texts() -> list[str]:
        lines = outbox.read_text().splitlines() if outbox.is_file() else []
        return [json.loads(line)["text"] for line in lines]

    def refuse() -> None:
        outbox.unlink(missing_ok=True)
        outbox.mkdir()

    return OutboxSms(name="x", path=outbox), texts, refuse


@pytest_asyncio.fixture(params=["http", "46elks", "twilio", "smpp", "smtp", "outbox"])
async def phone(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Phone]:
    async with AsyncExitStack() as stack:
        match request.param:
            case "smpp":
                way, arrived, refuse = await over_smpp(stack)
            case "smtp":
                way, arrived, refuse = await over_smtp(stack)
            case "outbox":
                way, arrived, refuse = over_files(tmp_path)
            case kind:
                plain = HttpSms(name="x", url="", form=FORM, dialect=Dialect(kind))
                way, arrived, refuse = await over_http(plain, stack)
        way = replace(way, timeout=timedelta(seconds=5))
        around = Around(SystemClock(), SystemEntropy(), lambda _: None, lambda _: "")
        provider = make_provider(way, around)
        stack.push_async_callback(provider.close)
        yield Phone(provider, arrived, refuse)


async def test_a_message_arrives_once_and_whole(phone: Phone) -> None:
    taken = await phone.provider.send(MOBILE, TEXT)
    assert isinstance(taken, Taken)
    assert taken.provider == "x"
    assert phone.arrived() == [TEXT]


async def test_several_at_once(phone: Phone) -> None:
    texts = [f"{number:06} ✓" for number in range(12)]
    await asyncio.gather(*(phone.provider.send(MOBILE, text) for text in texts))
    assert sorted(phone.arrived()) == texts


async def test_a_no_is_unavailable_and_tells_nothing(
    phone: Phone, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="portvakt")
    phone.refuse()
    with pytest.raises(Unavailable, match=r"\Asms x\Z") as caught:
        await phone.provider.send(MOBILE, TEXT)
    ours = [one.getMessage() for one in caplog.records if one.name.startswith("portvakt")]
    told = "".join([*ours, *traceback.format_exception(caught.value)])
    for canary in ("70123", "123456", "är din kod"):
        assert canary not in told


async def test_after_closing_and_twice(phone: Phone) -> None:
    await phone.provider.send(MOBILE, TEXT)
    await phone.provider.close()
    await phone.provider.close()
