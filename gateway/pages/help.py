"""`/.gateway/help`: how to log on, the office-network rule, and whom to ask."""

from __future__ import annotations

from aiohttp import web

from gateway.pages.desk import HELP, Desk
from gateway.pages.password_texts import password_rules
from policies.mobiles import example


class HelpPage:
    """A page for everybody."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of this page."""
        return [web.get(HELP, self.get)]

    async def get(self, request: web.Request) -> web.Response:
        """Show the help; asks no store, so it works when nothing else does."""
        visit = self._desk.visit(request)
        settings = visit.snapshot.settings
        rules = password_rules(settings.password, visit.words)
        values = {
            "digits": settings.one_time_password.digits,
            "rules": rules,
            "as_in": example(visit.region).national,
        }
        return self._desk.show(visit, "help.html", values)
