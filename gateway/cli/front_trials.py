"""Trials of the way between browsers and us: whom it says we are, what it holds back.

Each is a call of public_url that ends in a refusal of ours or says nothing; what the gateway knew
of the first one is read from where `portvakt explain REF` reads it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Final

import httptools

from gateway.auth.ports import Unavailable
from gateway.auth.refusals import Record
from gateway.auth.sealing import Sealer
from gateway.cli.findings import Finding, Level, ok, problem, warning
from gateway.cli.front_call import (
    SCRIPT,
    UPLOAD,
    Reached,
    Reply,
    announce_upload,
    ask,
    first_piece,
)
from gateway.cli.front_seen import Call, judge_seen, seen_of, site_of
from gateway.cli.reaching import reach
from gateway.pages.services import PAGES_PURPOSE
from gateway.pages.trickle import trickle_path
from gateway.settings.model import Settings
from gateway.system import SystemClock, SystemEntropy

_FORGED: Final = "192.0.2.213"
"""Of TEST-NET-1 (RFC 5737): an address that nobody has."""
_NAME: Final = "portvakt%2Ddoctor"
"""Encoded where it need not be: it arrives as written, or somebody rewrites paths."""
_CALLS: Final = 3
"""A busy gateway does not keep everything that it refuses."""
_LOOKS: Final = 10
_PAUSE_S: Final = 0.25
_MEBIBYTE: Final = 1024 * 1024


async def try_ways(settings: Settings, way: Reached) -> list[Finding]:
    """Return what the trials tell; nothing of those that want a route or a key that is not there.

    Whom the gateway took us for is not among them when it kept nothing of the call.
    """
    path = _guarded_path(settings)
    trials: list[Awaitable[list[Finding]]] = []
    if path is not None:
        trials += [_seen(settings, way, path), _upload(way, path)]
    if settings.secret_key.reveal():
        trials.append(_stream(settings, way))
    return [one for found in await asyncio.gather(*trials) for one in found]


def judge_upload(reply: Reply | None) -> Finding:
    """Return what the answer to an upload without a session tells, of which little was sent."""
    part, size = "uploads", f"{UPLOAD // _MEBIBYTE} MiB"
    if reply is not None and not reply.status:
        return warning(
            part,
            "an upload is kept back until it is whole: it is refused late, and takes up memory or "
            "disk of the proxy in front",
            "let it pass bodies on as they come (nginx: proxy_request_buffering off)",
        )
    if reply is not None and reply.reference:
        return ok(part, f"one of {size} is judged before it is sent")
    if reply is not None and reply.status == 413:  # noqa: PLR2004
        return warning(
            part,
            f"an upload of {size} is refused before it reaches the gateway",
            "leave it to [limits] body (nginx: client_max_body_size 0), unless it is meant",
        )
    told = "broken off" if reply is None else f"answered with {reply.status}"
    return problem(
        part,
        f"an upload is {told} by something in front",
        "look at the log of the proxy: may it write where it keeps bodies?",
    )


def judge_stream(reply: Reply | None) -> Finding:
    """Return what became of the first of two pieces, when anything of them arrived."""
    part = "streams"
    if reply is None or reply.status != 200:  # noqa: PLR2004
        told = "nothing arrives" if reply is None else f"status {reply.status}"
        return warning(
            part,
            f"whether answers arrive piece by piece cannot be told: {told}",
            "does public_url lead to a gateway with this secrets.key, and do the clocks agree?",
        )
    if b"last" in reply.body:
        return warning(
            part,
            "answers are kept back until they are whole, or until there is more of them: events of "
            "a portal arrive late or never",
            "let the proxy in front pass answers on as they come (nginx: proxy_buffering off)",
        )
    return ok(part, "an answer arrives piece by piece, as it is sent")


def _guarded_path(settings: Settings) -> str | None:
    """Return a path of public_url below a route that asks for a logon."""
    for route in settings.routes:
        if not route.public and route.host in {None, settings.public_url.host}:
            return f"{route.path.rstrip('/')}/{_NAME}"
    return None


async def _tried(trial: Awaitable[Reply]) -> Reply | None:
    """Return the answer, None without a proper one."""
    try:
        return await trial
    except (OSError, TimeoutError, httptools.HttpParserError):
        return None


async def _seen(settings: Settings, way: Reached, path: str) -> list[Finding]:
    for _ in range(_CALLS):
        reply = await _tried(ask(way, "GET", path, [*SCRIPT, ("X-Forwarded-For", _FORGED)]))
        if reply is None or not reply.reference:
            return []
        record = await _record(settings, reply.reference)
        if record is not None:
            call = Call(path, _FORGED, reply.own)
            return judge_seen(seen_of(record["told"]), call, site_of(settings))
    return []


async def _record(settings: Settings, reference: str) -> Record | None:
    """Return what the gateway kept of a refusal, as soon as it has; None when it does not."""
    try:
        async with reach(settings) as reached:
            for _ in range(_LOOKS if reached else 0):
                record = await reached.refusal(reference) if reached else None
                if record is not None:
                    return record
                await asyncio.sleep(_PAUSE_S)
    except Unavailable:
        return None
    return None


async def _upload(way: Reached, path: str) -> list[Finding]:
    found = judge_upload(await _tried(announce_upload(way, path)))
    if found.level is Level.PROBLEM:  # an answer that overtakes a body may be lost in a proxy
        found = judge_upload(await _tried(announce_upload(way, path)))
    return [found]


async def _stream(settings: Settings, way: Reached) -> list[Finding]:
    sealer = Sealer(settings.secret_key.reveal().encode(), SystemEntropy())
    path = trickle_path(SystemClock().now(), sealer.mac(PAGES_PURPOSE))
    return [judge_stream(await _tried(first_piece(way, path)))]
