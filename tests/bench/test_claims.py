"""Bounds, verdicts, and that an outcome survives its file."""

from __future__ import annotations

import json

import pytest

from bench.claims import Claim, Outcome, read
from bench.figures import Load, Round
from bench.peers import Peer
from bench.report import text


def test_the_median_counts():
    assert Claim("a", 2.0, (1.0, 1.9, 9.0)).within
    assert Claim("a", 2.0, (2.0,)).word == "within"
    assert Claim("a", 2.0, (1.0, 2.1, 2.2)).word == "over"


@pytest.fixture
def outcome():
    outcome = Outcome("load", "32 connections", notes=["no Pomerium here"])
    rounds = {
        Peer("nginx", 1, 1): [Round(Load(1000, 1.0, 900.0, 2000.0), 0.02, 2048)] * 3,
        Peer("ours", 2, 2): [Round(Load(900, 1.0, 1100.0, 3000.0), 0.036, 4096)] * 3,
    }
    outcome.tell(rounds)
    outcome.claim("GET / nginx", 1.5, [1.9, 2.0, 2.1])
    outcome.claim("idle", 4, [2.39], "KB")
    return outcome


def test_an_outcome_is_kept_and_read_as_it_was(outcome):
    assert read(json.loads(json.dumps(outcome.written()))) == outcome
    assert not outcome.within


def test_an_outcome_as_text(outcome):
    lines = text(outcome).splitlines()
    assert lines[0] == "32 connections"
    assert lines[3].split() == ["nginx", "20.0", "20.0", "…", "20.0", "1000", "0.90", "2.00", "2.0"]
    assert lines[-3] == "over    GET / nginx  2.00 x  (1.90 … 2.10), at most 1.50 x"
    assert lines[-2] == "within  idle         2.39 KB  (2.39 … 2.39), at most 4.00 KB"
    assert lines[-1] == "(no Pomerium here)"
