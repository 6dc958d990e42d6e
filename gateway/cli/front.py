"""public_url called as a browser calls it: a handful of requests, none of which logs anybody on."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final
from urllib.parse import urlencode, urljoin

import httptools

from gateway.cli.findings import Finding, problem
from gateway.cli.front_call import Reached, ask
from gateway.cli.front_listener import look_at_listener
from gateway.cli.front_page import (
    Answer,
    judge_certificate,
    judge_fields,
    judge_form,
    judge_page,
    judge_peer,
    judge_upgrade,
)
from gateway.cli.front_trials import try_ways
from gateway.settings.model import PublicUrl, Settings
from gateway.system import SystemClock
from policies.routes import Kind

LOGON: Final = "/.gateway/logon"
_TIMEOUT_S: Final = 10.0
_REDIRECTS: Final = 5
_NOT_THERE: Final = frozenset({"reached", "answers"})
_REDIRECT: Final = frozenset({301, 302, 303, 307, 308})
_PAGE: Final = {"Accept": "text/html", "User-Agent": "portvakt doctor"}
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
_WEBSOCKET: Final = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",  # of RFC 6455; nothing depends on it
}


async def look_at_front(
    settings: Settings, authority: Path | None, source: str | None = None
) -> list[Finding]:
    """Return what calling public_url tells; `source` is the address of ours to call from.

    Where nothing of ours answers there, also whether the gateway itself does. Raises OSError when
    `authority` cannot be read.
    """
    found = await _look(settings, authority, source)
    if any(one.level == "problem" and one.part in _NOT_THERE for one in found):
        found.append(await look_at_listener(settings))
    return found


async def _look(settings: Settings, authority: Path | None, source: str | None) -> list[Finding]:
    url = settings.public_url
    found: list[Finding] = []
    context: ssl.SSLContext | None = None
    if url.is_https:
        context = ssl.create_default_context(cafile=authority)
        certificate = await _certificate(url, context)
        found += [] if certificate is None else [certificate]
        if certificate is None or certificate.part != "certificate":
            return [*found, _unreached(url, "no TLS there")]
        if certificate.level == "problem":
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    way = Reached(url, context, source)
    try:
        return found + await _walk(way, settings)
    except (OSError, TimeoutError, httptools.HttpParserError, ValueError) as error:
        return [*found, _unreached(url, _words(error))]


def _unreached(url: PublicUrl, why: str) -> Finding:
    return problem(
        "reached",
        f"{url.origin} cannot be reached from here: {why}",
        "start the gateway, look at DNS and firewall, and at public_url",
    )


async def _walk(way: Reached, settings: Settings) -> list[Finding]:
    url = settings.public_url
    page = await _page(way)
    if isinstance(page, Finding):
        return [page]
    found = judge_page(page, url)
    if any(one.level == "problem" for one in found):
        return found
    found += judge_fields(page, url, SystemClock().now())
    cookie = "; ".join(line.partition(";")[0] for line in page.cookies)
    form = {"form_token": page.form_token, "next": "/", "username": "", "password": ""}
    told = {"Origin": url.origin, "Cookie": cookie, "Sec-Fetch-Site": "same-origin"}
    found.append(judge_form(await _ask(way, "POST", LOGON, told, form)))
    tried = await try_ways(settings, way)
    if not any(one.part == "trusted_proxies" for one in tried):
        found.append(await _peer(way, settings))
    found += tried
    path = _socket_path(settings)
    if path is not None:
        told = {**_WEBSOCKET, "Origin": url.origin}
        found.append(judge_upgrade((await _ask(way, "GET", path, told)).status))
    return found


async def _peer(way: Reached, settings: Settings) -> Finding:
    url, listen = settings.public_url, settings.listen
    asked = await _ask(way, "GET", "/.gateway/verify/", {})
    behind = url.is_https and listen.tls is None
    trusted = bool(listen.trusted_proxies) and not listen.proxy_protocol  # a header names others
    return judge_peer(asked.status, proxy_in_front=behind, trusted=trusted)


async def _page(way: Reached) -> Answer | Finding:
    """Return the logon page where it is, or what leads elsewhere."""
    url = way.url
    there, seen = url.origin + LOGON, set[str]()
    answer = await _ask(way, "GET", LOGON, {})
    while answer.status in _REDIRECT:
        seen.add(there)
        there = urljoin(there, answer.location)
        if there in seen or len(seen) > _REDIRECTS:
            return problem(
                "redirects",
                f"the logon redirects in a circle by way of {there}",
                "let the proxy in front see how it was called (X-Forwarded-Proto) and redirect "
                "http to https once only",
            )
        if not there.startswith(url.origin + "/"):
            return problem(
                "redirects",
                f"public_url redirects to {there}",
                "write that origin into public_url, or take the redirect away",
            )
        answer = await _ask(way, "GET", there.removeprefix(url.origin), {})
    return answer


async def _ask(
    way: Reached,
    method: str,
    target: str,
    headers: dict[str, str],
    form: dict[str, str] | None = None,
) -> Answer:
    body = b"" if form is None else urlencode(form).encode()
    fields = _PAGE | headers | ({} if form is None else _FORM)
    reply = await ask(way, method, target, fields.items(), body)
    if not reply.status:
        raise ConnectionResetError("closed without an answer")

    def first(name: str) -> str:
        return next(iter(reply.values(name)), "")

    return Answer(
        status=reply.status,
        location=first("location"),
        cookies=reply.values("set-cookie"),
        date=first("date"),
        hsts=first("strict-transport-security"),
        body=reply.body.decode("utf-8", "replace"),
    )


def _socket_path(settings: Settings) -> str | None:
    """Return a path of ours where a WebSocket needs a session, or None."""
    for route in settings.routes:
        guarded = not route.public and route.host in {None, settings.public_url.host}
        if guarded and "websocket" in route.upgrades and route.kind is not Kind.API:
            return route.path
    return None


async def _certificate(url: PublicUrl, context: ssl.SSLContext) -> Finding | None:
    """Return how the certificate is; None when there is no TLS to look at."""
    try:
        async with _tls(url, context) as writer:
            until = writer.get_extra_info("peercert")["notAfter"]
            return judge_certificate(ssl.cert_time_to_seconds(until) - SystemClock().now())
    except ssl.SSLCertVerificationError as error:
        return problem(
            "certificate",
            f"not trusted here: {error.verify_message}",
            "renew it, or send the whole chain; for an authority of your own: --ca FILE",
        )
    except (OSError, TimeoutError):
        return None


@contextlib.asynccontextmanager
async def _tls(url: PublicUrl, context: ssl.SSLContext) -> AsyncIterator[asyncio.StreamWriter]:
    async with asyncio.timeout(_TIMEOUT_S):
        _, writer = await asyncio.open_connection(url.host.strip("[]"), url.port, ssl=context)
    try:
        yield writer
    finally:
        writer.transport.abort()


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
