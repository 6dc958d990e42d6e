"""What was begun under an older configuration, judged by the one in force now.

A request that the new policy would refuse is given a moment to end, since it was allowed when it
was made; a tunnel has no end of its own and is closed at once. What is still allowed goes on and
notices nothing, also where its route leads elsewhere by now. Tunnels are judged again as time
passes, because hours and lifetimes of a route end without an edit.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from gateway.proxy import decide
from gateway.proxy.plan import PAGES_POOL, Plan
from policies.decision import Allow, Deny

if TYPE_CHECKING:
    from gateway.proxy.client import ClientConnection
    from gateway.proxy.door import FrontDoor
    from gateway.proxy.exchange import Exchange

TO_END_S: Final = 3.0
"""How long a request that is not allowed any more may take to end."""
AGAIN_S: Final = 30.0
"""How often a tunnel is judged when nothing was edited."""
_AT_ONCE: Final = 50
"""Connections judged without letting others have their turn."""

_log = logging.getLogger("portvakt.door")


class Review:
    """Goes over the connections of one front door after each change; asked with every sweep."""

    def __init__(self, door: FrontDoor) -> None:
        self._door = door
        self._again_at = 0.0
        self._ending: dict[ClientConnection, tuple[Exchange, float]] = {}

    async def run(self) -> None:
        """Judge what the plan in force has not judged lately, and close what had its time."""
        plan, closed = self._door.plan, 0
        again = self._door.ticker.now >= self._again_at
        if again:
            self._again_at = self._door.ticker.now + AGAIN_S
        waiting = [
            client
            for client in self._door.clients
            if client.judged is not plan or (again and client.is_tunnel)
        ]
        for count, client in enumerate(waiting, start=1):
            closed += self._review(client, plan)
            if count % _AT_ONCE == 0:
                await asyncio.sleep(0)
        closed += self._end()
        if closed:
            digest = plan.snapshot.digest
            _log.info("closed %d that configuration %s does not allow any more", closed, digest)

    def _review(self, client: ClientConnection, plan: Plan) -> bool:
        """Judge one connection; return whether it was closed."""
        exchange = client.exchange
        if exchange is None:
            client.is_judged(plan)
            return False
        self._ending.pop(client, None)
        if self._is_allowed(client, exchange, plan):
            client.is_judged(plan)
        elif client.is_tunnel:
            client.abort()
            return True
        else:
            client.is_judged(plan)
            self._ending[client] = (exchange, self._door.ticker.now + TO_END_S)
        return False

    def _is_allowed(self, client: ClientConnection, exchange: Exchange, plan: Plan) -> bool:
        if exchange.pool.upstream.name == PAGES_POOL:
            return True
        head, live = exchange.head, exchange.live
        origin = decide.origin_of(plan, client.peer or "", head)
        route = decide.find_route(plan, head)
        if isinstance(route, Deny):
            self._door.audit_denied(route, origin, live, None, client.request_id)
            return False
        decision = decide.judge(plan, route, live, origin, head, self._door.time_of_day)
        if isinstance(decision, Deny):
            self._door.audit_denied(decision, origin, live, route, client.request_id)
        may_go_on = not client.is_tunnel or decide.may_upgrade(route, head)
        return isinstance(decision, Allow) and may_go_on

    def _end(self) -> int:
        """Close what had its time; return how many."""
        now, closed = self._door.ticker.now, 0
        for client, (exchange, until) in list(self._ending.items()):
            if client.exchange is not exchange:  # it has ended by itself
                del self._ending[client]
            elif now >= until or client.is_tunnel:
                del self._ending[client]
                client.abort()
                closed += 1
        return closed
