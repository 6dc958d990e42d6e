"""A proxy's question, made the request that it asks about, as strictly read as any other.

`/.gateway/verify` asks in fields; a path below it is the original path, as Envoy asks. Only a
trusted proxy may ask (docs/outside.md).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from gateway.proxy.plan import Plan
from gateway.wire.errors import BadMessage
from gateway.wire.fields import Fields
from gateway.wire.request import RequestHead
from policies.fields import FieldRules
from policies.forward_auth import Asked, asked, upgrade_of
from policies.networks import canonical_address

PATH: Final = b"/.gateway/verify"
_BELOW: Final = PATH + b"/"
_FOR_CLIENT: Final = b"answer=client"
_READ_AS: Final = b"GET"


class OriginalRequest(RequestHead):
    """The request that is asked about, with the fields and the framing of the question.

    `asks_for_client`: see `is_for_client`.
    """

    __slots__ = ("_bodiless", "asks_for_client")

    def __init__(self, question: RequestHead, read: RequestHead, *, for_client: bool) -> None:
        super().__init__(read.method, read.path, read.query, question.minor)
        self.fields = question.fields
        self.cookies = question.cookies
        self.authority = read.authority
        self.host = read.host
        self.length = question.length
        self.chunked = question.chunked
        self.keep_alive = question.keep_alive
        self.named = question.named
        self.asks_for_client = for_client
        self._bodiless = question.bodiless

    @property
    def bodiless(self) -> bool:
        """Whether its answer has no body: the question's method says so."""
        return self._bodiless


class _Told(NamedTuple):
    """What one field section says; kept for questions with the same fields."""

    request: Asked | None
    fault: str
    upgrade: bytes


def is_question(path: bytes) -> bool:
    """Return whether a request with this path asks about another one."""
    return path == PATH or path.startswith(_BELOW)


def is_for_client(question: RequestHead) -> bool:
    """Return whether the proxy hands the answer to the client as it is.

    Else it understands 200, 401 and 403 alone.
    """
    return question.path != PATH or question.query[1:] == _FOR_CLIENT


def read_original(plan: Plan, question: RequestHead, peer: str) -> OriginalRequest:
    """Return the request that a trusted proxy, the other end `peer`, asks about.

    Raises BadMessage.
    """
    if not plan.snapshot.trusted.contains(canonical_address(peer)):
        raise BadMessage(403, "asked by somebody who is no trusted proxy")
    below = question.path[len(PATH) :]
    if below:
        own = Asked(question.method, question.authority, below + question.query)
        told = _examine(plan.rules, question.fields, own)
    else:
        kept = question.shared.get(plan.rules)
        told = kept if isinstance(kept, _Told) else _examine(plan.rules, question.fields, None)
        question.shared[plan.rules] = told
    if told.request is None:
        raise BadMessage(403, told.fault)
    method, authority, target = told.request
    line = b"%b %b HTTP/1.1\r\nHost: %b\r\n\r\n" % (method or _READ_AS, target, authority)
    read = plan.reader.read(line)
    original = OriginalRequest(question, read, for_client=is_for_client(question))
    original.method = method  # b"" when it was not said: then no list of methods holds it
    original.upgrade = told.upgrade
    return original


def _examine(rules: FieldRules, fields: Fields, own: Asked | None) -> _Told:
    # What a proxy drops by its name it lets through under another spelling.
    if any(rules.looks_like_ours(name) for name, _ in fields):
        return _Told(None, "a field that looks like one of ours", upgrade=b"")
    try:
        request = asked(fields, own)
    except ValueError as error:
        return _Told(None, str(error), upgrade=b"")
    return _Told(request, "", upgrade_of(fields))
