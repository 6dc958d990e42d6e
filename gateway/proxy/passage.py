"""What becomes of a request that the front door itself lets through or refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.auth.live import LiveSession
from gateway.proxy import decide, request_head
from gateway.proxy.exchange import Exchange
from gateway.wire.request import RequestHead
from policies.decision import Challenge, Deny, StepUp
from policies.routes import Route

if TYPE_CHECKING:
    from gateway.proxy.client import ClientConnection
    from gateway.proxy.door import FrontDoor


class Passage:
    """Inline: allowed requests go on to their upstream, others are answered here."""

    def __init__(self, door: FrontDoor) -> None:
        self._door = door

    def allowed(
        self, client: ClientConnection, head: RequestHead, route: Route, live: LiveSession | None
    ) -> None:
        """Forward the request, and say whose it is."""
        plan = client.plan
        upstream = plan.upstreams[route.upstream]
        origin = client.origin(head)
        lines = client.forwarded.lines(plan, head, origin.address)
        if live is not None:
            self._door.sessions.used(live)
            lines += plan.introductions.lines(plan, upstream, live, origin.network)
        lines += b"X-Request-Id: %b\r\n" % client.request_id
        exchange = Exchange
        if client.trace is not None:
            context, exchange = client.trace.asks(upstream, route)
            lines += context
        upgrade = decide.may_upgrade(route, head)
        if not upgrade:
            head.upgrade = b""
        sent = request_head.for_upstream(plan, head, upstream, lines=lines, upgrade=upgrade)
        client.forward(exchange(client, head, sent, plan.pools[upstream.name], live))

    def challenged(
        self,
        client: ClientConnection,
        head: RequestHead,
        decision: Challenge | StepUp,
        live: LiveSession | None,
    ) -> None:
        """Send a page load to the logon, and tell a script."""
        close = self._door.must_close(head)
        reference = client.request_id.decode("ascii")
        answer = client.plan.replies.challenge(
            head, decision.reason, reference=reference, close=close
        )
        self._door.remember(client, head, live, decision, answer)
        client.answer(answer, close=close)

    def denied(
        self,
        client: ClientConnection,
        head: RequestHead,
        deny: Deny,
        live: LiveSession | None,
        route: Route | None,
    ) -> None:
        """Refuse, in words and with a reference; write it down."""
        self._door.audit_denied(deny, client.origin(head), live, route, client.request_id)
        close = self._door.must_close(head) or deny.status == 400  # noqa: PLR2004
        reference = client.request_id.decode("ascii")
        answer = client.plan.replies.refuse(
            deny.status, head, reference=reference, reason=deny.reason, close=close
        )
        self._door.remember(client, head, live, deny, answer)
        client.answer(answer, close=close)
