"""Where the work of a page belongs: its request in every log line, its span in the trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from gateway.pages.services import PageServices
from gateway.spans import HERE, Here, Kind, Span
from policies.trace_context import parse_traceparent

_SERVER_ERROR: Final = 500


def following(current: Callable[[], PageServices]) -> Middleware:
    """Return the middleware that notes which request everything beneath it works for.

    The front door alone writes `traceparent` here, and no stranger's.
    """

    @web.middleware
    async def follow(request: web.Request, handler: Handler) -> web.StreamResponse:
        span = None
        tracer = current().tracer
        name = request.headers.get("X-Gateway-Request-Id", "")
        parent = parse_traceparent(request.headers.get("traceparent", "").encode("latin-1"))
        if tracer is not None and parent is not None and parent.sampled:
            title = f"page {request.method} {_page_of(request)}"
            span = tracer.begin(title, Kind.INTERNAL, {}, parent)
        token = HERE.set(Here(name, "" if parent is None else parent.trace_id, span))
        try:
            response = await handler(request)
        except BaseException as error:
            _end(span, type(error).__name__)
            raise
        else:
            _end(span, str(response.status) if response.status >= _SERVER_ERROR else "")
            return response
        finally:
            HERE.reset(token)

    return follow


def _page_of(request: web.Request) -> str:
    """Return the path of the page that was found, in the words of its route."""
    resource = request.match_info.route.resource
    return "" if resource is None else resource.canonical


def _end(span: Span | None, error: str) -> None:
    if span is not None:
        span.end(error)
