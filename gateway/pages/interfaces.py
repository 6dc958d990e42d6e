"""What programs ask the pages for, as JSON: the published keys, and the session of a browser."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from gateway.auth.kept_events import refused
from gateway.auth.key_ring import PUBLISHED_S
from gateway.auth.live import LiveSession
from gateway.auth.ports import Unavailable
from gateway.pages.desk import LOGON, Desk
from policies.decision import Reason

JWKS: Final = "/.gateway/jwks.json"
SESSION: Final = "/.gateway/session"
_RETRY_AFTER_S: Final = 5


class Interfaces:
    """Two addresses without a page."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of both."""
        return [web.get(JWKS, self.get_keys), web.get(SESSION, self.get_session)]

    async def get_keys(self, request: web.Request) -> web.Response:
        """Answer with the keys that verify assertions (RFC 7517); anybody may keep them a while."""
        visit = self._desk.visit(request)
        fields = {"Cache-Control": f"public, max-age={PUBLISHED_S}"}
        return web.json_response(visit.services.jwks(), headers=fields)

    async def get_session(self, request: web.Request) -> web.Response:
        """Answer whose session this is and how long it lasts, without using it; 401 for nobody.

        The store is asked, because another worker may have seen the last use.
        """
        visit = self._desk.visit(request)
        try:
            live = await visit.services.session(visit.session) if visit.session else None
        except Unavailable:
            problem = {"title": "Service Unavailable", "detail": "Try again in a moment."}
            return _problem(503, problem, {"Retry-After": str(_RETRY_AFTER_S)})
        if live is None:
            problem = {
                "title": "Unauthorized",
                "detail": "Nobody is logged on.",
                "reason": Reason.NO_SESSION.value,
                "logon": LOGON,
                "reference": visit.client.request_id,
            }
            why = Reason.NO_SESSION.value
            visit.services.keep(refused(visit.client, "session.asked", why, why, SESSION))
            return _problem(401, problem, {"WWW-Authenticate": 'Gateway realm="gateway"'})
        return web.json_response(_told(live, visit.services.clock.now()))


def _told(live: LiveSession, now: float) -> dict[str, Any]:
    who = live.record
    return {
        "user": who.user,
        "name": who.name,
        "groups": list(who.groups),
        "factors": list(who.factors),
        "seconds_left": {
            "idle": _whole(live.expires_at - now),
            "absolute": _whole(live.absolute_end - now),
        },
    }


def _whole(seconds: float) -> int:
    return max(0, int(seconds))


def _problem(status: int, told: dict[str, str], fields: dict[str, str]) -> web.Response:
    """Return a problem (RFC 9457), as the front door tells one to a script."""
    return web.json_response(
        {"type": "about:blank", "status": status, **told},
        status=status,
        content_type="application/problem+json",
        headers=fields,
    )
