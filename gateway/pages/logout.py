"""`/.gateway/logout`: GET asks, POST ends the session everywhere.

The browser is told to forget what it keeps of this origin, so that nobody goes back to a page of
the portal (Clear-Site-Data, ASVS 14.3.1). Cookies and storage stay: some are the portal's own.
"""

from __future__ import annotations

from aiohttp import web

from gateway.pages.cookies import delete_cookie
from gateway.pages.desk import LOGON, LOGOUT, Desk, link
from gateway.pages.visit import Visit


class LogoutPage:
    """Log off. A GET changes nothing, so no image or link of another site logs anybody off."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of this page."""
        return [web.get(LOGOUT, self.get), web.post(LOGOUT, self.post)]

    async def get(self, request: web.Request) -> web.Response:
        """Ask; who is not logged on is told so by the logon page."""
        desk, visit = self._desk, self._desk.visit(request)
        session = await desk.who(visit)
        if session is None:
            return desk.onward(link(LOGON))
        return desk.show(visit, "logout.html", {"name": session.name or session.user})

    async def post(self, request: web.Request) -> web.Response:
        """End the session; the cookies go only after the store has said so."""
        desk, visit = self._desk, self._desk.visit(request)
        await desk.posted(request, visit, LOGOUT)
        if visit.session is not None:
            await visit.services.logon.log_off(visit.session, visit.client)
        response = desk.onward(link(LOGON, notice="logged-off"))
        response.headers["Clear-Site-Data"] = '"cache"'
        return _without_cookies(response, visit)


def _without_cookies(response: web.Response, visit: Visit) -> web.Response:
    cookies = visit.snapshot.cookies
    for name in (cookies.session, cookies.challenge, cookies.trail):
        delete_cookie(response, name, https=visit.https)
    return response
