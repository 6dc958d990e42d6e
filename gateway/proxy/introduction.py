"""Who is logged on, as field lines for an upstream: identity fields and the assertion.

The lines are kept with the session, for one upstream and one network, as long as they hold: the
assertion is signed about once a minute, never for each request.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.auth.assertion import USED_S, Assertions
from gateway.auth.identity import IdentityFields
from gateway.auth.key_ring import KeyRing
from gateway.auth.live import LiveSession
from gateway.settings.model import Upstream
from policies.fields import ASSERTION

if TYPE_CHECKING:
    from gateway.proxy.plan import Plan

_FIELD: Final = ASSERTION.encode("ascii")


class _Kept(NamedTuple):
    """Field lines, what they were made by, and from when to when (seconds) they are used."""

    fields: IdentityFields  # not the plan: a session would keep an old one alive
    ring: KeyRing
    since: float
    until: float
    lines: bytes


class Introductions:
    """Introduces the sessions of one worker to its upstreams."""

    __slots__ = ("_assertions",)

    def __init__(self, assertions: Assertions) -> None:
        self._assertions = assertions

    def lines(self, plan: Plan, upstream: Upstream, live: LiveSession, network: str) -> bytes:
        """Return the field lines, each ended by CRLF; `live` was marked used just now."""
        now = live.seen
        ring = self._assertions.ring
        fields = plan.identity[upstream.name]
        kept: _Kept | None = live.memo.get((upstream.name, network))
        if (
            kept is not None
            and kept.fields is fields
            and kept.ring is ring
            and kept.since <= now < kept.until
        ):
            return kept.lines
        lines = fields.lines(live.record)
        until = math.inf
        if upstream.assertion:
            issuer = plan.snapshot.settings.public_url.origin
            signed = self._assertions.sign(live, issuer, upstream.name, network, now)
            lines += b"%b: %b\r\n" % (_FIELD, signed)
            until = now + USED_S
        live.memo[upstream.name, network] = _Kept(fields, ring, now, until, lines)
        return lines
