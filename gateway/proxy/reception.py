"""What becomes of one request head: read, routed, judged, then forwarded or answered.

One page from top to bottom; the connection keeps the bytes, this decides about them. The store is
asked only when the session is not warm, and a store that does not answer never means yes.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gateway.auth.live import LiveSession
from gateway.auth.ports import Unavailable
from gateway.proxy import decide, request_head
from gateway.proxy.exchange import Exchange
from gateway.proxy.plan import PAGES_POOL
from gateway.tasks import spawn
from gateway.wire.errors import BadMessage
from gateway.wire.request import RequestHead
from policies.decision import Allow, Challenge, Deny, StepUp
from policies.routes import PAGES, Kind, Route

if TYPE_CHECKING:
    from gateway.proxy.client import ClientConnection
    from gateway.proxy.door import FrontDoor


class Reception:
    """Receives the heads of all connections of one worker."""

    def __init__(self, door: FrontDoor) -> None:
        self._door = door

    def receive(self, client: ClientConnection, raw: bytes) -> None:
        """Read a head and decide what becomes of it."""
        plan = self._door.plan
        client.begin(plan)
        try:
            head = plan.reader.read(raw)
        except BadMessage as error:
            client.refuse(error.status, None, why=error.why)
            return
        if (head.length or 0) > plan.max_body:
            client.refuse(413, head, why="body too long")
            return
        route = decide.find_route(plan, head)
        if isinstance(route, Deny):
            self._denied(client, route, head)
            return
        origin = client.origin(head)
        if route is PAGES:
            pages = request_head.for_pages(plan, head, origin, client.request_id)
            client.forward(Exchange(client, head, pages, plan.pools[PAGES_POOL], None))
            return
        head.for_script = route.kind is Kind.API
        token = decide.session_token(plan, head)
        live = self._door.sessions.warm(token) if token is not None else None
        if token is None or live is not None:
            self._decided(client, head, route, live)
            return
        client.decide_later()
        resolving = spawn(self._resolve(client, head, route, token), "resolve session")
        resolving.add_done_callback(lambda task: _end_if_crashed(client, task))

    async def _resolve(
        self, client: ClientConnection, head: RequestHead, route: Route, token: bytes
    ) -> None:
        live = None
        try:
            live = await self._door.sessions.resolve(token)
        except Unavailable:
            if not route.public:  # unknown is never allowed, and never a log-off either
                if client.decide_now():
                    client.refuse(503, head, why="session store unavailable")
                return
        if client.decide_now():
            self._decided(client, head, route, live)

    def _decided(
        self, client: ClientConnection, head: RequestHead, route: Route, live: LiveSession | None
    ) -> None:
        now = self._door.time_of_day()
        decision = decide.judge(client.plan, route, live, client.origin(head), head, now)
        match decision:
            case Allow(reported=reported):
                if reported is not None and live is not None:
                    origin, name = client.origin(head), client.request_id
                    self._door.audit_reported(reported, origin, live, route, name)
                self._allowed(client, head, route, live)
            case Challenge(reason=reason) | StepUp(reason=reason):
                close = self._must_close(head)
                answer = client.plan.replies.challenge(head, reason, close=close)
                client.answer(answer, close=close)
            case Deny():
                user = live.record.user if live is not None else ""
                self._denied(client, decision, head, user=user, route=route)

    def _allowed(
        self, client: ClientConnection, head: RequestHead, route: Route, live: LiveSession | None
    ) -> None:
        plan = client.plan
        upstream = plan.upstreams[route.upstream]
        origin = client.origin(head)
        lines = client.forwarded.lines(plan, head, origin.address)
        if live is not None:
            self._door.sessions.used(live)
            lines += plan.introductions.lines(plan, upstream, live, origin.network)
        lines += b"X-Request-Id: %b\r\n" % client.request_id
        upgrade = decide.may_upgrade(route, head)
        if not upgrade:
            head.upgrade = b""
        sent = request_head.for_upstream(plan, head, upstream, lines=lines, upgrade=upgrade)
        client.forward(Exchange(client, head, sent, plan.pools[upstream.name], live))

    def _denied(
        self,
        client: ClientConnection,
        deny: Deny,
        head: RequestHead,
        *,
        user: str = "",
        route: Route | None = None,
    ) -> None:
        self._door.audit_denied(deny, client.origin(head), user, route, client.request_id)
        close = self._must_close(head) or deny.status == 400  # noqa: PLR2004
        reference = client.request_id.decode("ascii")
        answer = client.plan.replies.refuse(
            deny.status, head, reference=reference, reason=deny.reason, close=close
        )
        client.answer(answer, close=close)

    def _must_close(self, head: RequestHead) -> bool:
        return head.has_body or not head.keep_alive or self._door.draining


def _end_if_crashed(client: ClientConnection, task: asyncio.Task[None]) -> None:
    if task.cancelled() or task.exception() is not None:
        client.abort()  # nobody else would ever end this connection
