"""`/.gateway/language`: the language of the pages, chosen by hand and remembered in a cookie.

A link leads here and back to the page it stands on, so error pages of the front door have it too,
and it works without JavaScript. Nothing but the cookie changes.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from aiohttp import web

from gateway.pages.cookies import set_cookie
from gateway.pages.desk import LANGUAGE, Desk
from gateway.pages.forms import is_cross_site, read_query
from policies.languages import LANGUAGES
from policies.return_paths import own_path

LIFETIME: Final = timedelta(days=400)  # the longest that browsers keep a cookie


class LanguagePage:
    """A way station, for everybody."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of this page."""
        return [web.get(LANGUAGE, self.get)]

    async def get(self, request: web.Request) -> web.Response:
        """Remember `to` and go back to `next`; another site chooses for nobody."""
        visit = self._desk.visit(request)
        query = read_query(request)
        response = self._desk.onward(own_path(query.get("next", ""), visit.origins))
        chosen = query.get("to")
        if chosen in LANGUAGES and not is_cross_site(request.headers, visit.origins):
            name = visit.snapshot.cookies.language
            set_cookie(response, name, chosen, https=visit.https, lifetime=LIFETIME)
        return response
