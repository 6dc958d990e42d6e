"""`/.gateway/receipts/NAME/SECRET`: where SMS providers post what became of a message.

For machines: no page, no cookie, no token. Who knows the secret gets 204 whatever was posted;
everybody else 404, as for any address that there is not.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web

from gateway.pages.desk import Desk

_MAX_FIELDS: Final = 64


class ReceiptsPage:
    """POST, or GET as Kannel does it, says what became of one message."""

    def __init__(self, desk: Desk) -> None:
        self._desk: Final = desk

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of this page."""
        path = "/.gateway/receipts/{name}/{secret}"
        return [web.post(path, self.post), web.get(path, self.post, allow_head=False)]

    async def post(self, request: web.Request) -> web.Response:
        """Hear of one message. Raises HTTPNotFound, HTTPTooManyRequests or Unavailable."""
        visit = self._desk.visit(request)
        try:
            posted = request.method == "POST"
            text = (await request.read()).decode() if posted else request.rel_url.raw_query_string
            fields = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS))
        except ValueError:
            fields = {}
        name, secret = request.match_info["name"], request.match_info["secret"]
        heard = await visit.services.hear(name, secret, fields)
        if heard is None:
            raise web.HTTPTooManyRequests
        if not heard:
            raise web.HTTPNotFound
        return web.Response(status=204)
