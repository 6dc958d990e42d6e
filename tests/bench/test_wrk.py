"""What wrk prints, and what it is told."""

from __future__ import annotations

import pytest

from bench.figures import Load
from bench.peers import Peer
from bench.wrk import head, in_turn, parse_wrk

OUTPUT = """Running 3s test @ http://127.0.0.1:1/
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.12ms    0.50ms  10.00ms   90.00%
    Req/Sec    29.00k     1.00k   31.00k    70.00%
  Latency Distribution
     50%    1.05ms
     75%    1.30ms
     90%    1.80ms
     99%  950.00us
  86400 requests in 3.00s, 100.00MB read
{more}Requests/sec:  28800.00
"""


def test_the_output_of_wrk_is_read():
    load = parse_wrk(OUTPUT.format(more=""))
    assert load == Load(requests=86400, seconds=3.0, p50_us=1050.0, p99_us=950.0, bad=0)


def test_bad_answers_and_broken_connections_are_counted():
    more = (
        "  Socket errors: connect 0, read 2, write 1, timeout 3\n  Non-2xx or 3xx responses: 10\n"
    )
    assert parse_wrk(OUTPUT.format(more=more)).bad == 16


def test_other_text_is_refused():
    with pytest.raises(ValueError, match="wrk"):
        parse_wrk("unable to connect to 127.0.0.1:1 Connection refused")


def test_requests_in_turn_are_written_as_they_are_sent(tmp_path):
    peer = Peer("one", 1, 1, headers=("Host: a", "Cookie: b=c"))
    script = in_turn(tmp_path / "heads", [head(peer, "/1"), head(peer, "/2", ("X: y",))])
    assert str(tmp_path / "heads") in script.read_text()
    assert (tmp_path / "heads").read_bytes().split(b"\x01") == [
        b"GET /1 HTTP/1.1\r\nHost: a\r\nCookie: b=c\r\n\r\n",
        b"GET /2 HTTP/1.1\r\nHost: a\r\nCookie: b=c\r\nX: y\r\n\r\n",
    ]
