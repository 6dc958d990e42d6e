"""The stub portal put together."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from upstream_stub.portal import contact, debug, debug_streams, pages
from upstream_stub.portal.request_log import REQUEST_LOG, RequestLog, log_requests
from upstream_stub.rendering import STATIC


def make_portal(log: Path | None = None) -> web.Application:
    """Return the portal; `log` is a file to which each request is appended as a line of JSON.

    `app[REQUEST_LOG]` holds the last requests. Serve it with `runner_of`, which also logs what
    is no request at all and leaves bodies as sent. Raises OSError when the file cannot be opened.
    """
    app = web.Application(middlewares=[log_requests, _not_found_page])
    app[REQUEST_LOG] = RequestLog(log)
    app[debug_streams.OPEN_STREAMS] = Counter()
    app[contact.CASES] = contact.Cases()
    for part in (pages, contact, debug, debug_streams):
        app.add_routes(part.ROUTES)
    app.router.add_static("/static/", STATIC / "portal")
    app.on_cleanup.append(_close_log)
    return app


@web.middleware
async def _not_found_page(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn "not found" into the portal's own page, except for the debugging answers."""
    try:
        return await handler(request)
    except web.HTTPNotFound:
        if request.path.startswith(("/debug/", "/static/")):
            raise
        return pages.show(request, "not_found", status=404)


async def _close_log(app: web.Application) -> None:
    app[REQUEST_LOG].close()
