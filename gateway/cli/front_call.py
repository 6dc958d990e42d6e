"""Calls of public_url byte for byte: forged fields, bodies that do not come, answers in pieces.

What a client library would tidy up is what these are about.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

import httptools

from gateway.settings.model import HostPort, PublicUrl

UPLOAD: Final = 10 * 1024 * 1024
"""Bytes of the upload that is announced."""

_TIMEOUT_S: Final = 10.0
_PATIENCE_S: Final = 3.0
_SENT: Final = 384 * 1024  # servers written in Go answer when they have read past 256 KiB
_BLOCK: Final = 16 * 1024
_MOST: Final = 256 * 1024
SCRIPT: Final = (("Accept", "application/json"), ("Sec-Fetch-Mode", "cors"))


@dataclass(frozen=True, slots=True)
class Reached:
    """How public_url is reached: with which TLS (None: without), from which address of ours.

    `at` is another place than its own. `header` says whether a PROXY header comes first, given our
    end of the connection.
    """

    url: PublicUrl
    context: ssl.SSLContext | None
    source: str | None = None
    at: HostPort | None = None
    header: Callable[[str], bool] = lambda _: False


@dataclass(slots=True)
class Reply:
    """An answer as far as it came; status 0 while none did. `own`: our end of the connection."""

    own: str
    status: int = 0
    fields: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    is_whole: bool = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a field, its name in lower case; see httptools."""
        self.fields.append((name.decode("latin-1").lower(), value.decode("latin-1")))

    def on_body(self, piece: bytes) -> None:
        """Keep a piece of the body; see httptools."""
        self.body += piece[: _MOST - len(self.body)]

    def on_message_complete(self) -> None:
        """Take note of the end; see httptools."""
        self.is_whole = True

    def values(self, name: str) -> list[str]:
        """Return the values of a field, which is named in lower case."""
        return [value for known, value in self.fields if known == name]

    @property
    def reference(self) -> str:
        """Return the reference of a problem+json, "" without one."""
        try:
            told = json.loads(self.body)
        except ValueError:
            return ""
        return str(told.get("reference", "")) if isinstance(told, dict) else ""


async def ask(
    way: Reached, method: str, target: str, fields: Iterable[tuple[str, str]], body: bytes = b""
) -> Reply:
    """Return the answer, whole or as much as is kept.

    Raises OSError, TimeoutError, HttpParserError.
    """
    length = [("Content-Length", str(len(body)))] if body else []
    async with asyncio.timeout(_TIMEOUT_S), _connected(way) as talk:
        talk.writer.write(_head(way, method, target, [*fields, *length]) + body)
        while await talk.hear():
            pass
        return talk.reply


async def announce_upload(way: Reached, target: str) -> Reply:
    """Announce an upload and send a little of it: whoever waits for the rest gives no answer.

    Raises OSError, TimeoutError, HttpParserError.
    """
    fields = [*SCRIPT, ("Content-Length", str(UPLOAD))]
    async with asyncio.timeout(_TIMEOUT_S), _connected(way) as talk:
        talk.writer.write(_head(way, "POST", target, fields))
        for patience_s in (*(_SENT // _BLOCK) * [0.02], _PATIENCE_S):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience_s):
                    if not await talk.hear() or talk.reply.status:
                        break
            if patience_s < _PATIENCE_S:
                talk.writer.write(bytes(_BLOCK))
        return talk.reply


async def first_piece(way: Reached, target: str) -> Reply:
    """Return the answer as far as it has come with the first piece of its body.

    Raises OSError, TimeoutError, HttpParserError.
    """
    async with asyncio.timeout(_TIMEOUT_S), _connected(way) as talk:
        talk.writer.write(_head(way, "GET", target, SCRIPT))
        while await talk.hear() and not talk.reply.body:
            pass
        return talk.reply


class _Talk:
    """One connection, on which one request is answered."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.reply = Reply(str(writer.get_extra_info("sockname")[0]))
        self._parser = httptools.HttpResponseParser(self.reply)

    async def hear(self) -> bool:
        """Take what comes next of the answer; False when no more comes."""
        data = b"" if self.reply.is_whole else await self.reader.read(_BLOCK)
        if data:
            with contextlib.suppress(httptools.HttpParserUpgrade):
                self._parser.feed_data(data)
            self.reply.status = self._parser.get_status_code()
        return bool(data)


@contextlib.asynccontextmanager
async def _connected(way: Reached) -> AsyncIterator[_Talk]:
    url, at = way.url, way.at
    host, port = (url.host.strip("[]"), url.port) if at is None else (at.host, at.port)
    local = None if way.source is None else (way.source, 0)
    reader, writer = await asyncio.open_connection(host, port, local_addr=local)
    try:
        if way.header(str(writer.get_extra_info("sockname")[0])):
            writer.write(b"PROXY UNKNOWN\r\n")
        if way.context is not None:
            await writer.start_tls(way.context, server_hostname=url.host.strip("[]"))
        yield _Talk(reader, writer)
    finally:
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def _head(way: Reached, method: str, target: str, fields: Iterable[tuple[str, str]]) -> bytes:
    told = [("Host", way.url.origin.partition("://")[2]), *fields]
    if not any(name == "Connection" for name, _ in told):
        told.append(("Connection", "close"))
    lines = [f"{name}: {value}" for name, value in told]
    return "\r\n".join([f"{method} {target} HTTP/1.1", *lines, "", ""]).encode("latin-1")
