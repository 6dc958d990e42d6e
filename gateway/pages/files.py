"""Answers requests for the static files of the look, under `/.gateway/static/`."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from gateway.pages.desk import Desk
from gateway.pages.static import PREFIX

_FOR_EVER: Final = "public, max-age=31536000, immutable"
_PICTURE_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""For an SVG that somebody opens by itself: it may wear its own styles, and do nothing."""


class FilesPage:
    """All static files: their names change with what they hold."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        """Return the one route."""
        return [web.get(PREFIX + "{name}", self.get)]

    async def get(self, request: web.Request) -> web.Response:
        """Answer with a file; raises HTTPNotFound for any other name."""
        asset = self._desk.visit(request).look.find(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound
        headers = {"Content-Type": asset.content_type, "Cache-Control": _FOR_EVER}
        if asset.content_type.startswith("image/"):
            headers["Content-Security-Policy"] = _PICTURE_POLICY
        return web.Response(body=asset.body, headers=headers)
