"""From a request head to a decision: address, network, route, session. No I/O."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from gateway.auth.sessions import LiveSession
from gateway.proxy.plan import Plan
from gateway.settings.snapshot import Snapshot
from gateway.wire.request import RequestHead
from policies.access import decide, judge_origin, same_origin
from policies.circumstances import Circumstances
from policies.decision import Decision, Deny
from policies.methods import overrides
from policies.networks import canonical_address, client_address
from policies.routes import Route

_KEPT: Final = "decision"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from: the client's address (text, "" when unknown) and network.

    `still` is all that a steady route looks at: made once, where the rest differs by request.
    """

    address: str
    network: str
    still: Circumstances = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Prepare what does not change from request to request."""
        object.__setattr__(self, "still", Circumstances(self.network, b"", 0.0))


def origin_of(plan: Plan, peer: str, head: RequestHead) -> Origin:
    """Return where a request comes from; forwarded fields count only from a trusted proxy."""
    if plan.peer_decides:
        address = canonical_address(peer)  # one spelling, also behind a dual-stack listener
        return Origin(address, plan.snapshot.networks.name_of(address))
    address = client_address(peer, forwarded_for(head), plan.snapshot.trusted)
    return Origin(address, plan.snapshot.networks.name_of(address))


def is_trusted(plan: Plan, peer: str) -> bool:
    """Return whether the other end of a connection is a proxy whose word is taken."""
    return plan.snapshot.trusted.contains(canonical_address(peer))


def forwarded_for(head: RequestHead) -> list[str]:
    """Return the X-Forwarded-For field lines in their order."""
    return [
        value.decode("latin-1") for name, value in head.fields if name.lower() == b"x-forwarded-for"
    ]


def find_route(plan: Plan, head: RequestHead) -> Route | Deny:
    """Return the route of a request, or the refusal."""
    return plan.snapshot.routes.find(head.host or plan.public_host, head.path)


def session_token(plan: Plan, head: RequestHead) -> bytes | None:
    """Return the session cookie's value; two of them are as good as none (nobody knows whose)."""
    if len(head.cookies) == 1:
        tokens = plan.cookies.read(head.cookies[0]).tokens
    else:
        tokens = tuple(t for value in head.cookies for t in plan.cookies.read(value).tokens)
    return tokens[0] if len(tokens) == 1 and tokens[0] else None


def judge(
    plan: Plan,
    route: Route,
    live: LiveSession | None,
    origin: Origin,
    head: RequestHead,
    now: Callable[[], float],
) -> Decision:
    """Return the decision about a request whose session is known; `now` tells the time of day."""
    if not route.is_steady:
        who, idle_s = (None, 0.0) if live is None else (live.record, live.idle_s)
        others = overrides(head.fields) if route.methods else ()
        seen = Circumstances(origin.network, head.method, now(), idle_s, others)
        decision = decide(route, who, seen)
    elif live is None:
        decision = decide(route, None, origin.still)
    else:
        decision = _steady(route, live, origin)
    if head.upgrade:
        return judge_upgrade(plan.snapshot, route, head) or decision
    return decision


def _steady(route: Route, live: LiveSession, origin: Origin) -> Decision:
    """Decide once for a route, a session and a network: nothing else has a say, and none changes.

    An edit of gateway.toml makes other routes, a logon another session.
    """
    kept: tuple[Route, str, Decision] | None = live.memo.get(_KEPT)
    if kept is None or kept[0] is not route or kept[1] != origin.network:
        decision = decide(route, live.record, origin.still)
        kept = live.memo[_KEPT] = (route, origin.network, decision)
    return kept[2]


def judge_upgrade(snapshot: Snapshot, route: Route, head: RequestHead) -> Deny | None:
    """Return why an upgrade that the route has is refused, whatever else is decided, or None."""
    if head.upgrade.decode("latin-1") not in route.upgrades:
        return None
    # A route with a host of its own has pages of its own, at that host's origin.
    scheme = snapshot.settings.public_url.scheme
    here = same_origin(scheme, head.authority.decode("latin-1"))
    return judge_origin(route, origin_field(head), snapshot.own_origins | {here})


def origin_field(head: RequestHead) -> str | None:
    """Return the Origin; two are as good as none: nobody knows which one the page had."""
    sent = [value for name, value in head.fields if name.lower() == b"origin"]
    return sent[0].decode("latin-1") if len(sent) == 1 else None


def may_upgrade(route: Route, head: RequestHead) -> bool:
    """Return whether the upgrade that a request asks for is offered to the upstream at all."""
    protocol = head.upgrade
    return bool(protocol) and protocol != b"h2c" and protocol.decode("latin-1") in route.upgrades
