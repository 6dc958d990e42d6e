"""gateway/proxy/listener.py behind a proxy: the PROXY header is read to its last byte, no further."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from gateway.proxy.listener import Listener, bind
from gateway.settings.model import HostPort
from tests.proxy.house import House, get
from tests.proxy.raw_client import Client

pytestmark = pytest.mark.asyncio
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def v2(address: str, *, command: int = 0x21, family: int = 0x11, tlv: bytes = b"") -> bytes:
    rest = ipaddress.ip_address(address).packed * 2 + struct.pack("!HH", 1, 2) + tlv
    return SIGNATURE + bytes([command, family]) + struct.pack("!H", len(rest)) + rest


@contextlib.asynccontextmanager
async def behind_a_proxy(house: House, trusted: str = "127.0.0.1/32") -> AsyncIterator[int]:
    """Serve one more socket that expects PROXY headers of `trusted`; yield its port."""
    listen = replace(house.settings.listen, proxy_protocol=True, trusted_proxies=(trusted,))
    house.settings = replace(house.settings, listen=listen)
    house.configure()
    sockets = bind([HostPort("127.0.0.1", 0)])
    listener = Listener(house.door, sockets)
    await listener.start(None, proxied=True)
    yield sockets[0].getsockname()[1]
    listener.stop()
    await asyncio.sleep(0.01)
    sockets[0].close()


async def connected(house: House, port: int) -> Client:
    client = socket.socket()
    client.connect(("127.0.0.1", port))
    return await house.client_of(client)


HEADERS = {
    b"PROXY TCP4 203.0.113.9 10.0.0.1 1 2\r\n": b"X-Forwarded-For: 203.0.113.9\r\n",
    b"PROXY TCP6 2001:db8::9 ::1 1 2\r\n": b"X-Forwarded-For: 2001:db8::9\r\n",
    v2("203.0.113.9"): b"X-Forwarded-For: 203.0.113.9\r\n",
    v2("203.0.113.9", tlv=b"\x01\0\x02h2"): b"X-Forwarded-For: 203.0.113.9\r\n",
    v2("2001:db8::9", family=0x21): b"X-Forwarded-For: 2001:db8::9\r\n",
    # nobody named: unknown, and never the proxy's own place in the network
    b"PROXY UNKNOWN\r\n": b"",
    v2("203.0.113.9", command=0x20): b"",
    v2("203.0.113.9", family=0x12): b"",
}


@pytest.mark.parametrize("header", HEADERS, ids=repr)
@pytest.mark.parametrize("size", [1, 1000], ids=["byte by byte", "whole"])
async def test_the_client_is_who_the_header_names(house: House, header: bytes, size: int) -> None:
    async with behind_a_proxy(house) as port:
        client = await connected(house, port)
        raw = header + get() + get()
        for at in range(0, len(raw), size):
            client.send(raw[at : at + size])
            await asyncio.sleep(0)
        for _ in range(2):
            assert (await client.answer()).status == 200
        for head in house.origin.heads():
            forwarded = [
                line + b"\r\n" for line in head.split(b"\r\n") if b"forwarded-for" in line.lower()
            ]
            assert b"".join(forwarded) == HEADERS[header]


BAD = [
    get(),
    b"PROXY TCP4 nonsense\r\n" + get(),
    b"PROXY TCP4 203.0.113.9 10.0.0.1 1 2\n" + get(),
    b"PROXY " + b"x" * 200,
    SIGNATURE + b"\x11\x11\0\x0c" + bytes(12) + get(),
    SIGNATURE + b"\x21\x11\0\x02ab" + get(),
    SIGNATURE + b"\x21\x11\xff\xff" + get(),
]


@pytest.mark.parametrize("raw", BAD, ids=lambda raw: repr(raw[:30]))
async def test_a_header_that_is_missing_or_bad_is_400(house: House, raw: bytes) -> None:
    async with behind_a_proxy(house) as port:
        client = await connected(house, port)
        client.send(raw)
        assert (await client.rest())[:12] in {b"HTTP/1.1 400", b""}  # a reset may overtake it
        assert house.origin.visits == []


@pytest.mark.parametrize(
    "header",
    [
        b"PROXY TCP4 10.0.0.5 10.0.0.1 1 2\r\n",
        b"PROXY UNKNOWN\r\n",
        b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + bytes(12),
    ],
    ids=["v1", "unknown", "v2"],
)
async def test_what_does_not_fit_is_noted_for_the_log(house: House, header: bytes) -> None:
    """Which side of [listen] proxy_protocol is wrong, and whose connection it was."""
    client = await house.client()
    assert (await client.ask(header + get())).status == 400
    notes = house.door._notes
    assert [*notes] == ["400 a PROXY header, and none is expected ([listen] proxy_protocol)"]
    async with behind_a_proxy(house) as port:
        client = await connected(house, port)
        client.send(get())
        await client.rest()
        notes = house.door._notes  # the door was made anew
        assert [*notes] == ["400 PROXY header missing, from 127.0.0.1"]


async def test_others_may_not_send_one(house: House) -> None:
    async with behind_a_proxy(house, "127.0.0.2/32") as port:
        client = await connected(house, port)
        answer = await client.ask(b"PROXY TCP4 10.0.0.5 10.0.0.1 1 2\r\n" + get())
        assert answer.status == 400
        plain = await connected(house, port)
        assert (await plain.ask(get())).status == 200
        assert b"X-Forwarded-For: 127.0.0.1\r\n" in house.origin.heads()[0]
