"""What becomes of one request head: read, routed, judged, then let through, answered or refused.

One page from top to bottom; the connection keeps the bytes, this decides about them. The store is
asked only when the session is not warm, and a store that does not answer never means yes. A
request is judged alike whether it is one of our own or one that a proxy asks about; what then
becomes of it is the way's.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from gateway.auth.live import LiveSession
from gateway.auth.ports import Unavailable
from gateway.auth.sessions import Reading
from gateway.proxy import decide, request_head
from gateway.proxy.exchange import Exchange
from gateway.proxy.original import QUESTION, is_question, read_original
from gateway.proxy.passage import Passage
from gateway.proxy.plan import FORMS_POOL, PAGES_POOL, Plan
from gateway.proxy.tally import NOWHERE
from gateway.proxy.verification import Verification
from gateway.wire.errors import BadMessage
from gateway.wire.request import RequestHead
from policies.decision import Allow, Challenge, Deny, StepUp
from policies.routes import PAGES, Kind, Route

if TYPE_CHECKING:
    from gateway.proxy.client import ClientConnection
    from gateway.proxy.door import FrontDoor

Head = TypeVar("Head", bound=RequestHead)
Head_contra = TypeVar("Head_contra", bound=RequestHead, contravariant=True)

_LOOKS: Final = frozenset({b"GET", b"HEAD"})
_WHICH: Final = b"x-portvakt-config"
_NO_PROXY: Final = BadMessage(403, "asked by somebody who is no trusted proxy")


class Way(Protocol[Head_contra]):
    """What is done with a request once it is judged."""

    def allowed(
        self, client: ClientConnection, head: Head_contra, route: Route, live: LiveSession | None, /
    ) -> None:
        """Let it through."""
        ...

    def challenged(
        self,
        client: ClientConnection,
        head: Head_contra,
        decision: Challenge | StepUp,
        live: LiveSession | None,
        /,
    ) -> None:
        """Ask for a logon, or for a code."""
        ...

    def denied(
        self,
        client: ClientConnection,
        head: Head_contra,
        deny: Deny,
        live: LiveSession | None,
        route: Route | None,
        /,
    ) -> None:
        """Refuse it."""
        ...


class Reception:
    """Receives the heads of all connections of one worker."""

    def __init__(self, door: FrontDoor) -> None:
        self._door = door
        self._passage = Passage(door)
        self._verification = Verification(door)

    def receive(self, client: ClientConnection, raw: bytes) -> None:
        """Read a head and decide what becomes of it."""
        plan = self._door.plan
        client.begin(plan)
        try:
            head = plan.reader.read(raw)
        except BadMessage as error:
            client.refuse(error.status, None, why=error.why)
            return
        if plan.debug_networks:
            _stamp(client, head)
        if plan.traces is not None:
            plan.traces.begin(client, head)
        if (head.length or 0) > plan.max_body:
            client.refuse(413, head, why="body too long")
            return
        if head.path.startswith(QUESTION) and is_question(head.path):
            self._verify(client, plan, head)
            return
        route = decide.find_route(plan, head)
        if isinstance(route, Deny):
            plan.tally.routes[NOWHERE].others[route.reason.value] += 1
            self._passage.denied(client, head, route, None, None)
            return
        if route is PAGES:
            plan.tally.routes[route.label].allowed += 1
            pool = plan.pools[PAGES_POOL if head.method in _LOOKS else FORMS_POOL]
            origin, name, context, exchange = client.origin(head), client.request_id, b"", Exchange
            if client.trace is not None:
                context, exchange = client.trace.goes_to_pages(route)
            pages = request_head.for_pages(plan, head, origin, name, context)
            client.forward(exchange(client, head, pages, pool, None))
            return
        head.for_script = route.kind is Kind.API
        self._judge(client, head, route, self._passage)

    def _verify(self, client: ClientConnection, plan: Plan, question: RequestHead) -> None:
        """Judge the request that a proxy asks about; whoever is not trusted is told nothing."""
        way = self._verification
        if not decide.is_trusted(plan, client.peer or ""):
            way.refused(client, question, _NO_PROXY)
            return
        try:
            head = read_original(plan, question)
        except BadMessage as error:
            way.refused(client, question, error)
            return
        if isinstance(head.route, Deny):
            plan.tally.routes[NOWHERE].others[head.route.reason.value] += 1
            way.denied(client, head, head.route, None, None)
        else:
            self._judge(client, head, head.route, way)

    def _judge(self, client: ClientConnection, head: Head, route: Route, way: Way[Head]) -> None:
        """Find the session, at once when it is warm, and decide."""
        token = decide.session_token(client.plan, head)
        live = self._door.sessions.warm(token) if token is not None else None
        reading = self._reading(client, token) if token is not None and live is None else None
        if reading is None:
            self._decided(client, head, route, live, way)
            return
        client.decide_later()
        reading.add_done_callback(partial(self._read, client, head, route, way))

    def _reading(self, client: ClientConnection, token: bytes) -> Reading | None:
        """Begin to read a session that is not warm."""
        read = self._door.sessions.reading
        return read(token) if client.trace is None else client.trace.reading(partial(read, token))

    def _read(
        self, client: ClientConnection, head: Head, route: Route, way: Way[Head], reading: Reading
    ) -> None:
        """Decide, now that the session was read; if that crashed, end the connection."""
        if reading.cancelled() or reading.exception() is not None:
            client.abort()  # nobody else would ever end it
            return
        if not client.decide_now():
            return
        live = reading.result()
        if not isinstance(live, Unavailable):
            self._judged(client, head, route, live, way)
        elif route.public:
            self._judged(client, head, route, None, way)
        else:  # unknown is never allowed, and never a log-off either
            client.refuse(503, head, why="session store unavailable")

    def _judged(
        self,
        client: ClientConnection,
        head: Head,
        route: Route,
        live: LiveSession | None,
        way: Way[Head],
    ) -> None:
        try:
            self._decided(client, head, route, live, way)
        except BaseException:
            client.abort()  # the loop reports what a callback raises, and leaves its client waiting
            raise

    def _decided(
        self,
        client: ClientConnection,
        head: Head,
        route: Route,
        live: LiveSession | None,
        way: Way[Head],
    ) -> None:
        now = self._door.time_of_day
        tally = client.plan.tally.routes[route.label]
        decision = decide.judge(client.plan, route, live, client.origin(head), head, now)
        if decision.__class__ is not Allow and client.trace is not None:
            client.trace.routed(route)
        match decision:
            case Allow(reported=reported):
                tally.allowed += 1
                if reported is not None and live is not None:
                    origin, name = client.origin(head), client.request_id
                    self._door.audit_reported(reported, origin, live, route, name)
                way.allowed(client, head, route, live)
            case Challenge() | StepUp():
                tally.others[decision.reason.value] += 1
                way.challenged(client, head, decision, live)
            case Deny():
                tally.others[decision.reason.value] += 1
                way.denied(client, head, decision, live, route)


def _stamp(client: ClientConnection, head: RequestHead) -> None:
    """Have the answer say which configuration it was made under, if that was asked for."""
    plan = client.plan
    if head.value(_WHICH) is not None and client.origin(head).network in plan.debug_networks:
        client.stamp = plan.stamp
