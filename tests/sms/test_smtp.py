"""gateway/sms/smtp.py against a real mail server."""

import asyncio
import logging
import ssl
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from gateway.auth.ports import Unavailable
from gateway.auth.sms_ports import Taken
from gateway.settings.model import Secret
from gateway.settings.phones import SmtpSms, SmtpTls
from gateway.sms.provider import Declined
from gateway.sms.smtp import SmtpSender
from tests.fakes import FakeClock
from tests.sms.conftest import MOBILE
from tests.sms.mail_server import MailServer
from tests.system.certificates import Authority

pytestmark = pytest.mark.asyncio

TEXT = "123456 är din kod ✓\n\n@portal.example.se #123456"


def settings(server: MailServer, **changes: Any) -> SmtpSms:
    given: dict[str, Any] = {
        "name": "mail", "host": "127.0.0.1", "port": server.port, "tls": SmtpTls.NONE,
        "tls_ca": None, "username": None, "password": None, "sender": "portal@example.se",
        "recipient": "{mobile}@sms.example.se", "subject": "To {digits}",
        "timeout": timedelta(seconds=5),
    }  # fmt: skip
    return SmtpSms(**{**given, **changes})


@asynccontextmanager
async def sender_of(server: MailServer, **changes: Any) -> AsyncIterator[SmtpSender]:
    sender = SmtpSender(settings(server, **changes), FakeClock())
    try:
        yield sender
    finally:
        await sender.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def served(authority: Authority) -> ssl.SSLContext:
    issued = authority.issue("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.certificate, issued.key)
    return context


def body(message: EmailMessage) -> str:
    return message.get_content().replace("\r\n", "\n").rstrip("\n")


@pytest.mark.parametrize("text", [TEXT, "123456 is your code\n.\n\n@portal.example.se #123456"])
async def test_an_e_mail_a_message(text: str) -> None:
    async with MailServer() as server, sender_of(server) as sender:
        assert await sender.send(MOBILE, text) == Taken("mail")
        assert await sender.send(MOBILE, text) == Taken("mail")
    first, second = server.messages()
    envelope = server.taken[0]
    assert (envelope.mail_from, envelope.rcpt_tos) == (
        "portal@example.se", [f"{MOBILE}@sms.example.se"],
    )  # fmt: skip
    assert (first["From"], first["To"]) == ("portal@example.se", f"{MOBILE}@sms.example.se")
    assert (first["Subject"], first["Auto-Submitted"]) == ("To 46701234567", "auto-generated")
    assert body(first) == text
    assert first["Message-ID"] != second["Message-ID"]


@pytest.mark.parametrize("at_once", [False, True], ids=["starttls", "tls"])
async def test_encrypted_and_logged_on(
    authority: Authority, served: ssl.SSLContext, at_once: bool
) -> None:
    server = MailServer(user=("ux", "p4ss"), tls=served, at_once=at_once)
    mode = SmtpTls.TLS if at_once else SmtpTls.STARTTLS
    given = {"tls": mode, "tls_ca": authority.file, "username": "ux"}
    async with server:
        async with sender_of(server, **given, password=Secret("p4ss")) as sender:
            assert await sender.send(MOBILE, TEXT) == Taken("mail")
        async with sender_of(server, **given, password=Secret("wrong")) as sender:
            with pytest.raises(Unavailable):
                await sender.send(MOBILE, TEXT)
        async with sender_of(server, **{**given, "tls_ca": None}) as sender:
            with pytest.raises(Unavailable):  # a certificate that nobody vouches for
                await sender.send(MOBILE, TEXT)
    assert server.encrypted == [True]


async def test_no_falling_back_to_clear_text() -> None:
    async with MailServer() as server, sender_of(server, tls=SmtpTls.STARTTLS) as sender:
        with pytest.raises(Unavailable):
            await sender.send(MOBILE, TEXT)
    assert server.taken == []


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ({"RCPT": "550 no such number"}, Declined),
        ({"RCPT": "450 later"}, Unavailable),
        ({"DATA": "554 we are full"}, Unavailable),
        ({"DATA": "hang"}, Unavailable),
    ],
)
async def test_no(
    answers: dict[str, str], error: type[Unavailable], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    given = {"timeout": timedelta(seconds=0.3), "username": None}
    async with MailServer(answers=answers) as server, sender_of(server, **given) as sender:
        with pytest.raises(Unavailable) as caught:
            await sender.send(MOBILE, TEXT)
    assert type(caught.value) is error
    assert caught.value.what == "sms mail"
    told = "".join(traceback.format_exception(caught.value))
    ours = "".join(one.getMessage() for one in caplog.records if one.name.startswith("portvakt"))
    for canary in ("70123", "123456"):
        assert canary not in told + ours


@pytest.mark.parametrize(
    "mobile",
    ["+4670\r\nBcc: x@example.se", "+46701234567>\r\nDATA\r\n", "", "anna", "+46701234567\n", "46"],
)
async def test_nothing_but_a_number_gets_into_an_address(mobile: str) -> None:
    async with MailServer() as server, sender_of(server) as sender:
        with pytest.raises(Declined):
            await sender.send(mobile, TEXT)
    assert server.taken == []


async def test_a_text_begins_no_header_field_and_ends_no_message() -> None:
    text = "\r\nBcc: x@example.se\r\n.\r\nMAIL FROM:<y@example.se>\r\n"
    async with MailServer() as server, sender_of(server) as sender:
        await sender.send(MOBILE, text)
    (message,) = server.messages()
    assert message["Bcc"] is None
    assert server.taken[0].rcpt_tos == [f"{MOBILE}@sms.example.se"]
    assert "Bcc: x@example.se\n.\nMAIL FROM" in body(message)


async def test_nobody_there() -> None:
    async with MailServer() as server:
        pass
    async with sender_of(server) as sender:
        with pytest.raises(Unavailable):
            await sender.send(MOBILE, TEXT)


async def test_a_slow_good_bye_is_nobodys_business() -> None:
    async with MailServer(answers={"QUIT": "hang"}) as server:
        sender = SmtpSender(settings(server), FakeClock())
        async with asyncio.timeout(1):
            assert await sender.send(MOBILE, TEXT) == Taken("mail")
        for leaving in list(sender._leaving.values()):
            leaving.cancel()
        await sender.close()


async def test_an_authority_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("x")
    with pytest.raises(OSError, match=r"(?i)certificate|pem"):
        SmtpSender(settings(MailServer(), tls=SmtpTls.TLS, tls_ca=tmp_path / "ca.pem"), FakeClock())
