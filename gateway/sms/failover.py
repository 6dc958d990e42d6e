"""Providers in order: the next one when the one before could not say yes.

A timeout is ambiguous: the message may be on its way all the same. We go on to the next provider,
because a resend repeats the same code: two equal messages do no harm, none locks an employee out.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.auth.ports import Clock, Unavailable
from gateway.auth.sms_ports import Taken
from gateway.sms.breaker import Breaker
from gateway.sms.provider import Declined, Provider
from gateway.spans import calling
from policies.mobiles import region_of

TOTAL_S: Final = 9.0
"""For one message over all providers: somebody waits for it at the page of the code."""

_log: Final = logging.getLogger("portvakt.sms")


@dataclass(frozen=True, slots=True)
class Line:
    """One `[[sms]]` at work. `countries` are the regions it is for, () for all."""

    name: str
    provider: Provider
    timeout_s: float = TOTAL_S
    countries: tuple[str, ...] = ()
    breaker: Breaker = field(default_factory=Breaker)


class Failover:
    """All `[[sms]]` as one `SmsSender`."""

    def __init__(self, lines: Sequence[Line], clock: Clock) -> None:
        self._lines: Final = tuple(lines)
        self._clock: Final = clock

    async def send(self, mobile: str, text: str) -> Taken:
        """Send by the first provider that takes the message.

        Raises Unavailable("sms") when none does, within TOTAL_S. After a yes no other is asked.
        """
        region = region_of(mobile)
        lines = [line for line in self._lines if not line.countries or region in line.countries]
        if not lines:
            _log.warning("no [[sms]] is for numbers of %s", region or "an unknown country")
        loop = asyncio.get_running_loop()
        end = loop.time() + TOTAL_S
        for line, share in self._turns(lines):
            left = end - loop.time()
            if left <= 0:
                break
            try:
                with calling(f"sms {line.name}", {"portvakt.sms.provider": line.name}):
                    async with asyncio.timeout(min(line.timeout_s, left * share)):
                        taken = await line.provider.send(mobile, text)
            except Declined as declined:
                _log.warning("%s does not want a message", declined.what)
            except (Unavailable, TimeoutError):
                self._note_failure(line)
            else:
                self._note_success(line)
                return taken
        raise Unavailable("sms")

    def _turns(self, lines: Sequence[Line]) -> Iterator[tuple[Line, float]]:
        """Yield whom to ask next, and which part of what time is left it has.

        First those that work, in order; then those that are passed over, for want of better.
        """
        passed_over: list[Line] = []
        for place, line in enumerate(lines):
            if not line.breaker.lets(self._clock.now()):
                passed_over.append(line)
                continue
            yield line, 1 / (1 + sum(not later.breaker.pause_s for later in lines[place + 1 :]))
        for place, line in enumerate(passed_over):
            yield line, 1 / (len(passed_over) - place)

    def _note_failure(self, line: Line) -> None:
        if line.breaker.failed(self._clock.now()):
            pause_s = line.breaker.pause_s
            _log.warning("sms %s fails: passed over for %.0f s", line.name, pause_s)
        else:
            _log.warning("sms %s did not take a message", line.name)

    def _note_success(self, line: Line) -> None:
        if line.breaker.worked():
            _log.warning("sms %s works again", line.name)

    def passed_over(self) -> dict[str, bool]:
        """Return which providers are passed over now, by name."""
        return {line.name: line.breaker.pause_s > 0 for line in self._lines}

    async def close(self) -> None:
        """Close every provider."""
        for line in self._lines:
            await line.provider.close()
