"""The oracle: what reaches the portal is written down as it came, whatever becomes of it."""

from __future__ import annotations

import json

import pytest

from tests.upstream_stub.served import served
from upstream_stub import REQUEST_LOG, make_portal
from upstream_stub.portal import request_log

TARGETS = (
    "/",
    "/debug/echo/%2e%2E/%2f..;x?q=%C3%A5&q=a+b",
    "/debug/echo//a///b?",
    "/nothing/here",
    "/static/../etc/passwd",
    "/debug/status/500",
    "/debug/slow?seconds=no",
)


def request(target: str, *fields: str) -> bytes:
    lines = (f"GET {target} HTTP/1.1", "Host: x", *fields, "Connection: close", "", "")
    return "\r\n".join(lines).encode("latin-1")


@pytest.mark.asyncio
async def test_a_line_of_json_for_every_request_before_it_is_answered(tmp_path):
    file = tmp_path / "log.jsonl"
    async with served(make_portal(file)) as portal:
        for n, target in enumerate(TARGETS, 1):
            await portal.send(request(target))
            lines = [json.loads(line) for line in file.read_text().splitlines()]
            assert [line["target"] for line in lines] == list(TARGETS[:n])
        assert list(portal.app[REQUEST_LOG].since()) == [
            {**line, "headers": [tuple(pair) for pair in line["headers"]]} for line in lines
        ]
    assert [line["n"] for line in lines] == [1, 2, 3, 4, 5, 6, 7]
    assert {line["method"] for line in lines} == {"GET"}
    assert all(line["peer"].startswith("127.0.0.1:") for line in lines)


@pytest.mark.asyncio
async def test_fields_keep_order_spelling_and_repeats(portal):
    fields = ("x-remote-USER: a", "X_Remote_User: b", "X-Remote-User: \xe5", "X-Remote-User:")
    await portal.send(request("/", *fields))
    [entry] = portal.app[REQUEST_LOG].since()
    assert entry["headers"] == [
        ("Host", "x"),
        ("x-remote-USER", "a"),
        ("X_Remote_User", "b"),
        ("X-Remote-User", "\xe5"),
        ("X-Remote-User", ""),
        ("Connection", "close"),
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"GARBAGE\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nBad Name: y\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03",
    ],
    ids=["garbage", "bad name", "length and coding", "TLS"],
)
@pytest.mark.asyncio
async def test_what_is_no_request_is_written_down_too(portal, data):
    answer = await portal.send(data)
    assert answer.split(b"\r\n")[0].split()[1] == b"400"
    [entry] = portal.app[REQUEST_LOG].since()
    assert (entry["method"], entry["headers"]) == ("UNKNOWN", [])


@pytest.mark.asyncio
async def test_recent_requests_can_be_asked_for_and_are_bounded(portal, monkeypatch):
    for target in TARGETS:
        await portal.send(request(target))
    seen = await portal.json("/debug/log")
    assert [entry["target"] for entry in seen["entries"]] == [*TARGETS, "/debug/log"]
    assert seen["last"] == len(TARGETS) + 1
    seen = await portal.json(f"/debug/log?since={len(TARGETS)}")
    assert [entry["target"] for entry in seen["entries"]] == [
        "/debug/log",
        f"/debug/log?since={len(TARGETS)}",
    ]
    monkeypatch.setattr(request_log, "KEPT", 3)
    async with served(make_portal()) as small:
        for target in TARGETS:
            await small.send(request(target))
        log = small.app[REQUEST_LOG]
        assert (log.count, [entry["n"] for entry in log.since()]) == (7, [5, 6, 7])


def test_a_log_that_cannot_be_opened_is_an_error(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        make_portal(tmp_path / "nowhere" / "log.jsonl")
