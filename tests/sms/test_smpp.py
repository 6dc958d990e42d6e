"""gateway/sms/smpp.py against an SMSC that was written from the specification."""

import asyncio
import logging
import ssl
import struct
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from gateway.auth.ports import Unavailable
from gateway.auth.sms_ports import Receipt, Taken
from gateway.settings.model import Secret
from gateway.settings.phones import SmppSms
from gateway.sms import smpp
from gateway.sms.provider import Declined
from gateway.sms.smpp import SmppSender
from gateway.system import SystemClock
from tests.sms.conftest import MOBILE
from tests.sms.smsc import UNBIND, Smsc
from tests.system.certificates import Authority

pytestmark = pytest.mark.asyncio

TEXT = "123456 is your code"


def settings(smsc: Smsc, **changes: Any) -> SmppSms:
    given: dict[str, Any] = {
        "name": "smsc", "host": "127.0.0.1", "port": smsc.port, "tls": False, "username": "esme",
        "password": Secret("pw"), "system_type": "", "sender": "Portal",
        "timeout": timedelta(seconds=5),
    }  # fmt: skip
    return SmppSms(**{**given, **changes})


class Heard:
    def __init__(self) -> None:
        self.receipts: list[Receipt] = []
        self._more = asyncio.Event()

    def __call__(self, receipt: Receipt) -> None:
        self.receipts.append(receipt)
        self._more.set()

    async def next(self) -> Receipt:
        async with asyncio.timeout(5):
            while not self.receipts:
                self._more.clear()
                await self._more.wait()
        return self.receipts.pop(0)


@asynccontextmanager
async def sender_of(
    smsc: Smsc, heard: Heard | None = None, **changes: Any
) -> AsyncIterator[SmppSender]:
    sender = SmppSender(settings(smsc, **changes), SystemClock(), heard or Heard())
    try:
        yield sender
    finally:
        await sender.close()


async def test_a_message_in_the_gsm_alphabet() -> None:
    async with Smsc() as smsc, sender_of(smsc) as sender:
        assert await sender.send(MOBILE, "Hej @ å") == Taken("smsc", ("id1",))
        assert await sender.send(MOBILE, TEXT) == Taken("smsc", ("id2",))
        (first, _) = smsc.submitted
        assert first.source == (5, 0, "Portal")
        assert first.to == (1, 1, "46701234567")
        assert (first.esm_class, first.registered, first.coding) == (0, 1, 0)
        assert first.message == b"Hej \x00 \x0f"
        assert len(smsc.writers) == 1, "bound once"
    assert smsc.commands[-1] == UNBIND, "a clean end"


@pytest.mark.parametrize(
    ("sender", "source"),
    [("+46701111111", (1, 1, "46701111111")), ("71234", (0, 1, "71234"))],
)
async def test_who_it_is_from(sender: str, source: tuple[int, int, str]) -> None:
    async with Smsc() as smsc, sender_of(smsc, sender=sender) as sending:
        await sending.send(MOBILE, TEXT)
    assert smsc.submitted[0].source == source


@pytest.mark.parametrize(
    ("text", "count", "coding"),
    [("å" * 161, 2, 0), ("✓" * 70, 1, 8), ("✓" * 71, 2, 8), ("a" * 300 + "✓😀", 5, 8)],
)
async def test_long_messages_go_in_parts(text: str, count: int, coding: int) -> None:
    async with Smsc() as smsc, sender_of(smsc) as sender:
        taken = await sender.send(MOBILE, text)
    assert taken.ids == tuple(f"id{number}" for number in range(1, count + 1))
    assert [one.coding for one in smsc.submitted] == [coding] * count
    bodies = [one.message for one in smsc.submitted]
    if count > 1:
        assert {one.esm_class for one in smsc.submitted} == {0x40}
        assert [tuple(body[:3]) for body in bodies] == [(5, 0, 3)] * count
        assert len({body[3] for body in bodies}) == 1
        assert [tuple(body[4:6]) for body in bodies] == [(count, n + 1) for n in range(count)]
        bodies = [body[6:] for body in bodies]
    joined = b"".join(bodies)
    assert (joined.decode("utf-16-be") if coding else joined) == (text if coding else b"\x0f" * 161)


@pytest.mark.parametrize(
    ("status", "error"),
    [(0x0B, Declined), (0x01, Declined), (0x58, Unavailable), (0x08, Unavailable)],
)
async def test_no(status: int, error: type[Unavailable], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with Smsc(status=status) as smsc, sender_of(smsc) as sender:
        with pytest.raises(Unavailable) as caught:
            await sender.send(MOBILE, TEXT)
    assert type(caught.value) is error
    assert f"0x{status:08x}" in caplog.text
    told = caplog.text + "".join(traceback.format_exception(caught.value))
    for canary in ("70123", "123456"):
        assert canary not in told


async def test_who_may_not_bind(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smpp, "CONNECT_MS", 200)
    async with Smsc(password="other") as smsc, sender_of(smsc) as sender:
        with pytest.raises(Unavailable):
            await sender.send(MOBILE, TEXT)
    assert "cannot be bound to" in caplog.text
    assert "pw" not in caplog.text


async def test_nobody_there_and_no_number() -> None:
    async with Smsc() as smsc:
        pass
    async with sender_of(smsc) as sender:
        with pytest.raises(Unavailable):
            await sender.send(MOBILE, TEXT)
        with pytest.raises(Declined):
            await sender.send("+46\0", TEXT)


async def test_receipts() -> None:
    heard = Heard()
    async with Smsc() as smsc, sender_of(smsc, heard) as sender:
        await sender.send(MOBILE, TEXT)
        smsc.receipt("id1", b"ENROUTE")
        smsc.receipt("id1", b"DELIVRD")
        assert await heard.next() == Receipt("smsc", "id1", arrived=True)
        smsc.receipt("id1", b"UNDELIV")
        assert await heard.next() == Receipt("smsc", "id1", arrived=False)
        tlvs = struct.pack(">HH4sHHB", 0x1E, 4, b"id9\0", 0x427, 1, 2)
        smsc.receipt("", b"", tlvs)
        assert await heard.next() == Receipt("smsc", "id9", arrived=True)


async def test_a_lost_connection_is_bound_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smpp, "FIRST_PAUSE_S", 0.01)
    heard = Heard()
    async with Smsc() as smsc, sender_of(smsc, heard) as sender:
        await sender.send(MOBILE, TEXT)
        smsc.drop()
        async with asyncio.timeout(5):
            await smsc.bound.wait()  # without a message to send: receipts are waited for
        smsc.receipt("id1", b"DELIVRD")
        assert (await heard.next()).arrived
        assert await sender.send(MOBILE, TEXT) == Taken("smsc", ("id2",))


async def test_after_messages_without_an_answer_it_binds_anew() -> None:
    async with Smsc(silent=True) as smsc, sender_of(smsc) as sender:
        for _ in range(2):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await sender.send(MOBILE, TEXT)
        smsc.silent = False
        async with asyncio.timeout(5):
            assert await sender.send(MOBILE, TEXT) == Taken("smsc", ("id3",))
        assert smsc.commands.count(9) == 2


async def test_many_at_once() -> None:
    async with Smsc() as smsc, sender_of(smsc) as sender:
        taken = await asyncio.gather(*(sender.send(MOBILE, TEXT) for _ in range(50)))
    assert len({one.ids for one in taken}) == 50
    assert smsc.commands.count(9) == 1


async def test_closing_unused_and_twice() -> None:
    async with Smsc() as smsc:
        sender = SmppSender(settings(smsc), SystemClock(), Heard())
        await sender.close()
        await sender.close()
        with pytest.raises(Unavailable):
            await sender.send(MOBILE, TEXT)
    assert smsc.commands == []


async def test_over_tls(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    authority = Authority(tmp_path_factory.mktemp("ca"))
    issued = authority.issue("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.certificate, issued.key)
    async with Smsc(tls=context) as smsc:
        async with sender_of(smsc, tls=True) as sender:
            with pytest.raises(Unavailable):  # a certificate that nobody vouches for
                await sender.send(MOBILE, TEXT)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        async with sender_of(smsc, tls=True) as sender:
            assert await sender.send(MOBILE, TEXT) == Taken("smsc", ("id1",))
