"""`/.gateway/help`: how to log on, the office-network rule, and whom to ask."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from gateway.pages.desk import HELP, Desk

_RESET: Final = "/.gateway/reset"
_ON_PASSWORDS: Final = HELP + "#password"


class HelpPage:
    """A page for everybody; the start of a password reset leads to what it says about it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of this page."""
        return [web.get(HELP, self.get), web.get(_RESET, self.get_reset)]

    async def get(self, request: web.Request) -> web.Response:
        """Show the help; asks no store, so it works when nothing else does."""
        visit = self._desk.visit(request)
        digits = visit.snapshot.settings.one_time_password.digits
        return self._desk.show(visit, "help.html", {"digits": digits})

    async def get_reset(self, _: web.Request) -> web.Response:
        """Lead the link "Reset or change password" to the words on it."""
        return self._desk.onward(_ON_PASSWORDS)
