"""`[[sms]] kind = "smtp"`: one e-mail a message (RFC 5321), to whoever makes an SMS of it.

A connection a message: what is kept open would be closed by the server between two logons. The
number stands in address and subject and is held to E.164 first; the text is in the body alone, so
neither can begin another header field. There is no falling back to clear text.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import uuid
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from email.utils import formatdate
from typing import Final

import aiosmtplib

from gateway.auth.ports import Clock, Unavailable
from gateway.auth.sms_ports import Taken
from gateway.settings.phones import SmtpSms, SmtpTls
from gateway.sms.provider import Declined
from gateway.tasks import spawn
from policies.mobiles import is_e164

_CONNECTIONS: Final = 8
_PERMANENT: Final = 500
_QUIT_S: Final = 2.0


class SmtpSender:
    """One mail server. Call from one event loop; `close` when done."""

    def __init__(self, settings: SmtpSms, clock: Clock) -> None:
        """Make ready; nothing is connected yet. Raises OSError for a bad `tls_ca`."""
        self._settings: Final = settings
        self._clock: Final = clock
        self._tls: Final = smtp_tls(settings)
        self._slots: Final = asyncio.Semaphore(_CONNECTIONS)
        self._leaving: Final[dict[aiosmtplib.SMTP, asyncio.Task[None]]] = {}

    async def send(self, mobile: str, text: str) -> Taken:
        """Send one e-mail; the server has taken it with its answer to the end of the data.

        Raises Unavailable otherwise; Declined when the server wants nothing for this number.
        """
        name = self._settings.name
        if not is_e164(mobile):
            raise Declined(f"sms {name}")
        message, recipient = self._written(mobile, text)
        async with self._slots:
            client = self._client()
            try:
                await client.connect()
                await client.sendmail(self._settings.sender, [recipient], message)
            except aiosmtplib.SMTPRecipientsRefused as refused:
                is_final = all(one.code >= _PERMANENT for one in refused.recipients)
                # `from None`: the library's texts quote the address, which is the number.
                raise (Declined if is_final else Unavailable)(f"sms {name}") from None
            except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError):
                raise Unavailable(f"sms {name}") from None
            else:
                self._leave(client)
                return Taken(name)
            finally:
                if client not in self._leaving:
                    client.close()

    async def close(self) -> None:
        """Wait for good-byes under way; nothing else is held between messages."""
        if self._leaving:
            await asyncio.wait(self._leaving.values())

    def _leave(self, client: aiosmtplib.SMTP) -> None:
        """Say good-bye behind the answer: a slow one must not pass for a message not taken."""
        leaving = spawn(_quit(client), "leave mail server")
        self._leaving[client] = leaving
        leaving.add_done_callback(lambda _: self._leaving.pop(client, None))

    def _client(self) -> aiosmtplib.SMTP:
        settings = self._settings
        return aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username,
            password=None if settings.password is None else settings.password.reveal(),
            # The name of this machine is nobody's business, and asking for it may block.
            local_hostname=settings.sender.rpartition("@")[2],
            timeout=settings.timeout.total_seconds(),
            use_tls=settings.tls is SmtpTls.TLS,
            start_tls=settings.tls is SmtpTls.STARTTLS,
            tls_context=self._tls,
        )

    def _written(self, mobile: str, text: str) -> tuple[bytes, str]:
        """Return the e-mail as it goes over the wire, and whom it is for."""
        settings = self._settings
        places = {"mobile": mobile, "digits": mobile.removeprefix("+")}
        recipient = settings.recipient.format(**places)
        message = EmailMessage(policy=POLICY)
        message["From"] = settings.sender
        message["To"] = recipient
        if settings.subject:
            message["Subject"] = settings.subject.format(**places)
        message["Date"] = formatdate(self._clock.now())
        message["Message-ID"] = f"<{uuid.uuid4().hex}@{settings.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no absence note comes back
        cte = "7bit" if text.isascii() else "quoted-printable"
        message.set_content(text, charset="utf-8", cte=cte)
        return message.as_bytes(), recipient


def smtp_tls(settings: SmtpSms) -> ssl.SSLContext | None:
    """Return how the server is verified; None without TLS. Raises OSError for a bad `tls_ca`."""
    if settings.tls is SmtpTls.NONE:
        return None
    context = ssl.create_default_context(cafile=settings.tls_ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


async def _quit(client: aiosmtplib.SMTP) -> None:
    with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
        await client.quit(timeout=_QUIT_S)
    client.close()
