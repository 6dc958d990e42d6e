"""A real SMTP server on loopback (aiosmtpd), which keeps what it takes and refuses as told."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword


@dataclass
class MailServer:
    """`answers` gives the answer to a command ("RCPT", "DATA") in place of yes."""

    user: tuple[str, str] | None = None
    tls: ssl.SSLContext | None = None
    at_once: bool = False
    answers: dict[str, str] = field(default_factory=dict)
    taken: list[Envelope] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    port: int = 0
    _connections: list[SMTP] = field(default_factory=list)
    _server: asyncio.Server | None = None

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, _: Any, __: Any, envelope: Any, address: str, ___: Any
    ) -> str:
        if "RCPT" in self.answers:
            return self.answers["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - the library's name
        self, _: Any, session: Any, envelope: Envelope
    ) -> str:
        if self.answers.get("DATA") == "hang":
            await asyncio.sleep(3600)
        if "DATA" in self.answers:
            return self.answers["DATA"]
        self.taken.append(envelope)
        self.encrypted.append(session.ssl is not None or self.at_once)
        return "250 taken"

    async def handle_QUIT(self, *_: Any) -> str:  # noqa: N802 - the library's name
        if self.answers.get("QUIT") == "hang":
            await asyncio.sleep(3600)
        return "221 bye"

    def messages(self) -> list[EmailMessage]:
        return [message_from_bytes(one.content, policy=policy.default) for one in self.taken]

    async def __aenter__(self) -> Self:
        starts = self.tls is not None and not self.at_once
        loop = asyncio.get_running_loop()

        def accept() -> SMTP:
            with warnings.catch_warnings(action="ignore"):  # of a logon before STARTTLS
                server = SMTP(
                    self,
                    hostname="mail.test",
                    ident="test",
                    tls_context=self.tls if starts else None,
                    require_starttls=starts,
                    auth_require_tls=self.tls is not None and not self.at_once,
                    auth_required=self.user is not None,
                    authenticator=self._authenticate,
                )
            self._connections.append(server)
            return server

        tls = self.tls if self.at_once else None
        self._server = await loop.create_server(accept, "127.0.0.1", self.port, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for connection in self._connections:
            if connection.transport is not None:
                connection.transport.abort()
        await asyncio.sleep(0)

    def _authenticate(self, _: Any, __: Any, ___: Any, ____: Any, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        given = (data.login.decode(), data.password.decode())
        return AuthResult(success=given == self.user, handled=False)
