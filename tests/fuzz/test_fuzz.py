"""The targets of `tests/fuzz`, short: every seed once, then a number of mutated ones with coverage."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.targets import ROOT, TARGETS, Target

RUNS = 1500


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds(name: str) -> None:
    target: Target = TARGETS[name]
    seeds = list(target.seeds())
    assert seeds
    for seed in seeds:
        target.check(seed)
        target.check(seed[: len(seed) // 2])


@pytest.mark.slow
def test_mutated_seeds_guided_by_coverage(tmp_path: Path) -> None:
    """A number of inputs, not a time: the same ones on a machine that is busy."""
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris has wheels for Linux on x86-64 only")
    command = [sys.executable, "-m", "tests.fuzz", "--runs", str(RUNS), "--keep", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("nothing found\n")
