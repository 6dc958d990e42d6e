"""`[[sms]] kind = "smpp"`: messages over one bound connection (SMPP 3.4), receipts on the same.

The `smpp34` library keeps window, timers and enquire_link. Here: a session that is bound with the
first message and again with a growing pause after it is lost, so that receipts find their way;
texts in parts; what the answers mean. Imports the library, which is an optional extra.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from typing import Final, NamedTuple

import smpp34

from gateway.auth.ports import Clock, Unavailable
from gateway.auth.sms_ports import Hear, Taken
from gateway.settings.phones import SmppSms
from gateway.sms.provider import Declined
from gateway.sms.smpp_receipts import receipt_of
from gateway.tasks import spawn
from policies import gsm, segments
from policies.mobiles import is_e164

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
CONNECT_MS: Final = 4000
"""For connecting and binding; the library waits it out when the SMSC refuses to bind."""

_WINDOW: Final = 10
_UNANSWERED: Final = 2
"""Messages in a row without an answer, before the connection is given up."""
_LEAVE_S: Final = 2.0
_WITH_HEADER: Final = 0x40  # esm_class: a user data header comes first
_UCS2: Final = 0x08
_OF_MESSAGE: Final = frozenset({0x01, 0x0B})
"""ESME_RINVMSGLEN, ESME_RINVDSTADR (SMPP 3.4 section 5.1.3)."""
_INTERNATIONAL, _ALPHANUMERIC, _UNKNOWN = 1, 5, 0
_ISDN: Final = 1


class _Part(NamedTuple):
    """What is submitted at once."""

    body: bytes
    coding: int
    esm_class: int


_log: Final = logging.getLogger("portvakt.sms")


class SmppSender:
    """One SMSC. Call from one event loop; `close` when done."""

    def __init__(self, settings: SmppSms, clock: Clock, hear: Hear) -> None:
        self._settings: Final = settings
        self._clock: Final = clock
        self._hear: Final = hear
        self._binding: Final = asyncio.Lock()
        self._client: smpp34.Client | None = None
        self._session: smpp34.Smsc | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._leaving: asyncio.Task[None] | None = None
        self._unanswered = 0
        self._closed = False

    async def send(self, mobile: str, text: str) -> Taken:
        """Send the parts of one message, one after the other; all of them must be taken.

        Raises Unavailable otherwise; Declined when the SMSC wants nothing for this number.
        """
        name = self._settings.name
        if not is_e164(mobile):
            raise Declined(f"sms {name}")
        try:
            session = await self._bound()
            taken = [await self._submit(session, mobile, part) for part in _parts(text)]
        except (smpp34.SmppError, OSError, ValueError):
            # `from None`: the library's texts may quote what was sent.
            raise Unavailable(f"sms {name}") from None
        return Taken(name, tuple(filter(None, taken)))

    async def close(self) -> None:
        """Unbind and let the connection go."""
        self._closed = True
        keeper, self._keeper = self._keeper, None
        session, self._session = self._session, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.wait([keeper])
        if session is not None:
            with contextlib.suppress(smpp34.SmppError, TimeoutError):
                async with asyncio.timeout(_LEAVE_S):
                    await session.unbind()
        await self._let_go()

    async def _submit(self, session: smpp34.Smsc, mobile: str, part: _Part) -> str:
        """Send one part; return what the SMSC calls it, "" for nothing."""
        sender = self._settings.sender
        ton, npi = _kind_of(sender)
        try:
            answer = await session.submit_sm(
                mobile.removeprefix("+"),
                part.body,
                source_addr=sender.removeprefix("+"),
                source_addr_ton=ton,
                source_addr_npi=npi,
                dest_addr_ton=_INTERNATIONAL,
                dest_addr_npi=_ISDN,
                esm_class=part.esm_class,
                registered_delivery=1,
                data_coding=part.coding,
            )
        except asyncio.CancelledError:  # the time that the message had is over
            self._unanswered += 1
            if self._unanswered >= _UNANSWERED:
                self._leaving = spawn(self._let_go(), f"let {self._settings.name} go")
                self._session = None
            raise
        self._unanswered = 0
        if answer.is_success:
            return answer.message_id or ""
        name, status = self._settings.name, answer.command_status
        _log.warning("sms %s answered 0x%08x", name, status)
        raise (Declined if status in _OF_MESSAGE else Unavailable)(f"sms {name}")

    async def _bound(self) -> smpp34.Smsc:
        """Return the bound session; binds when there is none. Raises SmppError or Unavailable."""
        async with self._binding:
            if self._closed:
                raise Unavailable(f"sms {self._settings.name}")
            return self._session or await self._bind()

    async def _bind(self) -> smpp34.Smsc:
        settings = self._settings
        await self._let_go()
        self._client = smpp34.Client(
            settings.host,
            settings.port,
            settings.username,
            settings.password.reveal(),
            bind_type="TRX",
            system_type=settings.system_type,
            tls=settings.tls,
            window_size=_WINDOW,
            connect_timeout_ms=CONNECT_MS,
        )
        try:
            session = await self._client.connect()
        except smpp34.SmppError as error:  # names the address and the status, nothing else
            _log.warning("sms %s cannot be bound to: %s", settings.name, error)
            raise
        self._session, self._unanswered = session, 0
        _log.info("sms %s is bound", settings.name)
        if self._keeper is None:
            self._keeper = spawn(self._keep(), f"keep {settings.name}", apart=True)
        return session

    async def _let_go(self) -> None:
        client, self._client, self._session = self._client, None, None
        if client is not None:
            with contextlib.suppress(smpp34.SmppError, TimeoutError):
                async with asyncio.timeout(_LEAVE_S):
                    await client.stop()

    async def _keep(self) -> None:
        """Hear receipts; bind again whenever the session is lost, with a growing pause."""
        pause_s = FIRST_PAUSE_S
        while True:
            session = self._session
            if session is not None:
                pause_s = FIRST_PAUSE_S
                await self._listen(session)
                if self._session is session:
                    self._session = None
                    _log.warning("sms %s is not bound any more", self._settings.name)
            await self._clock.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            with contextlib.suppress(smpp34.SmppError, OSError, Unavailable):
                await self._bound()

    async def _listen(self, session: smpp34.Smsc) -> None:
        while isinstance(event := await session.next(), smpp34.DeliverSmEvent):
            receipt = receipt_of(self._settings.name, event)
            if receipt is not None:
                self._hear(receipt)


def _kind_of(sender: str) -> tuple[int, int]:
    """Return type of number and numbering plan of who a message is from."""
    if sender.startswith("+"):
        return _INTERNATIONAL, _ISDN
    return (_UNKNOWN, _ISDN) if sender.isdecimal() else (_ALPHANUMERIC, 0)


def _parts(text: str) -> list[_Part]:
    """Return a text as it is submitted (3GPP TS 23.040 section 9.2.3.24.1)."""
    coding = _UCS2 if segments.strange_characters(text) else 0
    texts = segments.split(text)
    bodies = [one.encode("utf-16-be") if coding else gsm.septets(one) for one in texts]
    if len(bodies) == 1:
        return [_Part(bodies[0], coding, 0)]
    reference = secrets.randbelow(256)
    return [
        _Part(bytes([5, 0, 3, reference, len(bodies), number]) + body, coding, _WITH_HEADER)
        for number, body in enumerate(bodies, start=1)
    ]
