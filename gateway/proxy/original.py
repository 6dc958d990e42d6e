"""A proxy's question, made the request that it asks about, as strictly read as any other.

`/.gateway/verify` asks in fields; a path below it is the original path, as Envoy asks. Only a
trusted proxy may ask (docs/outside.md).
"""

from __future__ import annotations

from typing import Final

from gateway.proxy.decide import find_route
from gateway.proxy.plan import Plan
from gateway.wire.errors import BadMessage
from gateway.wire.request import RequestHead
from policies.decision import Deny, Reason
from policies.fields import Crossing
from policies.forward_auth import Asked, asked, upgrade_of
from policies.routes import PAGES, Kind, Route

QUESTION: Final = b"/.gateway/verify"
_BELOW: Final = QUESTION + b"/"
_FOR_CLIENT: Final = b"answer=client"
_READ_AS: Final = b"GET"
_NO_ROUTE: Final = Deny(404, Reason.NO_ROUTE)


class OriginalRequest(RequestHead):
    """The request that is asked about, with the fields and the framing of the question.

    `route` is its route, or why it has none; `asks_for_client`: see `is_for_client`. Never changed:
    equal questions share it.
    """

    __slots__ = ("_bodiless", "asks_for_client", "line", "route")

    def __init__(self, question: RequestHead, read: RequestHead, told: Asked) -> None:
        super().__init__(told.method, read.path, read.query, question.minor)
        self.fields = question.fields
        self.cookies = question.cookies
        self.authority = read.authority
        self.host = read.host
        self.length = question.length
        self.chunked = question.chunked
        self.keep_alive = question.keep_alive
        self.named = question.named
        self.upgrade = upgrade_of(question.fields)
        self.asks_for_client = is_for_client(question)
        self.line = _line(question)
        self.route: Route | Deny = _NO_ROUTE
        self._bodiless = question.bodiless

    @property
    def bodiless(self) -> bool:
        """Whether its answer has no body: the question's method says so."""
        return self._bodiless


def is_question(path: bytes) -> bool:
    """Return whether a request with this path asks about another one."""
    return path == QUESTION or path.startswith(_BELOW)


def is_for_client(question: RequestHead) -> bool:
    """Return whether the proxy hands the answer to the client as it is.

    Else it understands 200, 401 and 403 alone.
    """
    return question.path != QUESTION or question.query[1:] == _FOR_CLIENT


def read_original(plan: Plan, question: RequestHead) -> OriginalRequest:
    """Return the request that a trusted proxy asks about. Raises BadMessage.

    A browser asks for the same things again with the same fields: the last answer is kept.
    """
    kept: OriginalRequest | None = question.shared.get(plan.rules)
    if kept is not None and kept.line == _line(question):
        return kept
    told = _told(plan, question)
    # Without a method any will do: b"" stays in the result, and no list of methods holds it.
    line = b"%b %b HTTP/1.1\r\nHost: %b\r\n\r\n"
    read = plan.reader.read(line % (told.method or _READ_AS, told.target, told.authority))
    original = OriginalRequest(question, read, told)
    route = find_route(plan, original)
    if isinstance(route, Route) and route is not PAGES:  # a portal never serves our own pages
        original.route = route
        original.for_script = route.kind is Kind.API
    elif isinstance(route, Deny):
        original.route = route
    if not original.asks_for_client:
        original.for_script = True
    question.shared[plan.rules] = original
    return original


def _line(question: RequestHead) -> tuple[bytes, bytes, bytes]:
    return (question.method, question.path, question.query)


def _told(plan: Plan, question: RequestHead) -> Asked:
    # What a proxy drops by its name it lets through under another spelling.
    crossing = plan.rules.crossing
    if any(crossing(name) is Crossing.DISGUISE for name, _ in question.fields):
        raise BadMessage(403, "a field that looks like one of ours")
    below = question.path[len(QUESTION) :]
    own = Asked(question.method, question.authority, below + question.query) if below else None
    try:
        return asked(question.fields, own)
    except ValueError as error:
        raise BadMessage(403, str(error)) from error
