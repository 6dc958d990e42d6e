"""The decision about one request: deny by default, and every answer says why.

Pure: the route that was found, who is logged on and the network come in, a decision goes out.
"""

from __future__ import annotations

from typing import Final, Protocol

from policies.decision import Allow, Challenge, Decision, Deny, Reason, StepUp
from policies.factors import code_needed
from policies.routes import Route


class Who(Protocol):
    """What a decision needs to know of a live session."""

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups of the last logon."""
        ...

    @property
    def factors(self) -> tuple[str, ...]:
        """The factors given in this session."""
        ...


OURS: Final = "public_url"
"""Stands for our own origins in `Route.origins`; no page has it."""

ALLOW_PUBLIC: Final = Allow(Reason.PUBLIC_ROUTE)
ALLOW_SESSION: Final = Allow(Reason.SESSION)
NOBODY: Final = Challenge(Reason.NO_SESSION)
CODE_NEEDED: Final = StepUp(Reason.CODE_NEEDED)
GROUP_MISSING: Final = Deny(403, Reason.GROUP_MISSING)
ORIGIN_NOT_ALLOWED: Final = Deny(403, Reason.ORIGIN_NOT_ALLOWED)


def decide(route: Route, who: Who | None, network: str) -> Decision:
    """Return what happens to a request on `route` from `network` by `who` (None: nobody)."""
    if route.public:
        return ALLOW_PUBLIC
    if who is None:
        return NOBODY
    # Groups first: nobody is sent a code for a door that stays shut.
    if route.groups and route.groups.isdisjoint(who.groups):
        return GROUP_MISSING
    if code_needed(route.second_factor, network, who.factors):
        return CODE_NEEDED
    return ALLOW_SESSION


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
