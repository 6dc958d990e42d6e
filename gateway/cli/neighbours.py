"""The neighbours of the gateway, asked one by one: Redis, the directory, whoever sends messages."""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from gateway.auth.ports import Unavailable
from gateway.cli.findings import Finding, Level, ok, problem, warning
from gateway.cli.opening import make_hasher
from gateway.directory.opening import open_directory
from gateway.directory.trouble import DirectoryUnavailable
from gateway.settings.model import Settings
from gateway.settings.phones import HttpSms, OutboxSms, SmppSms, SmtpSms, SmtpTls, Way
from gateway.sms.smtp import smtp_tls
from gateway.store.embedded import EmbeddedRedisError, reached
from gateway.store.store import Store, open_store
from gateway.system import SystemClock, SystemEntropy

_TIMEOUT_S: Final = 5.0
_EMBEDDED: Final = "embedded"
_PORTS: Final = {"http": 80, "https": 443}


async def look_at_neighbours(settings: Settings) -> list[Finding]:
    """Return how each of them is; nothing is written, no message is sent."""
    looks = [_redis(settings), _directory(settings), _admin(settings)]
    return list(await asyncio.gather(*looks, *(_sms(one) for one in settings.sms)))


async def _redis(settings: Settings) -> Finding:
    url = settings.redis_url.reveal()
    advice = "start it, or correct [redis] url"
    with contextlib.ExitStack() as stack:
        if url == _EMBEDDED:
            if not (settings.state_dir / "redis").exists():
                return warning("redis", "the embedded one has never run", "portvakt run starts it")
            try:
                url = stack.enter_context(reached(settings.state_dir))
            except (OSError, EmbeddedRedisError) as error:
                return problem("redis", str(error), "look at redis.log in state_dir")

        try:
            store = open_store(url)
        except ValueError:
            return problem("redis", "does not answer", advice)
        try:
            found = await _answers("redis", store.ping, advice)
            if found.level is Level.OK and settings.redis_url.reveal() != _EMBEDDED:
                found = await _kept(store, found)
        finally:
            await store.close()
        return found


async def _kept(store: Store, found: Finding) -> Finding:
    """Return `found`, unless what is in this Redis would not outlive its restart."""
    if await store.link.appends_to_file() is not False:
        return found
    advice = "set appendonly yes there: one that comes back empty knows nobody any more"
    return warning("redis", "answers, but keeps no append-only file", advice)


async def _directory(settings: Settings) -> Finding:
    hasher = make_hasher()

    async def ping() -> None:
        directory = open_directory(settings.directory, hasher, SystemClock(), SystemEntropy())
        try:
            await directory.ping()
        finally:
            await directory.close()

    try:
        return await _answers("directory", ping, "start it, or correct [directory]")
    finally:
        hasher.close()


async def _answers(part: str, ping: Callable[[], Awaitable[None]], advice: str) -> Finding:
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            await ping()
    except DirectoryUnavailable as trouble:
        way_out = advice if trouble.is_away else "it is there: mend what it says"
        return problem(part, f"cannot be used: {trouble.advice}", way_out)
    except (Unavailable, TimeoutError, ValueError):
        return problem(part, "does not answer", advice)
    return ok(part, "answers")


async def _admin(settings: Settings) -> Finding:
    """Ask the running gateway how it finds itself."""
    host = settings.admin.host
    at = f"[{host}]" if ":" in host else host
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
            session.get(f"http://{at}:{settings.admin.port}/readyz") as answer,
        ):
            checks = (await answer.json())["checks"]
            bad = [f"{part}: {state}" for part, state in checks.items() if state != "ok"]
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError, AttributeError):
        return warning(
            "ready", "the admin address does not answer from here", "is the gateway running here?"
        )
    if bad:
        return problem("ready", "; ".join(bad), "mend what is named; the log has more")
    return ok("ready", "the running gateway finds all its parts well")


async def _sms(provider: Way) -> Finding:
    part = f"sms {provider.name}"
    match provider:
        case OutboxSms():
            if os.access(provider.path.parent, os.W_OK):
                return warning(part, "messages go into a file", "for development only")
            return problem(
                part, f"{provider.path.parent} cannot be written to", "make it, or its owner"
            )
        case HttpSms():
            parts = urlsplit(provider.url)
            port = parts.port or _PORTS.get(parts.scheme, 443)
            tls = ssl.create_default_context() if parts.scheme == "https" else None
            return await _connects(part, parts.hostname or "", port, tls)
        case SmtpSms():
            tls = smtp_tls(provider) if provider.tls is SmtpTls.TLS else None
            return await _connects(part, provider.host, provider.port, tls)
        case SmppSms():
            tls = ssl.create_default_context() if provider.tls else None
            return await _connects(part, provider.host, provider.port, tls)


async def _connects(part: str, host: str, port: int, tls: ssl.SSLContext | None) -> Finding:
    """Connect to a provider and say nothing."""
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            _, writer = await asyncio.open_connection(host, port, ssl=tls)
    except (OSError, TimeoutError) as error:
        why = str(error) or "no answer in time"
        advice = "look at the url or host of its [[sms]], DNS, the firewall and its certificate"
        return problem(part, f"{host}:{port} cannot be connected to: {why}", advice)
    writer.transport.abort()
    return ok(part, f"{host}:{port} can be connected to; nothing was sent")
