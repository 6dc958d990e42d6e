"""`/.gateway/trickle/TOKEN`: an answer in two pieces, for `portvakt doctor` to see who holds it.

For machines: no page, no cookie. The token is signed and lasts a minute; whoever has none gets 404,
as for any address that there is not.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from typing import Final

from aiohttp import web

from gateway.pages.desk import Desk

PATH: Final = "/.gateway/trickle/"
PAUSE_S: Final = 2.0
"""Between the first piece and the last."""

_LASTS_S: Final = 60
_TOKEN: Final = re.compile(r"([0-9]{1,12})\.([0-9a-f]{32})")
_PIECES: Final = (b"data: first\n\n", b"data: last\n\n")


def trickle_path(now: float, secret: bytes) -> str:
    """Return where the answer is asked for within the next minute; `secret`: of the pages."""
    return f"{PATH}{int(now)}.{_mac(int(now), secret)}"


def is_token(token: str, now: float, secret: bytes) -> bool:
    """Return whether `token` is ours and not old."""
    found = _TOKEN.fullmatch(token)
    if found is None or not hmac.compare_digest(found[2], _mac(int(found[1]), secret)):
        return False
    return abs(now - int(found[1])) <= _LASTS_S


class TricklePage:
    """Server-sent events, two of them."""

    def __init__(self, desk: Desk) -> None:
        self._desk: Final = desk

    def routes(self) -> list[web.RouteDef]:
        """Return the one route."""
        return [web.get(PATH + "{token}", self.get, allow_head=False)]

    async def get(self, request: web.Request) -> web.StreamResponse:
        """Answer with one piece at once and one after `PAUSE_S`. Raises HTTPNotFound."""
        services = self._desk.visit(request).services
        if not is_token(request.match_info["token"], services.clock.now(), services.secret):
            raise web.HTTPNotFound
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        first, last = _PIECES
        await answer.write(first)
        await asyncio.sleep(PAUSE_S)
        await answer.write(last)
        return answer


def _mac(time: int, secret: bytes) -> str:
    return hmac.new(secret, b"trickle %d" % time, hashlib.sha256).hexdigest()[:32]
