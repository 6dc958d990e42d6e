"""Which systems a person may open: the titled routes, judged by the rule that guards them.

Pure. What is listed is what a click would open now, maybe after a one-time password or a fresh
logon on the way; a route that would refuse is not told of. Imports the decision and routes only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from policies.access import decide
from policies.circumstances import Circumstances, Who
from policies.decision import Deny, StepUp
from policies.return_paths import START
from policies.routes import Route

APPS: Final = "/.gateway/apps"
"""The page that shows them."""

ICONS: Final = (
    "book", "box", "calendar", "cap", "car", "chart", "chat", "clock", "computer", "document",
    "folder", "globe", "heart", "home", "key", "mail", "map", "money", "news", "people", "phone",
    "shield", "star", "tools",
)  # fmt: skip
"""The pictures that a titled route may have; each is drawn in gateway/pages/icons."""


class Newcomer(NamedTuple):
    """Somebody whose session begins now, as a decision sees them."""

    user: str
    groups: tuple[str, ...]
    factors: tuple[str, ...]
    created: float


@dataclass(frozen=True, slots=True)
class App:
    """One system. `code_needed`: a one-time password is asked for on the way."""

    route: Route
    code_needed: bool


def open_apps(routes: Iterable[Route], who: Who, network: str, now: float) -> tuple[App, ...]:
    """Return the titled routes that `who` may open by a link, from `network` at `now`, in order.

    A session that is too old for a route, or was left for too long, is challenged and not refused:
    so how long it was left makes no difference here.
    """
    seen = Circumstances(network, b"GET", now)
    judged = [(route, decide(route, who, seen)) for route in routes if route.title is not None]
    return tuple(
        App(route, code_needed=isinstance(decision, StepUp))
        for route, decision in judged
        if not isinstance(decision, Deny)
    )


def first_page(way_back: str, apps: Sequence[App]) -> str:
    """Return where a logon leads: where the person was going, else to a choice of systems.

    "/" is no destination: it is what a browser asks for when only the name was typed, and the
    front door hands it on like any other path. Without a choice it is the portal.
    """
    return APPS if way_back == START and len(apps) > 1 else way_back
