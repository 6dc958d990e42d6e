"""`/debug/…`, the short ones: what a request looked like on arrival, answers made to order."""

from __future__ import annotations

import asyncio
import hashlib
import re
from http import HTTPStatus
from typing import Final

from aiohttp import web

from upstream_stub.portal.numbers import count_of, number_of
from upstream_stub.portal.request_log import REQUEST_LOG, fields_of, peer_of

_TEXT_SHOWN: Final = 64 * 1024
_LONGEST_WAIT_S: Final = 600
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_FRAMING: Final = frozenset({"content-length", "transfer-encoding"})

ROUTES: Final = web.RouteTableDef()


@ROUTES.route("*", "/debug/echo")
@ROUTES.route("*", "/debug/echo/{rest:.*}")
async def echo(request: web.Request) -> web.Response:
    """Answer with the request as it arrived; the body's text only while it is short UTF-8."""
    digest, length, start = hashlib.sha256(), 0, b""
    async for piece in request.content.iter_any():
        digest.update(piece)
        length += len(piece)
        if len(start) <= _TEXT_SHOWN:
            start += piece
    body: dict[str, object] = {"length": length, "sha256": digest.hexdigest()}
    if length <= _TEXT_SHOWN:
        body["text"] = start.decode("utf-8", "replace")
    return web.json_response(
        {
            "method": request.method,
            "target": request.raw_path,
            "version": f"{request.version.major}.{request.version.minor}",
            "headers": fields_of(request),
            "peer": peer_of(request),
            "body": body,
        }
    )


@ROUTES.get("/debug/log")
async def recent(request: web.Request) -> web.Response:
    """Answer with the requests after number `since`, this one included, and the newest number."""
    since = count_of(request, "since", default=0, most=10**12)
    log = request.app[REQUEST_LOG]
    return web.json_response({"last": log.count, "entries": list(log.since(since))})


@ROUTES.route("*", "/debug/status/{code:[2-5][0-9][0-9]}")
async def status(request: web.Request) -> web.Response:
    """Answer with this status; `location` in the query becomes the field."""
    code = int(request.match_info["code"])
    fields = {"Location": request.query["location"]} if "location" in request.query else {}
    if code in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED, HTTPStatus.RESET_CONTENT}:
        return web.Response(status=code, headers=fields)
    return web.Response(status=code, text=f"{code}\n", headers=fields)


@ROUTES.route("*", "/debug/headers")
async def headers(request: web.Request) -> web.Response:
    """Answer with the query's pairs as fields, repeats and order kept; framing is not for sale."""
    answer = web.Response(text="fields set\n")
    for name, value in request.query.items():
        if not _TOKEN.fullmatch(name) or name.lower() in _FRAMING or re.search(r"[\r\n\0]", value):
            raise web.HTTPBadRequest(text="not a field that can be set here\n")
        if name.lower() == "content-type":
            answer.headers.popall(name, None)
        answer.headers.add(name, value)
    return answer


@ROUTES.route("*", "/debug/slow")
async def slow(request: web.Request) -> web.Response:
    """Answer after `seconds`."""
    seconds = number_of(request, "seconds", default=1, most=_LONGEST_WAIT_S)
    await asyncio.sleep(seconds)
    return web.Response(text=f"{seconds:g} s\n")
