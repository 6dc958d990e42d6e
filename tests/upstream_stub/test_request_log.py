"""The request log: every request, as received, on disk before it is answered."""

from __future__ import annotations

import json

import pytest
from aiohttp.test_utils import make_mocked_request

from tests.upstream_stub.test_debug import exchange
from upstream_stub import REQUEST_LOG
from upstream_stub.portal import request_log

pytestmark = pytest.mark.asyncio


def written(file) -> list[dict]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


async def test_each_request_is_written_whatever_comes_of_it(portal, log_file):
    for target in (
        "/",
        "/nowhere",
        "/debug/status/500",
        "/static/portal.css",
        "/debug/slow?seconds=x",
    ):
        await portal.get(target)
        assert written(log_file)[-1]["target"] == target
    await portal.request("PURGE", "/%7Ekaffe?a=%zz", headers={"x-A": "1"})
    entries = written(log_file)
    assert [entry["n"] for entry in entries] == [1, 2, 3, 4, 5, 6]
    last = entries[-1]
    assert (last["method"], last["target"]) == ("PURGE", "/%7Ekaffe?a=%zz")
    assert ["x-A", "1"] in last["headers"]
    kept = list(portal.app[REQUEST_LOG].since(0))
    assert json.loads(json.dumps(kept)) == entries


async def test_fields_are_the_bytes_of_the_wire(portal, log_file):
    head = b"GET / HTTP/1.1\r\nHost: a\r\nX-Name: \xc3\x85 \xff\r\nx-name: b\r\nConnection: close\r\n\r\n"
    assert b" 200 " in await exchange(portal.port, head)
    pairs = written(log_file)[0]["headers"]
    assert [value for name, value in pairs if name.lower() == "x-name"] == ["\xc3\x85 \xff", "b"]


@pytest.mark.parametrize(
    "data",
    [
        b"what is this\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nA B: c\r\n\r\n",
        b"\x16\x03\x01\x02\r\n\r\n",
    ],
    ids=["words", "bad field", "TLS"],
)
async def test_what_is_no_request_is_written_too(portal, log_file, data):
    assert b" 400 " in await exchange(portal.port, data)
    [entry] = written(log_file)
    assert entry["method"] == "UNKNOWN"


async def test_memory_keeps_the_last_ones_and_the_count(monkeypatch):
    monkeypatch.setattr(request_log, "KEPT", 2)
    log = request_log.RequestLog()
    for _ in range(3):
        log.add(make_mocked_request("GET", "/"))
    assert log.count == 3
    assert [entry["n"] for entry in log.since(0)] == [2, 3]
    assert [entry["n"] for entry in log.since(2)] == [3]
