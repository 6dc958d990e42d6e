"""`portvakt probe`: whether an upstream believes whoever reaches it around the gateway."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from dataclasses import dataclass
from typing import Final

import click
import httptools

from gateway.auth.assertion import LIFETIME_S, Assertions
from gateway.auth.key_ring import BadKeys, KeyRing, new_ring
from gateway.auth.live import LiveSession
from gateway.auth.model import SessionRecord
from gateway.auth.sealing import Sealer
from gateway.checking import read_checked
from gateway.cli.configuration import read_config
from gateway.cli.findings import Finding, ok, problem, tell, warning
from gateway.cli.forgeries import (
    Forgery,
    Seen,
    assertion_forgeries,
    identity_forgeries,
    is_believed,
    request_bytes,
)
from gateway.operate.key_file import KeyFile
from gateway.proxy.upstream_tls import upstream_tls
from gateway.settings.model import Settings, Upstream, UpstreamUrl
from gateway.system import SystemClock, SystemEntropy

_TIMEOUT_S: Final = 10.0
_MOST: Final = 1024 * 1024
_ADVICE: Final = (
    "let it listen on loopback or a unix socket only, or let the firewall admit nobody but the "
    "gateway, or verify X-Gateway-Assertion (docs/verify-assertion.md)"
)


@dataclass(frozen=True, slots=True)
class _Signers:
    """Keys of nobody, and ours when they can be read."""

    foreign: KeyRing
    own: KeyRing | None


@click.command()
@click.option("--path", default="/", show_default=True, help="What to ask for.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.pass_context
def probe(ctx: click.Context, *, path: str, as_json: bool) -> None:
    """Call each upstream directly with forged identity, and say whether it believes it.

    Some ten GETs for each address, one after the other, under a random name that nobody has. Exit
    status 1 when one of them is believed.
    """
    if not path.startswith("/") or any(sign <= " " or sign > "~" for sign in path):
        raise click.BadParameter(
            "write a path as it stands in a request, as /hr/", param_hint="--path"
        )
    settings = read_config(ctx.obj["config"], read_checked)
    tell(ctx, asyncio.run(_all(settings, path)), as_json=as_json)


async def _all(settings: Settings, path: str) -> list[Finding]:
    signers = _Signers(new_ring(SystemClock().now()), _own_keys(settings))
    found: list[Finding] = []
    for upstream in settings.upstreams:
        for url in upstream.urls:
            found += await _address(settings, upstream, url, path, signers)
    return found


def _own_keys(settings: Settings) -> KeyRing | None:
    key = settings.secret_key.reveal()
    if not key:
        return None
    try:
        sealer = Sealer(key.encode(), SystemEntropy())
        return KeyFile(settings.state_dir, sealer, SystemClock()).read()
    except (BadKeys, OSError, ValueError):
        return None


async def _address(
    settings: Settings, upstream: Upstream, url: UpstreamUrl, path: str, signers: _Signers
) -> list[Finding]:
    """Return what one address of an upstream believes."""
    part = f"{upstream.name} {_place(url)}"
    marker = "portvakt" + SystemEntropy().token(8).hex()
    call = _Call(settings, upstream, url, path, marker)
    try:
        baseline, again = await call.send(()), await call.send(())
        forgeries = [
            *identity_forgeries(upstream, marker),
            *_with_assertions(settings, upstream, marker, signers),
        ]
        answers = [(one, await call.send(one.fields)) for one in forgeries]
    except (OSError, TimeoutError, httptools.HttpParserError) as error:
        why = str(error) or "no proper answer in time"
        return [warning(part, f"cannot be asked: {why}", "is it running, and reached from here?")]
    steady = baseline if baseline.length == again.length else None
    return [_told(part, one, baseline, answer, steady) for one, answer in answers] or [
        ok(part, "is told no identity")
    ]


def _told(
    part: str, forgery: Forgery, baseline: Seen, answer: Seen, steady: Seen | None
) -> Finding:
    # Where equal requests get answers of different length, length tells nothing.
    shown = answer if steady is not None else Seen(answer.status, baseline.length, answer.shows)
    why = is_believed(baseline, shown)
    if why:
        return problem(part, f"believes {forgery.name}: {why}", _ADVICE)
    return ok(part, f"does not believe {forgery.name} (status {answer.status})")


def _with_assertions(
    settings: Settings, upstream: Upstream, marker: str, signers: _Signers
) -> list[Forgery]:
    if not upstream.assertion:
        return []
    now = SystemClock().now()
    issuer = settings.public_url.origin
    who = SessionRecord(marker, marker, "", (), ("pwd",), "internet", now)
    live = LiveSession(b"", "0" * 64, who, now)

    def signed(ring: KeyRing, at: float) -> str:
        signer = Assertions(ring, SystemEntropy())
        return signer.sign(live, issuer, upstream.name, "internet", at).decode()

    expired = "" if signers.own is None else signed(signers.own, now - 60 * LIFETIME_S)
    foreign = signed(signers.foreign, now)
    return assertion_forgeries(upstream, marker, foreign=foreign, expired=expired)


@dataclass(frozen=True, slots=True)
class _Call:
    """One path of one address. Redirects are not followed, bodies not kept."""

    settings: Settings
    upstream: Upstream
    url: UpstreamUrl
    path: str
    marker: str

    async def send(self, fields: tuple[tuple[str, str], ...]) -> Seen:
        """Return the answer to a GET. Raises OSError, TimeoutError, HttpParserError."""
        async with asyncio.timeout(_TIMEOUT_S):
            reader, writer = await self._connect()
            try:
                writer.write(request_bytes(self._host(), self.path, fields))
                raw = bytearray()
                with contextlib.suppress(ConnectionResetError):
                    while len(raw) < _MOST and (piece := await reader.read(65536)):
                        raw += piece
            finally:
                writer.transport.abort()
        answer = _Answer()
        parser = httptools.HttpResponseParser(answer)
        parser.feed_data(bytes(raw))
        shows = self.marker.encode() in bytes(raw)
        return Seen(parser.get_status_code(), answer.length, shows)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.url.scheme == "unix":
            return await asyncio.open_unix_connection(self.url.path)
        tls: ssl.SSLContext | None = None
        if self.url.scheme == "https":
            tls = upstream_tls(self.upstream)
        return await asyncio.open_connection(self.url.host, self.url.port, ssl=tls)

    def _host(self) -> str:
        if self.upstream.host == "upstream" and self.url.scheme != "unix":
            return f"{self.url.host}:{self.url.port}"
        return self.settings.public_url.origin.partition("://")[2]


class _Answer:
    """Counts the bytes of a body."""

    def __init__(self) -> None:
        self.length = 0

    def on_body(self, piece: bytes) -> None:
        """Count; see httptools."""
        self.length += len(piece)


def _place(url: UpstreamUrl) -> str:
    return url.path if url.scheme == "unix" else f"{url.scheme}://{url.host}:{url.port}"
