"""The front door of one worker: what its connections share, and the sweep of their deadlines."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections import Counter
from functools import partial
from typing import Final
from weakref import WeakSet

from gateway.auth.live import LiveSession
from gateway.auth.lockout import place_of
from gateway.auth.ports import AuditEvent, Clock, Entropy, Unavailable
from gateway.auth.refusals import Records
from gateway.auth.sessions import Sessions
from gateway.proxy.client import ClientConnection
from gateway.proxy.decide import Origin, is_trusted
from gateway.proxy.plan import Plan
from gateway.proxy.reception import Reception
from gateway.proxy.recount import facts_of, recount
from gateway.proxy.review import Review
from gateway.proxy.ticker import Ticker
from gateway.wire.request import RequestHead
from policies.decision import Decision, Deny, Reason
from policies.routes import Route

_SWEEP_S: Final = 0.25
_GOODBYE_S: Final = 2.0
"""For the client of a WebSocket to answer our Close."""
_NOTES_PER_SWEEP: Final = 5
_REPORTED_AGAIN_S: Final = 60.0
_STATUS: Final = slice(9, 12)
_SENT_ON: Final = 302

_log = logging.getLogger("portvakt.door")


class FrontDoor:
    """Connections, pools and the current plan of one worker process."""

    def __init__(
        self,
        plan: Plan,
        sessions: Sessions,
        ticker: Ticker,
        records: Records,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self.plan = plan
        self.sessions = sessions
        self.ticker = ticker
        self.draining = False
        self.clients: set[ClientConnection] = set()
        self.time_of_day = clock.now
        self._records = records
        self._by_address: Counter[str] = Counter()
        self._loop = asyncio.get_running_loop()
        # Those of plans that are in no request's hands any more fall out by themselves.
        self._pools = WeakSet(plan.pools.values())
        self.reception = Reception(self)
        self._review = Review(self)
        self._ids = entropy.token(5).hex().encode("ascii")
        self._count = 0
        self._notes: Counter[str] = Counter()
        self._reported: Counter[str] = Counter()

    def adopt(self, plan: Plan) -> None:
        """Go by `plan` from the next request on; pools that it has not in it drain."""
        before, self.plan = self.plan, plan
        kept = set(plan.pools.values())
        self._pools.update(kept)
        for pool in before.pools.values():
            if pool not in kept:
                pool.retire()

    def next_request_id(self) -> bytes:
        """Return an identifier that no other request of any worker has; not a secret."""
        self._count += 1
        return b"%b-%x" % (self._ids, self._count)

    def admit(self, client: ClientConnection) -> bool:
        """Count a connection in; False when its address (IPv6: its /64) has too many.

        A trusted proxy brings many people: how many is its own limit.
        """
        peer = client.peer or ""
        is_room = self.has_room(peer)
        self.clients.add(client)
        self._by_address[place_of(peer)] += 1
        return is_room

    def has_room(self, peer: str, *, besides: int = 0) -> bool:
        """Whether one more connection of an address is admitted, `besides` being about to ask."""
        open_now = self._by_address[place_of(peer)] + besides
        return open_now < self.plan.connections_per_address or is_trusted(self.plan, peer)

    def leave(self, client: ClientConnection) -> None:
        """Count a connection out."""
        self.clients.discard(client)
        if client.trace is not None:
            client.trace.end("aborted")
        address = place_of(client.peer or "")
        self._by_address[address] -= 1
        if self._by_address[address] <= 0:
            del self._by_address[address]

    def audit_denied(
        self,
        deny: Deny,
        origin: Origin,
        live: LiveSession | None,
        route: Route | None,
        request_id: bytes,
    ) -> None:
        """Write down a refusal of policy; one that nobody is behind (400, 404) is only counted."""
        if deny.status != 403:  # noqa: PLR2004
            self.note_refusal(deny.status, deny.reason.value)
            return
        reference = request_id.decode("ascii")
        self._write(
            AuditEvent(
                event="access.denied",
                client=origin.address,
                network=origin.network,
                outcome="denied",
                user=live.record.user if live is not None else "",
                route=route.path if route is not None else "",
                reason=deny.reason.value,
                ref=reference,
                request_id=reference,
            )
        )

    def remember(
        self,
        client: ClientConnection,
        head: RequestHead,
        live: LiveSession | None,
        decision: Decision,
        answer: bytes,
    ) -> None:
        """Keep what is needed to explain an answer that refuses, for who is given its reference.

        A stranger who is sent to the logon is given none.
        """
        status = int(answer[_STATUS])
        if live is None and status == _SENT_ON:
            return
        user = "" if live is None else live.record.user
        address = client.origin(head).address
        if self._records.refusals.turns_away(user, address):
            return
        facts = facts_of(client, head, live, decision, status, self.time_of_day())
        reference = client.request_id.decode("ascii")
        self._records.refusals.note(reference, user, address, partial(recount, facts))

    def audit_reported(
        self, reason: Reason, origin: Origin, live: LiveSession, route: Route, request_id: bytes
    ) -> None:
        """Count a request that only `report_only` let through; write one a minute and session."""
        self._reported[f"{route.path} {reason.value}"] += 1
        self.plan.tally.routes[route.label].reported[reason.value] += 1
        key, now = (route.host, route.path, reason), self.ticker.now
        if now < live.memo.get(key, -math.inf) + _REPORTED_AGAIN_S:
            return
        live.memo[key] = now
        reference = request_id.decode("ascii")
        self._write(
            AuditEvent(
                event="access.reported",
                client=origin.address,
                network=origin.network,
                outcome="allowed",
                user=live.record.user,
                route=route.path,
                reason=reason.value,
                ref=reference,
                request_id=reference,
            )
        )

    def _write(self, event: AuditEvent) -> None:
        with contextlib.suppress(Unavailable):  # the audit itself says so, and nobody gets in
            self._records.audit.write(event)

    def must_close(self, head: RequestHead) -> bool:
        """Return whether a connection ends after an answer of our own to this request."""
        return head.has_body or not head.keep_alive or self.draining

    def note_refusal(self, status: int, why: str) -> None:
        """Count a refusal; a flood of them costs a few log lines, not one each."""
        self._notes[f"{status} {why}"] += 1
        self.plan.tally.refusals[status] += 1

    async def sweep(self) -> None:
        """Enforce deadlines and write refusals down, until cancelled."""
        while True:
            await asyncio.sleep(_SWEEP_S)
            now = self.ticker.tick()
            for client in [c for c in self.clients if c.deadline <= now]:
                client.on_deadline()
            for pool in list(self._pools):
                for connection in [c for c in pool.connections if c.deadline <= now]:
                    connection.on_deadline()
                pool.tally.settle()
            await self._review.run()
            for note, count in self._notes.most_common(_NOTES_PER_SWEEP):
                _log.info("refused %d: %s", count, note)
            self._notes.clear()
            for note, count in self._reported.most_common(_NOTES_PER_SWEEP):
                _log.info("report_only let through %d: %s", count, note)
            self._reported.clear()

    async def drain(self, grace_s: float) -> None:
        """Let requests under way end, within `grace_s`; idle connections close at once.

        A tunnel has no end of its own. A WebSocket is told at once (1001) and given a moment to
        close; what is left then is closed with the last request. A request that nobody has begun
        to answer by the end gets 503.
        """
        self.draining = True
        end = self._loop.time() + grace_s
        moment = self._loop.time() + min(_GOODBYE_S, grace_s)
        while self.clients and self._loop.time() < end:
            ending = [client for client in self.clients if client.is_idle]
            tunnels = [client for client in self.clients if client.is_tunnel]
            for client in tunnels:
                client.go_away()
            if len(tunnels) == len(self.clients) and self._loop.time() >= moment:
                ending = tunnels
            for client in ending:
                client.transport.close()
            await asyncio.sleep(0.05)
        for client in list(self.clients):
            client.cut_off()
        for pool in list(self._pools):
            pool.close()
