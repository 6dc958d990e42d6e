"""HEAD: the head of a download, and none of a stream; a body would spoil the connection."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.asyncio


def head(target: str, end: str = "") -> bytes:
    return f"HEAD {target} HTTP/1.1\r\nHost: x\r\n{end}\r\n".encode()


async def test_two_heads_of_a_download_on_one_connection_are_two_heads(portal):
    target = "/debug/download?bytes=100000"
    answer = await portal.send(head(target) + head(target, "Connection: close\r\n"))
    assert answer.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert answer.count(b"Content-Length: 100000\r\n") == 2
    assert answer.endswith(b"\r\n\r\n")
    assert len(answer) < 2000
    assert await portal.json("/debug/open") == {}


@pytest.mark.parametrize("kind", ["sse", "ws", "endless", "drip"])
async def test_a_stream_of_the_portal_has_no_head_of_its_own(portal, kind):
    async with portal.session.head(portal.url(f"/debug/{kind}")) as answer:
        assert answer.status == 405


async def test_the_events_of_the_phone_have_no_head_of_their_own(phone):
    async with phone.session.head(phone.url("/events")) as answer:
        assert answer.status == 405
