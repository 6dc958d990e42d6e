"""The arithmetic of the bench; timings themselves are never asserted."""

from __future__ import annotations

import pytest

from bench.measure import Load, Round, parse_stat, parse_wrk, ratios, summarise

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


def test_a_stat_line_with_a_hostile_name_is_read():
    fields = ["S", "7", *["0"] * 9, "120", "30", *["0"] * 30]
    assert parse_stat("12 (a) b) " + " ".join(fields)) == (7, 150)


def round_of(cost_us: float, bad: int = 0) -> Round:
    return Round(Load(1000, 1.0, 100.0, 200.0, bad), cost_us / 1000)


def test_medians_and_ratios_are_by_round():
    ours = [round_of(40), round_of(60), round_of(50)]
    theirs = [round_of(20), round_of(20), round_of(25)]
    assert ratios(ours, theirs) == pytest.approx([2.0, 3.0, 2.0])
    summary = summarise("ours", ours)
    assert summary.us_per_request == pytest.approx(50)
    assert summary.spread_us == pytest.approx((40, 60))


def test_a_run_with_bad_answers_has_no_figures():
    with pytest.raises(ValueError, match="3 answers"):
        summarise("ours", [round_of(40, bad=3)])
