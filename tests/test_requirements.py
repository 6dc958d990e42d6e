"""A missing part: a skip by name and a last line that helps; with CI=true a failure."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import requirements

ROOT = Path(__file__).resolve().parents[1]
HOOKS = """
from tests.requirements import (
    pytest_make_collect_report, pytest_runtest_makereport, pytest_unconfigure,
)
"""
MODULES = {
    "missing": "def test_it():\n    program('nginx')\n",
    "again": "def test_it():\n    program('nginx')\n    assert False\n",
    "fixture": "@pytest.fixture\ndef part():\n    program('slapd')\ndef test_it(part):\n    pass\n",
    "reason": "def test_it():\n    pytest.skip('not on Tuesdays')\n",
    "module": "pytest.skip('no module', allow_module_level=True)\n",
    "expected": "@pytest.mark.xfail\ndef test_it():\n    assert False\n",
    "passes": "def test_it():\n    pass\n",
}
"""One test a module: five are skipped, one fails as expected, one passes."""
START = (
    "import pytest\nimport tests.requirements as r\nr._PLACES = '/nowhere'\nprogram = r.program\n"
)
MISSING = "Missing: nginx, slapd. On Debian or Ubuntu: apt install nginx slapd"


def run(directory: Path, ci: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the modules where no program is found."""
    (directory / "conftest.py").write_text(HOOKS)
    for name, text in MODULES.items():
        (directory / f"test_{name}.py").write_text(START + text)
    command = [sys.executable, "-m", "pytest", "-q", "-ra", "-p", "no:cacheprovider", *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": "", "CI": ci}
    environment.pop("PYTEST_ADDOPTS", None)
    command += ["--continue-on-collection-errors", "--rootdir", str(directory), str(directory)]
    return subprocess.run(
        command, check=False, cwd=directory, env=environment, capture_output=True, text=True
    )


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["alone", "xdist"])
def test_a_skip_passes_at_home_and_the_last_line_helps(tmp_path, options):
    done = run(tmp_path, "", *options)
    assert done.returncode == 0, done.stdout
    assert "1 passed, 5 skipped, 1 xfailed" in done.stdout
    assert done.stdout.splitlines()[-1].endswith(MISSING)


@pytest.mark.slow
def test_a_skip_is_a_failure_in_ci(tmp_path):
    done = run(tmp_path, "true")
    assert done.returncode == 1
    assert "3 failed, 1 passed, 1 xfailed, 2 errors" in done.stdout
    assert "With CI=true a skip is a failure. Skipped: not on Tuesdays" in done.stdout
    for reason in ("needs nginx (apt install nginx)", "not on Tuesdays", "no module"):
        assert reason in done.stdout


def test_a_part_that_is_there_is_found(tmp_path, monkeypatch):
    there = tmp_path / "nginx"
    there.write_text("#!/bin/sh\n")
    there.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert requirements.program("nginx") == str(there)


def test_a_missing_part_is_named(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(requirements, "_PLACES", "/nowhere")
    with pytest.raises(pytest.skip.Exception, match=r"needs chromium \(apt install chromium\)"):
        requirements.program("chromium")
