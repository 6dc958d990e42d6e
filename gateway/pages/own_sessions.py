"""`/.gateway/account/sessions`: an employee ends sessions of their own; `account` shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from aiohttp import web

from gateway.auth.model import SessionRecord
from gateway.auth.own_sessions import OwnSession
from gateway.pages.desk import ACCOUNT, LOGON, OWN_SESSIONS, Desk, link
from gateway.pages.forms import required
from gateway.pages.visit import Visit
from policies.decision import Reason

OTHERS: Final = "others"
"""What the form says for "all but this one"."""

_CODE: Final = "otp"


class ShownSession(NamedTuple):
    """One line of the list: ages in seconds, `address` "" inside the corporate network."""

    key: str
    is_this: bool
    device: str
    inside: bool
    address: str
    with_code: bool
    opened_s: int
    used_s: int


async def shown_sessions(visit: Visit, session: SessionRecord) -> Sequence[ShownSession]:
    """Return the lines of the list. Raises Unavailable."""
    now = visit.services.clock.now()
    found = await visit.services.own_sessions.view(session, visit.session or "")
    return [_shown(one, now) for one in found]


def _shown(one: OwnSession, now: float) -> ShownSession:
    label = one.listed.label
    return ShownSession(
        key=one.listed.key,
        is_this=one.is_this,
        device=label.device,
        inside=label.network == "corporate",
        address=label.address,
        with_code=_CODE in label.factors,
        opened_s=int(now - label.created),
        used_s=int(now - one.listed.seen),
    )


class OwnSessionsPage:
    """POST ends one session, or all others."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of this page."""
        return [web.post(OWN_SESSIONS, self.post)]

    async def post(self, request: web.Request) -> web.Response:
        """End what the form names; one that has ended already is as good as ended now."""
        desk, visit = self._desk, self._desk.visit(request)
        form = await desk.posted(request, visit, OWN_SESSIONS)
        way_back = visit.way_back(form)
        which = required(form, "session")
        session = await desk.who(visit)
        if session is None or visit.session is None:
            desk.deny(visit, OWN_SESSIONS, Reason.NO_SESSION.value)
            return desk.onward(link(LOGON, link(ACCOUNT, way_back)))
        own = visit.services.own_sessions
        if which == OTHERS:
            await own.end_others(session, visit.session, visit.client)
        else:
            await own.end(session, which, visit.client)
        return desk.onward(link(ACCOUNT, way_back, notice="ended"))
