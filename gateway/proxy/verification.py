"""What a proxy is answered that asks whether a request may pass: 200, 401 or 403.

The same conditions as inline, the same identity fields and assertion. Nothing goes to an upstream
from here, so what inline is left out of a request is refused where a proxy could not leave it out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.auth.live import LiveSession
from gateway.proxy import decide
from gateway.proxy.original import OriginalRequest, is_for_client
from gateway.wire.errors import BadMessage
from gateway.wire.request import RequestHead
from policies.decision import Challenge, Deny, Reason, StepUp
from policies.routes import Route

if TYPE_CHECKING:
    from gateway.proxy.client import ClientConnection
    from gateway.proxy.door import FrontDoor

_REFUSED: Final = 403
_YES: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nCache-Control: no-store\r\n"
_CLOSE: Final = b"Connection: close\r\n"


class Verification:
    """Forward-auth: the answer is for the proxy, or handed to the client as it is."""

    def __init__(self, door: FrontDoor) -> None:
        self._door = door

    def allowed(
        self,
        client: ClientConnection,
        head: OriginalRequest,
        route: Route,
        live: LiveSession | None,
    ) -> None:
        """Answer 200 with what the portal is to be told, and the cookies that are not ours."""
        if head.upgrade and not decide.may_upgrade(route, head):
            self.refused(client, head, BadMessage(_REFUSED, "an upgrade that the route names not"))
            return
        plan = client.plan
        if client.trace is not None:
            client.trace.routed(route)
        lines = b""
        if live is not None:
            self._door.sessions.used(live)
            upstream = plan.upstreams[route.upstream]
            network = client.origin(head).network
            lines = plan.introductions.lines(plan, upstream, live, network)
        cookies = b"; ".join(
            rest for value in head.cookies if (rest := plan.cookies.read(value).rest)
        )
        close = self._door.must_close(head)
        ours = b"X-Gateway-Cookie: %b\r\nX-Request-Id: %b\r\n" % (cookies, client.request_id)
        end = _CLOSE if close else b""
        client.answer(b"".join((_YES, lines, ours, end, b"\r\n")), close=close)

    def challenged(
        self,
        client: ClientConnection,
        head: OriginalRequest,
        decision: Challenge | StepUp,
        live: LiveSession | None,
    ) -> None:
        """Answer 401 with the way to the logon; a page load that the client sees is sent there."""
        self._for_whom(head)
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
        head: OriginalRequest,
        deny: Deny,
        live: LiveSession | None,
        route: Route | None,
    ) -> None:
        """Answer 403, with a reference; write it down."""
        self._door.audit_denied(deny, client.origin(head), live, route, client.request_id)
        answer, close = self._refusal(client, head, deny.status, deny.reason)
        self._door.remember(client, head, live, deny, answer)
        client.answer(answer, close=close)

    def refused(self, client: ClientConnection, head: RequestHead, error: BadMessage) -> None:
        """Answer 403 to what is no question, or no good one."""
        self._door.note_refusal(error.status, f"verify: {error.why}")
        answer, close = self._refusal(client, head, error.status, None)
        client.answer(answer, close=close)

    def _refusal(
        self, client: ClientConnection, head: RequestHead, status: int, reason: Reason | None
    ) -> tuple[bytes, bool]:
        """Return the answer, and whether the connection ends after it."""
        self._for_whom(head)
        if not _asks_for_client(head):
            status = _REFUSED
        close = self._door.must_close(head)
        reference = client.request_id.decode("ascii")
        answer = client.plan.replies.refuse(
            status, head, reference=reference, reason=reason, close=close
        )
        return answer, close

    @staticmethod
    def _for_whom(head: RequestHead) -> None:
        """Answer a proxy as a script is answered: it reads statuses and fields, no page."""
        if not _asks_for_client(head):
            head.for_script = True


def _asks_for_client(head: RequestHead) -> bool:
    return head.asks_for_client if isinstance(head, OriginalRequest) else is_for_client(head)
