"""gateway/cli/demo_people.py: the demo's password never opens a gateway that `run` starts."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.cli.demo_people import PASSWORD, PEOPLE, make_people, opened_by_demo_password
from gateway.settings.parse import read_settings
from tests.system.gateway import ROOT, free_port, write_config


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(
        tmp_path, portal="http://127.0.0.1:1", phone="http://127.0.0.1:1", port=free_port(),
        admin=free_port(),
    )  # fmt: skip


def portvakt(config: Path, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gateway", *words, "--config", str(config)]
    return subprocess.run(
        command, cwd=ROOT, input=stdin, text=True, capture_output=True, check=False, timeout=60
    )


def test_run_refuses_until_the_demo_password_opens_nothing(config: Path) -> None:
    settings = read_settings(config, os.environ)
    settings.state_dir.mkdir(mode=0o700)
    assert asyncio.run(opened_by_demo_password(settings)) == []
    asyncio.run(make_people(settings))
    assert asyncio.run(opened_by_demo_password(settings)) == [p.user for p in PEOPLE]
    refused = portvakt(config, "run")
    assert refused.returncode == 1
    assert "demo's public password still opens anna, bo, siv" in refused.stderr
    assert portvakt(config, "user", "remove", "anna", "--yes").returncode == 0
    assert portvakt(config, "user", "disable", "bo").returncode == 0
    new = portvakt(config, "user", "set-password", "siv", "--password-stdin", stdin="Kx9vQm2pTz\n")
    assert new.returncode == 0, new.stderr
    assert asyncio.run(opened_by_demo_password(settings)) == []


def test_making_them_again_changes_nothing(config: Path) -> None:
    settings = read_settings(config, os.environ)
    settings.state_dir.mkdir(mode=0o700)
    asyncio.run(make_people(settings))
    other = portvakt(config, "user", "set-password", "bo", "--password-stdin", stdin="Kx9vQm2pTz\n")
    assert other.returncode == 0, other.stderr
    asyncio.run(make_people(settings))
    assert "bo" not in asyncio.run(opened_by_demo_password(settings))
    assert PASSWORD not in portvakt(config, "user", "list", "--json").stdout
