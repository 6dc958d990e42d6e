"""What every command refuses before it reads anything: an interpreter that weakens its parts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("options", "variables", "said"),
    [
        (["-O"], {}, "python -O"),
        (["-OO"], {}, "python -O"),
        ([], {"PYTHONOPTIMIZE": "1"}, "python -O"),
        ([], {"AIOHTTP_NO_EXTENSIONS": "1"}, "AIOHTTP_NO_EXTENSIONS"),
    ],
)
def test_refused(options: list[str], variables: dict[str, str], said: str) -> None:
    done = subprocess.run(
        [sys.executable, *options, "-m", "gateway", "check", "--config", "/nowhere/gateway.toml"],
        env=os.environ | variables,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
