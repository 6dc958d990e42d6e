"""Style sheet and marks under `/.gateway/static/`, named by a hash of what they hold.

All of them are read once at start; a request is answered from that table alone and never touches
the file system, so there is no path to climb out of and no directory to list.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from aiohttp import web

PREFIX: Final = "/.gateway/static/"
_TYPES: Final = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml; charset=utf-8"}
_FOR_EVER: Final = "public, max-age=31536000, immutable"


class Asset(NamedTuple):
    """One file: its public name (with the hash), its bytes and its media type."""

    public_name: str
    body: bytes
    content_type: str


@cache
def assets() -> dict[str, Asset]:
    """Return every static file by its plain name ("portvakt.css").

    Pictures come first, so that the style sheet can call them by their public names.
    """
    found: dict[str, Asset] = {}
    places = (files("gateway.pages") / "static").iterdir()
    for place in sorted(places, key=lambda place: (place.name.endswith(".css"), place.name)):
        stem, dot, suffix = place.name.rpartition(".")
        content_type = _TYPES.get(dot + suffix)
        if content_type is not None:
            body = place.read_bytes()
            for name, asset in found.items():
                body = body.replace(f'url("{name}")'.encode(), f'url("{asset[0]}")'.encode())
            digest = hashlib.sha256(body).hexdigest()[:12]
            found[place.name] = Asset(f"{stem}.{digest}.{suffix}", body, content_type)
    return found


def url(name: str) -> str:
    """Return the path of the static file with the plain name `name`."""
    return PREFIX + assets()[name].public_name


def by_public_name() -> dict[str, Asset]:
    """Return the table that requests are answered from."""
    return {asset.public_name: asset for asset in assets().values()}


def routes() -> list[web.RouteDef]:
    """Return the one route of all static files."""
    table = by_public_name()

    async def get(request: web.Request) -> web.Response:
        asset = table.get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound
        return web.Response(
            body=asset.body,
            headers={"Content-Type": asset.content_type, "Cache-Control": _FOR_EVER},
        )

    return [web.get(PREFIX + "{name}", get)]
