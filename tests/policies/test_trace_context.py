"""policies/trace_context.py against the rules of W3C Trace Context."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.trace_context import (
    TraceParent,
    format_traceparent,
    parse_traceparent,
    parse_tracestate,
    well_formed,
)

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GOOD = f"00-{TRACE}-{SPAN}-01"

PARENTS = {
    GOOD: True,
    f"00-{TRACE}-{SPAN}-00": False,
    f"00-{TRACE}-{SPAN}-03": True,  # the random flag of level 2
    f"00-{TRACE}-{SPAN}-02": False,
    f"cc-{TRACE}-{SPAN}-01": True,
    f"cc-{TRACE}-{SPAN}-01-what-comes-later": True,
    f"cc-{TRACE}-{SPAN}-01.x": None,
    f"00-{TRACE}-{SPAN}-01-more": None,
    f"ff-{TRACE}-{SPAN}-01": None,
    f"00-{'0' * 32}-{SPAN}-01": None,
    f"00-{TRACE}-{'0' * 16}-01": None,
    f"00-{TRACE.upper()}-{SPAN}-01": None,
    f"00-{TRACE}-{SPAN}-1": None,
    f"00-{TRACE}-{SPAN}": None,
    f"00-{TRACE}-{SPAN}-01 ": None,
    f" 00-{TRACE}-{SPAN}-01": None,
    f"00-{TRACE}-{SPAN}-01\n": None,
    f"00{TRACE}{SPAN}01": None,
    f"{GOOD},{GOOD}": None,
    f"00-{TRACE[1:]}g-{SPAN}-01": None,
    "": None,
}


@pytest.mark.parametrize(("value", "sampled"), PARENTS.items())
def test_a_parent_is_to_the_letter_or_none(value, sampled):
    expected = None if sampled is None else TraceParent(TRACE, SPAN, sampled)
    assert parse_traceparent(value.encode()) == expected


@given(st.binary(max_size=80))
def test_nothing_else_is_one(value):
    known = parse_traceparent(value)
    if known is not None:
        assert value[3:35].decode() == known.trace_id


@given(st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1), st.booleans())
def test_what_is_written_is_read(trace, span, sampled):
    written = format_traceparent(f"{trace:032x}", f"{span:016x}", sampled=sampled)
    assert parse_traceparent(written) == TraceParent(f"{trace:032x}", f"{span:016x}", sampled)


@pytest.mark.parametrize(
    ("lines", "state"),
    [
        ([], ""),
        (["a=1"], "a=1"),
        (["a=1,b=2"], "a=1,b=2"),
        (["a=1", "b=2"], "a=1,b=2"),
        (["a=1 ,\tb=2, ,"], "a=1,b=2"),
        (["tenant@vendor=x y~!"], "tenant@vendor=x y~!"),
        (["a=1,a=2"], ""),
        (["A=1"], ""),
        (["a"], ""),
        (["a="], ""),
        (["a=b=c"], ""),
        (["a=\x80"], ""),
        (["a=å"], ""),
        (["a=" + "x" * 256], "a=" + "x" * 256),
        (["a=" + "x" * 257], ""),
        ([",".join(f"k{n}=1" for n in range(32))], ",".join(f"k{n}=1" for n in range(32))),
        ([",".join(f"k{n}=1" for n in range(33))], ""),
        ([" " * 5000 + "a=1"], ""),
    ],
)
def test_a_state_is_a_list_or_nothing(lines, state):
    assert parse_tracestate([line.encode("latin-1") for line in lines]) == state


def test_what_may_be_passed_on():
    parent, state, bad = (
        (b"TraceParent", GOOD.encode()),
        (b"Tracestate", b"a=1"),
        (b"tracestate", b"A"),
    )
    assert well_formed([state, parent]) == [parent, state]
    assert well_formed([parent, bad]) == [parent]
    assert well_formed([parent, state, bad]) == [parent]
    assert well_formed([state]) == []
    assert well_formed([parent, parent]) == []
    assert well_formed([(b"traceparent", b"x"), state]) == []
