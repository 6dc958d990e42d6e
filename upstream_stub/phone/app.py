"""The stub phone put together: the SMS API, the page, and what tests ask for."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from aiohttp import web

from upstream_stub.phone.faults import Faults, Mode
from upstream_stub.phone.messages import Inbox, Message, Refused, message_of
from upstream_stub.rendering import STATIC, page

INBOX: Final = web.AppKey("INBOX", Inbox)
FAULTS: Final = web.AppKey("FAULTS", Faults)
_CREDENTIALS: Final[web.AppKey[tuple[str, str]]] = web.AppKey("CREDENTIALS", tuple)
_CODE: Final = re.compile(r"(?<![\w#])(\d{4,8})(?!\w)", re.ASCII)
_MOST_FAULTS: Final = 10_000

ROUTES: Final = web.RouteTableDef()


def make_phone(credentials: tuple[str, str] | None = None) -> web.Application:
    """Return the phone; with `credentials` the SMS API wants them as basic authentication.

    `app[INBOX]` holds the messages, `app[FAULTS]` the faults on order. Serve with `runner_of`.
    """
    app = web.Application()
    app[INBOX] = Inbox()
    app[FAULTS] = Faults()
    if credentials is not None:
        app[_CREDENTIALS] = credentials
    app.add_routes(ROUTES)
    app.router.add_static("/static/", STATIC / "phone")
    return app


@ROUTES.post("/a1/sms")
async def send(request: web.Request) -> web.Response:
    """Take one message. 401 without the credentials, 400 and one line of text for a bad form."""
    if not _is_authorised(request):
        fields = {"WWW-Authenticate": 'Basic realm="SMS API"'}
        return web.Response(status=401, text="Authorization required", headers=fields)
    wrong = await request.app[FAULTS].befall()
    if wrong is not None:
        return wrong
    try:
        message = message_of(await _form(request))
    except Refused as refusal:
        return web.Response(status=400, text=str(refusal))
    await request.app[INBOX].deliver(message)
    return web.json_response(message.as_json())


@ROUTES.get("/")
async def phone(request: web.Request) -> web.Response:
    """Show one phone: that of the number `to`, or the one with the newest message."""
    inbox = request.app[INBOX]
    numbers = inbox.numbers()
    number = request.query.get("to") or (numbers[0] if numbers else "")
    bubbles = [(message, _clock(message), _split(message.text)) for message in inbox.of(number)]
    return page(
        "phone/phone.html",
        count=inbox.count,
        number=number,
        numbers=numbers,
        bubbles=bubbles,
        chosen="to" in request.query,
    )


@ROUTES.get("/events", allow_head=False)
async def events(request: web.Request) -> web.StreamResponse:
    """Send a server-sent event with the count of messages, now and whenever one arrives."""
    answer = web.StreamResponse(headers={"Cache-Control": "no-store"})
    answer.content_type = "text/event-stream"
    await answer.prepare(request)
    count = request.app[INBOX].count
    while True:
        await answer.write(f"event: messages\ndata: {count}\n\n".encode())
        count = await request.app[INBOX].wait_beyond(count)


@ROUTES.get("/messages.json")
async def messages(request: web.Request) -> web.Response:
    """Answer with the messages, oldest first, of the number `to` where it is given."""
    found = request.app[INBOX].of(request.query.get("to"))
    return web.json_response({"messages": [message.as_json() for message in found]})


@ROUTES.post("/fail")
async def fail(request: web.Request) -> web.Response:
    """Let the next `count` sends (1) go wrong: `mode` fail, hang or garble. `count` 0 ends it."""
    form = await _form(request)
    try:
        mode, count = Mode(form.get("mode", "fail")), int(form.get("count", "1"))
    except ValueError:
        raise web.HTTPBadRequest(text="mode: fail, hang or garble; count: a number\n") from None
    if not 0 <= count <= _MOST_FAULTS:
        raise web.HTTPBadRequest(text=f"count: 0 to {_MOST_FAULTS}\n")
    request.app[FAULTS].order(mode, count)
    return web.json_response({"mode": mode.value, "count": count})


async def _form(request: web.Request) -> Mapping[str, str]:
    return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}


def _is_authorised(request: web.Request) -> bool:
    wanted = request.app.get(_CREDENTIALS)
    if wanted is None:
        return True
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    try:
        pair = base64.b64decode(given.strip().encode(), validate=True)
    except (binascii.Error, ValueError):
        return False
    return scheme.lower() == "basic" and hmac.compare_digest(pair, ":".join(wanted).encode())


def _clock(message: Message) -> str:
    return datetime.fromtimestamp(message.created, UTC).astimezone().strftime("%H:%M")


def _split(text: str) -> list[str]:
    """Return the text cut at its codes: every second piece is a code, to be shown big."""
    return _CODE.split(text)
