"""The decision about one request: deny by default, and every answer says why.

Pure: the route that was found, who is logged on and the circumstances come in, a decision goes out.
"""

from __future__ import annotations

from typing import Final

from policies.circumstances import Circumstances, Who
from policies.decision import Allow, Decision, Deny, Reason
from policies.routes import Route

OURS: Final = "public_url"
"""Stands for our own origins in `Route.origins`; no page has it."""

ALLOW_PUBLIC: Final = Allow(Reason.PUBLIC_ROUTE)
ALLOW_SESSION: Final = Allow(Reason.SESSION)
ORIGIN_NOT_ALLOWED: Final = Deny(403, Reason.ORIGIN_NOT_ALLOWED)


def decide(route: Route, who: Who | None, seen: Circumstances) -> Decision:
    """Return what happens to a request on `route` by `who` (None: nobody).

    The first condition that is not met decides. With `report_only` the conditions that may be
    looked past are, and the first of them is told in `Allow.reported`; a session, and a code where
    one is needed, always must be there.
    """
    reported = None
    for condition in route.conditions:
        refusal = condition.judge(who, seen)
        if refusal is None:
            continue
        if condition.always_enforced or not route.looks_past:
            return refusal
        reported = reported or refusal.reason
    if reported is not None:
        return Allow(Reason.SESSION, reported)
    return ALLOW_PUBLIC if route.public else ALLOW_SESSION


def same_origin(scheme: str, authority: str) -> str:
    """Return the origin (RFC 6454) of pages on the host that a request was sent to.

    `authority` is its Host field, which has been found to be a host of ours.
    """
    return f"{scheme}://{authority.lower()}"


def judge_origin(route: Route, origin: str | None, own_origins: frozenset[str]) -> Deny | None:
    """Return why an upgrade opened by `origin` is refused, or None.

    The Origin must be ours or one the route names (RFC 6455 section 10.2); none at all is refused
    too, because the cookie that opens the session is a browser's.
    """
    if origin is not None and origin != OURS:
        if origin in route.origins:
            return None
        if OURS in route.origins and origin in own_origins:
            return None
    return ORIGIN_NOT_ALLOWED
