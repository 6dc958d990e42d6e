"""Telling somebody by SMS what was done to their account, behind the answer (ASVS 5.0 6.3.7)."""

from __future__ import annotations

import asyncio
from typing import Final

from gateway.auth.audit import note_done
from gateway.auth.model import Client
from gateway.auth.one_time_passwords import DEADLINE_S
from gateway.auth.ports import Audit, Unavailable
from gateway.auth.sms_budget import BEYOND_BUDGET, Kind, SmsBudget
from gateway.auth.sms_ports import SmsSender
from gateway.auth.sms_texts import Notice, notice_text
from gateway.settings.model import Settings
from gateway.tasks import spawn
from gateway.texts.catalog import Texts


class Notices:
    """Sends notices. What was done stands, whether or not its notice arrives."""

    def __init__(self, sms: SmsSender, budget: SmsBudget, audit: Audit, settings: Settings) -> None:
        self._sms: Final = sms
        self._budget: Final = budget
        self.audit: Final = audit
        self._branding: Final = settings.branding
        self._texts: Final = Texts(settings.branding.own.texts)
        self.pending: Final[set[asyncio.Task[None]]] = set()

    def send(self, notice: Notice, user: str, mobile: str | None, client: Client) -> None:
        """Begin to send one notice to a number (E.164); without one, nobody is told."""
        if mobile is not None:
            sending = spawn(
                self._deliver(notice, user, mobile, client), "send notice", promised=True
            )
            self.pending.add(sending)
            sending.add_done_callback(self.pending.discard)

    async def _deliver(self, notice: Notice, user: str, mobile: str, client: Client) -> None:
        outcome, reason = "failed", "crashed"
        try:
            if await self._budget.spend(Kind.NOTICE, user, mobile, client.address) is not None:
                outcome, reason = "refused", BEYOND_BUDGET
                return
            text = notice_text(notice, self._texts.of(client.language), self._branding)
            async with asyncio.timeout(DEADLINE_S):
                reason = (await self._sms.send(mobile, text)).provider
            outcome = "sent"
        except Unavailable as error:
            reason = error.what
        except TimeoutError:
            reason = "timeout"
        finally:
            note_done(self.audit, f"notice.{notice.value}", client, outcome, user, reason)
