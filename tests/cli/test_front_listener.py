"""gateway/cli/front_listener.py: whether the gateway answers around what is in front of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from gateway.cli.front_listener import look_at_listener
from tests.settings.samples import SMALL, read

pytestmark = pytest.mark.asyncio

OURS = b"HTTP/1.1 200 OK\r\nSet-Cookie: gateway-form=1\r\nContent-Length: 0\r\n\r\n"
OTHER = b"HTTP/1.1 404 Not Found\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n"


@contextlib.asynccontextmanager
async def listening(answer: bytes, heard: list[bytes]) -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            heard.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "localhost"])
@pytest.mark.parametrize(
    ("more", "before", "advice"),
    [
        ("", b"GET ", "without a PROXY header"),
        ('trusted_proxies = ["127.0.0.1"]\nproxy_protocol = true\n', b"PROXY UNKNOWN\r\nGET ", "wants"),
        ('trusted_proxies = ["10.0.0.1"]\nproxy_protocol = true\n', b"GET ", "after a PROXY header"),
    ],
)  # fmt: skip
async def test_it_is_called_as_it_wants_to_be(tmp_path, host, more, before, advice) -> None:
    heard: list[bytes] = []
    async with listening(OURS, heard) as port:
        text = f'{SMALL}[listen]\naddress = ["{host}:{port}"]\n{more}'
        found = await look_at_listener(read(tmp_path, text))
    assert (found.part, found.level, advice in found.advice) == ("listen", "warning", True)
    assert heard[0].startswith(before + b"/.gateway/logon HTTP/1.1\r\nHost: localhost:8080\r\n")


@pytest.mark.parametrize("answer", [OTHER, b"", b"SSH-2.0-x\r\n"], ids=["other", "none", "ssh"])
async def test_somebody_else_is_there_or_nobody(tmp_path, answer) -> None:
    async with listening(answer, []) as port:
        settings = read(tmp_path, f'{SMALL}[listen]\naddress = ["127.0.0.1:{port}"]\n')
        assert (await look_at_listener(settings)).level == "problem"
    found = await look_at_listener(settings)
    assert (found.level, "does not answer either" in found.found) == ("problem", True)
