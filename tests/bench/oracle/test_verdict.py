"""The verdict of the oracle on times whose answer is known; the U test is stood in for."""

from __future__ import annotations

import argparse
import json

import pytest

from bench import results
from bench.oracle import distributions
from bench.oracle.people import KINDS, MADE_UP, WITH_NUMBER
from bench.oracle.verdict import NOTHING, Verdict, tell


def by_medians(one, other):
    """Call any two sets different whose means differ by more than a tenth."""
    a, b = sum(one) / len(one), sum(other) / len(other)
    return (1.0, 1e-9) if a > b * 1.1 else (0.0, 1e-9) if b > a * 1.1 else (0.5, 1.0)


@pytest.fixture(autouse=True)
def place(monkeypatch, tmp_path):
    monkeypatch.setattr(distributions, "mann_whitney", by_medians)
    monkeypatch.setattr(results, "RESULTS", tmp_path / "results")
    return tmp_path / "results" / "oracle.json"


def times(**step: list[float]) -> dict[str, dict[str, list[float]]]:
    alike = {kind: [10.0] * 8 for kind in KINDS} | {NOTHING: [1.0] * 8}
    return {"logon": alike, "reset": alike | step}


def test_nothing_told_apart(place, capsys):
    assert tell(times(), argparse.Namespace(tries=8)) == 0
    said = capsys.readouterr().out
    assert "cannot be told apart" in said
    assert "<-" not in said
    kept = json.loads(place.read_text())
    assert (kept["verdict"], len(kept["pairs"])) == ("cannot be told apart", 12)
    assert kept["medians_s"]["reset"][MADE_UP] == 10


def test_one_kind_told_apart_in_one_step(place, capsys):
    slow = times(**{WITH_NUMBER: [13.0] * 8})
    assert tell(slow, argparse.Namespace(tries=8)) == 1
    assert capsys.readouterr().out.count("<- told apart") == 3
    assert json.loads(place.read_text())["verdict"] == "can be told apart"


@pytest.mark.parametrize(
    "wrong",
    [{NOTHING: [10.0] * 8}, {MADE_UP: [10.0, 30.0] * 4}],
    ids=["sees nothing", "sees ghosts"],
)
def test_an_instrument_that_fails_its_controls_says_nothing(wrong, capsys):
    verdict = Verdict.of(times(**wrong))
    assert (verdict.words, verdict.status) == ("void", 2)
    assert tell(times(**wrong), argparse.Namespace(tries=8)) == 2
    assert "a control failed: reset" in capsys.readouterr().out
